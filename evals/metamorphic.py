"""Changes that must not change a verdict: `python -m evals.metamorphic CASES.jsonl [OUT.jsonl]`.

Each case gets one harmless line more (an INFO line with a tempting word, at the start, in the middle
and at the end), other ids, paths and dates, and the other shell (Airflow 2 text against Airflow 3
JSON lines, and back). Prints the share of verdicts (cause, detail and retry advice) that changed.
Reads `id` and `text` of the rows only; no truth is needed.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from dagnosis import Diagnosis, explain_text
from evals.reshell import is_json, is_text, to_json, to_text

HARMLESS = {
    "timeout=30": "Requesting page 3 of 7 (timeout=30, retries=5)",
    "0 errors": "Validation finished: 0 errors, 0 warnings, 1204 rows",
    "403 rows": "Loaded 403 rows in 1.2 s",
    "upstream": "Upstream sensor finished, continuing",
    "slack_default": "Using connection ID 'slack_default' for task execution.",
    "zoom_meetings": "Reading table zoom_meetings, last partition 2024-05-01",
}
REMOTE_HEADER = (
    "*** Found remote logs:\n"
    "***   * s3://acme-airflow-logs/dag_id=orders/run_id=scheduled__2024-05-01/attempt=1.log\n"
)
_RECORD = re.compile(r"^(\[\d{4}-\d\d-\d\d[T ][^\]]+\]) \{[\w./-]+:\d+\} ")


def verdict(answer: Diagnosis) -> tuple[str, str, str]:
    """What must stay: cause, detail, retry action."""
    return answer.cause, answer.detail, answer.retry.action


def shells(text: str, message: str) -> str:
    """`message` as an INFO line of the log's own format."""
    if is_json(text):
        stamp = re.search(r'"timestamp": ?"([^"]+)"', text)
        return json.dumps(
            {
                "timestamp": stamp.group(1) if stamp else "2024-05-01T00:00:00.000000Z",
                "level": "info",
                "event": message,
                "logger": "etl.pipeline",
                "filename": "pipeline.py",
                "lineno": 12,
            }
        )
    stamp = _RECORD.match(text.lstrip())
    return f"{stamp.group(1)} {{pipeline.py:12}} INFO - {message}" if stamp else message


def places(lines: list[str], text: str) -> list[int]:
    """Where a line of its own may stand: before records, not inside a traceback."""
    if is_json(text):
        starts = list(range(1, len(lines)))
    elif is_text(text):
        starts = [i for i, line in enumerate(lines) if _RECORD.match(line)][1:]
    else:
        return [0]
    if not starts:
        return [len(lines)]
    return sorted({starts[0], starts[len(starts) // 2], starts[-1]})


def variants(text: str) -> Iterator[tuple[str, str]]:
    """(name of the change, the log after it)."""
    lines = text.split("\n")
    for name, message in HARMLESS.items():
        for place in places(lines, text):
            changed = [*lines[:place], shells(text, message), *lines[place:]]
            yield f"line {name}", "\n".join(changed)
    yield "remote header", REMOTE_HEADER + text
    yield "renamed", renamed(text)
    if is_text(text):
        yield "text to JSON", to_json(text)
        yield "text to JSON to text", to_text(to_json(text))
    if is_json(text):
        yield "JSON to text", to_text(text)
        yield "JSON to text to JSON", to_json(to_text(text))


def renamed(text: str) -> str:
    """Other dates, hosts, homes, ids of runs, addresses and numbers of processes."""
    text = re.sub(r"\b20[12]\d-(\d\d)-(\d\d)", r"2031-\1-\2", text)
    text = re.sub(r"(scheduled|manual|backfill)__", r"\1__renamed_", text)
    text = re.sub(r"(?<=[\s\"'(=])/(?:opt|home|usr/local)/airflow\b", "/srv/platform/airflow", text)
    text = re.sub(r"0x[0-9a-f]{6,}", "0x7f00deadbeef", text)
    text = re.sub(r"\bpid[= ](\d+)", "pid=99317", text)
    return re.sub(r"(Job \d+: Subtask|Subtask) (\w+)", r"\1 renamed_\2", text)


def main() -> None:
    """Compare the verdict on each variant with that on the case as it stands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    arguments = parser.parse_args()
    total: dict[str, int] = defaultdict(int)
    changed: dict[str, int] = defaultdict(int)
    rows = []
    for case in map(json.loads, arguments.cases.read_text("utf-8").splitlines()):
        before = verdict(explain_text(case["text"]))
        for name, text in variants(case["text"]):
            after = verdict(explain_text(text))
            total[name] += 1
            if after != before:
                changed[name] += 1
                rows.append({"id": case["id"], "change": name, "before": before, "after": after})
    for name, count in total.items():
        print(f"{name:24s} {changed[name]:4d} of {count:4d}")
    share = sum(changed.values()) / max(sum(total.values()), 1)
    print(f"{'all':24s} {sum(changed.values()):4d} of {sum(total.values()):4d}  share {share:.4f}")
    if arguments.out:
        arguments.out.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
