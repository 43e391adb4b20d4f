"""Bad batches of a daily table: `python -m evals.batches DIR OUT.csv`.

DIR holds history/<partition>.parquet, cases/*.parquet and cases.csv (case_id, date, path). A case dated
D is judged beside the history dated before D, with default settings; no truth is read. OUT has a row a
case: case_id, score (larger is stranger), alarm (0 or 1), column (the most blamed; `*`: the batch).
`--peer PEER.csv` writes the same of the z-score that one would use otherwise.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import msgspec

from dagnosis.data.batch import Judge
from dagnosis.data.memory import Memory
from dagnosis.data.profile import profile_rows, read
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.profile.values import Profile, Rows
from evals.answers import write
from evals.peers import SIGMAS, ThreeSigma, measured

HEAD = ("case_id", "score", "alarm", "column")


def _profiled(path: Path, partition: str, memory: Memory) -> tuple[Profile, Rows]:
    _, totals, rows = read(DuckDBEngine(path, threads=1))
    found = memory.measure(rows)
    profile = profile_rows(rows, totals, partition=partition)
    return msgspec.structs.replace(profile, counts=found.counts, gauges=found.gauges), rows


def main() -> None:
    """Judge and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    cases: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (arguments.folder / "cases.csv").open(newline="", encoding="utf-8") as file:
        for case in csv.DictReader(file):
            cases[case["date"]].append(case)
    history = {path.stem: path for path in (arguments.folder / "history").glob("*.parquet")}
    judge, memory, sigma = Judge(), Memory(), ThreeSigma()
    ours: list[tuple[object, ...]] = []
    theirs: list[tuple[object, ...]] = []
    for number, day in enumerate(sorted({*history, *cases})):
        for case in cases.get(day, ()):
            profile, _ = _profiled(arguments.folder / case["path"], day, memory)
            found = judge.score(profile)
            blamed = found.blamed[0].column if found.blamed else ""
            ours.append((case["case_id"], round(found.score, 6), int(found.alarm), blamed))
            z, column = sigma.score(measured(profile))
            theirs.append((case["case_id"], round(z, 6), int(z > SIGMAS), column))
        if day in history:
            profile, rows = _profiled(history[day], day, memory)
            judge.learn(profile)
            memory.learn(rows)
            sigma.learn(measured(profile))
        if number % 50 == 0:
            print(f"{day}: {number} days", flush=True)
    write(arguments.out, HEAD, ours)
    if arguments.peer:
        write(arguments.peer, HEAD, theirs)


if __name__ == "__main__":
    main()
