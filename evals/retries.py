"""Are retries decided rightly: `python -m evals.retries FOLDER OUT.jsonl [--confidence 0.8]`.

FOLDER is a corpus of the lab (`index.jsonl`, with the transience of each injected fault), or a folder
of samples with `index.csv`, of which the transience is not known: then only decisions are counted.
Airflow asks a policy only about tries that raised, so these are counted by themselves, too. Right is fail for
what is permanent and retry for what is transient; `harm` are fails of what is
transient. Beside it, in the same run, what one would do by hand: a list of exception types that are
retried, and everything else is not.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dagnosis.errors import UnreadableInput
from dagnosis.logs.reading import read_path, read_text
from dagnosis.services.explain import examine
from dagnosis.services.retry import Rules, decide, has_raised
from evals.peers import last_exception_line

RETRIED_BY_HAND = (
    "Timeout",
    "ConnectionError",
    "ConnectionReset",
    "ConnectionRefused",
    "429",
    "503",
)
"""What a `RetryRule` list in a style guide holds."""


def cases(folder: Path) -> Iterator[dict[str, Any]]:
    """The failed tries: file, fault, transience ("" where nobody labelled it)."""
    lab = folder / "index.jsonl"
    if lab.is_file():
        for row in map(json.loads, lab.read_text("utf-8").splitlines()):
            if row["family"] != "none":
                yield {key: row[key] for key in ("file", "fault", "family", "transience")}
        return
    with (folder / "index.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["suggested_category"] != "none":
                yield {"file": row["file"], "fault": row["injected_fault"], "transience": ""}


def judge(folder: Path, case: dict[str, Any], rules: Rules) -> dict[str, Any]:
    """The decision on one try, and whether it is right (None where nobody knows)."""
    path = folder / case["file"]
    try:
        log = read_path(path)
    except UnreadableInput:
        log = read_text("")
    examined = examine(log)
    made = decide(examined.answer, rules=rules)
    wanted = {"transient": "retry", "permanent": "fail"}.get(case["transience"])
    by_hand = last_exception_line("\n".join(log.lines))
    peer = "retry" if any(word in by_hand for word in RETRIED_BY_HAND) else "fail"
    return {
        **case,
        "asked": has_raised(examined.parsed),
        "action": made.action,
        "delay_seconds": made.delay_seconds,
        "detail": made.detail,
        "confidence": made.confidence,
        "reason": made.reason,
        "right": None if wanted is None else made.action == wanted,
        "harm": case["transience"] == "transient" and made.action == "fail",
        "peer_right": None if wanted is None else peer == wanted,
        "peer_harm": case["transience"] == "transient" and peer == "fail",
    }


def main() -> None:
    """Decide every try, write the decisions, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--confidence", type=float, default=Rules().confidence)
    parser.add_argument("--show-wrong", action="store_true")
    given = parser.parse_args()
    rules = Rules(confidence=given.confidence)
    rows = [judge(given.folder, case, rules) for case in cases(given.folder)]
    given.out.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    known = [row for row in rows if row["right"] is not None]
    table = Counter((row["transience"] or "not labelled", row["action"]) for row in rows)
    for (transience, action), count in sorted(table.items()):
        print(f"{transience:13}{action:8}{count:5}")
    if known:
        harmless = sum(
            row["right"] or (row["action"] == "default" and row["transience"] == "transient")
            for row in known
        )
        print(f"right          {_share(sum(row['right'] for row in known), len(known))}")
        print(
            f"right outcome  {_share(harmless, len(known))} (plain retries of what is transient count)"
        )
        asked = [row for row in known if row["asked"]]
        rights = sum(row["right"] for row in asked)
        print(
            f"right, asked   {_share(rights, len(asked))} (tries that raised: Airflow asks no policy about others)"
        )
        print(f"harm           {sum(row['harm'] for row in known)}")
        print(f"by hand        {_share(sum(row['peer_right'] for row in known), len(known))}, "
              f"harm {sum(row['peer_harm'] for row in known)} (peer)")  # fmt: skip
    if given.show_wrong:
        for row in known:
            if not row["right"]:
                print(f"\n{row['transience']} {row['fault']} ({row['file']})\n  {row['reason']}")


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})"


if __name__ == "__main__":
    main()
