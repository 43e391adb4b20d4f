"""Secrets that get through: `python -m evals.redaction SECRETS.jsonl HARMLESS.txt`.

SECRETS: rows `kind`, `text_b64`, `secrets_b64` (base64, so that scanners of code hosts stay quiet), as
in tests/logs/data. HARMLESS: one line each that must stay as it is. Beside us, in the same run, the
mask that Airflow has for names like "password" (key=value only).
"""

from __future__ import annotations

import argparse
import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

from dagnosis.logs.redaction import redact

_NAMES = re.compile(
    r"(?i)((?:access_token|api_key|apikey|authorization|passphrase|passwd|password|private_key|secret|token)"
    r"[\"']?\s*[=:]\s*)[\"']?[^\s\"',;]+"
)


def by_name(text: str) -> str:
    """The peer: what follows a name that Airflow's secrets masker holds for sensitive."""
    return _NAMES.sub(r"\1***", text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("secrets", type=Path)
    parser.add_argument("harmless", type=Path)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.secrets.read_text("utf-8").splitlines()]
    lines = arguments.harmless.read_text("utf-8").splitlines()
    maskers: dict[str, Callable[[str], str]] = {"dagnosis": redact, "names only (peer)": by_name}
    for name, mask in maskers.items():
        total = gone = 0
        for row in rows:
            shown = mask(base64.b64decode(row["text_b64"]).decode())
            for secret in row["secrets_b64"]:
                total += 1
                gone += base64.b64decode(secret).decode() not in shown
        changed = sum(mask(line) != line for line in lines)
        print(f"{name:18s} secrets gone {gone} of {total} ({gone / total:.1%}), ", end="")
        print(f"harmless lines changed {changed} of {len(lines)} ({changed / len(lines):.2%})")


if __name__ == "__main__":
    main()
