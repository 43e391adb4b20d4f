"""Lines that state the failure: `python -m evals.evidence FILE.jsonl.gz OUT.jsonl`.

Reads `id` and `text` only; writes id and lines (1-based numbers, best first, ten). Prints hit@1, 5
and 10 and MRR where the rows hold `gold` (inclusive line ranges).
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

from dagnosis import explain_text

LINES = 10


def main() -> None:
    """Predict, write, and score where there is truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    opener = gzip.open if arguments.file.suffix == ".gz" else open
    hits: dict[int, list[bool]] = {1: [], 5: [], 10: []}
    ranks: list[float] = []
    with opener(arguments.file, "rt", encoding="utf-8") as rows, arguments.out.open("w") as out:
        for row in map(json.loads, rows):
            answer = explain_text(row["text"], evidence=LINES)
            lines = [line.line for line in answer.evidence]
            out.write(json.dumps({"id": row["id"], "lines": lines}) + "\n")
            if row.get("gold"):
                gold = {number for a, b in row["gold"] for number in range(a, b + 1)}
                for k, values in hits.items():
                    values.append(bool(gold & set(lines[:k])))
                ranks.append(next((1 / i for i, n in enumerate(lines, 1) if n in gold), 0.0))
    if ranks:
        print(f"cases   {len(ranks)}")
        for k, values in hits.items():
            print(f"hit@{k:<4d}{sum(values) / len(values):.3f}")
        print(f"MRR     {sum(ranks) / len(ranks):.3f}")


if __name__ == "__main__":
    main()
