"""Faults injected into a real Airflow: `python -m evals.airflow_logs FOLDER OUT.jsonl`.

FOLDER holds the logs beside an index: the lab's `index.jsonl` or the
`index.csv` of a folder of samples, whose injected faults are mapped onto families by
`airflow_logs.tsv`. Prints how many lines that state the cause were quoted first, how many families
fit the fault, and for how many successful tries a failure was reported.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from dagnosis import explain, explain_text
from dagnosis.errors import UnreadableInput
from evals.peers import keyword_family, last_exception_line

MAPPING = Path(__file__).with_suffix(".tsv")


class Case(NamedTuple):
    """One try: its log, the families that fit (empty: no failure), the line that states it (0:
    none does) and a substring of it."""

    path: Path
    families: tuple[str, ...]
    line: int
    states: str


def read_mapping(path: Path = MAPPING) -> dict[str, tuple[str, ...]]:
    """injected_fault -> families that fit, the likeliest first."""
    rows = (line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
    pairs = (row.split("\t") for row in rows if row)
    return {fault.strip(): tuple(families.split()) for fault, families in pairs}


def cases(folder: Path) -> Iterator[Case]:
    """The tries of a folder. Raises KeyError for a fault that the mapping does not know."""
    lab = folder / "index.jsonl"
    if lab.is_file():
        for row in map(json.loads, lab.read_text("utf-8").splitlines()):
            none = row["family"] == "none"
            families = () if none else (row["family"], *row.get("accepted", ()))
            yield Case(
                folder / row["file"],
                families,
                row.get("evidence_line") or 0,
                row.get("states") or "",
            )
        return
    mapping = read_mapping()
    with (folder / "index.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            none = row["suggested_category"] == "none"
            families = () if none else mapping[row["injected_fault"].strip()]
            line = int(row["evidence_line"] or 0)
            yield Case(folder / row["file"], families, line, row["evidence"])


def judge(case: Case) -> dict[str, Any]:
    """The prediction on one try, and whether it is right."""
    try:
        answer = explain(case.path)
    except UnreadableInput:  # an empty log: said so, as a failure whose reason stands elsewhere
        answer = msgspec.structs.replace(explain_text(""), failed=True)
    quoted = [(line.line, line.text) for line in answer.evidence]

    def found(k: int) -> bool:
        return any(line == case.line or case.states in text for line, text in quoted[:k])

    return {
        "file": case.path.name,
        "failed": answer.failed,
        "cause": answer.cause,
        "detail": answer.detail,
        "confidence": answer.confidence,
        "families": case.families,
        "states": case.states,
        "quoted": quoted[0][1][:200] if quoted else "",
        "family_right": answer.cause in case.families,
        "line_right": found(1) if case.line else None,
        "line_in_3": found(3) if case.line else None,
        "alarm_right": answer.failed == bool(case.families),
    }


def main() -> None:
    """Diagnose every try, write the predictions, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--show-wrong", action="store_true")
    arguments = parser.parse_args()
    found = list(cases(arguments.folder))
    rows = [judge(case) for case in found]
    arguments.out.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    failures = [row for row in rows if row["families"]]
    stated = [row for row in failures if row["line_right"] is not None]
    successes = [row for row in rows if not row["families"]]
    peers = [
        (
            case.states in last_exception_line(text),
            keyword_family(text) in case.families,
            bool(case.line),
        )
        for case in found
        if case.families and (text := case.path.read_text("utf-8", "replace"))
    ]
    print(f"tries              {len(rows)}")
    print(f"line first         {sum(row['line_right'] for row in stated)} of {len(stated)}")
    print(f"line in first 3    {sum(row['line_in_3'] for row in stated)} of {len(stated)}")
    print(f"family fits        {sum(row['family_right'] for row in failures)} of {len(failures)}")
    print(f"failure reported   {sum(row['failed'] for row in failures)} of {len(failures)}")
    print(f"false alarms       {sum(row['failed'] for row in successes)} of {len(successes)}")
    lines = [right for right, _, stated_line in peers if stated_line]
    print(f"last exception line {sum(lines)} of {len(lines)} (peer: line first)")
    print(
        f"keywords           {sum(family for _, family, _ in peers)} of {len(peers)} (peer: family)"
    )
    if arguments.show_wrong:
        for row in rows:
            wrong = [
                key for key in ("family_right", "line_right", "alarm_right") if row[key] is False
            ]
            if wrong and (row["families"] or row["failed"]):
                print(
                    f"\n{row['file']} {wrong} {'/'.join(row['families'])} <- {row['detail']} "
                    f"({row['confidence']})\n  truth  {row['states'][:160]!r}\n"
                    f"  quoted {row['quoted'][:160]!r}"
                )


if __name__ == "__main__":
    main()
