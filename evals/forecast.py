"""Failure forecasts: `python -m evals.forecast EVENTS.parquet OUT.csv [--labels labels.csv]`.

Reads a stream of requests and outcomes in its order (a table of runs is brought in order of time) and
writes `run_uid,p_fail` for every request, with default settings, each fixed before its outcome is
read. With labels (run_uid, label, split, submit_time, entity) the test part is scored, beside the
last ten outcomes of each task, from the same stream.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np

from dagnosis.forecast.calibration import brier, calibration_error
from dagnosis.forecast.evaluation import budget, pr_auc
from dagnosis.services.forecast import replay


def main() -> None:
    """Predict, write, and score where there is truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--model", default="blend")
    arguments = parser.parse_args()
    started, cpu = time.perf_counter(), time.process_time()
    done = replay(arguments.events, arguments.out, arguments.model)
    print(
        f"{done.requests:,} requests, {done.labelled:,} labelled, {done.fits} fits, "
        f"{time.perf_counter() - started:.1f} s ({time.process_time() - cpu:.1f} s of CPU)"
    )
    for line in done.troubles:
        print(line)
    if arguments.labels:
        score(arguments.out, arguments.labels)


def score(predictions: Path, labels: Path) -> None:
    """Print the figures of the test part."""
    with predictions.open() as file:
        chances = {row["run_uid"]: float(row["p_fail"]) for row in csv.DictReader(file)}
    tests, first = [], []
    last: dict[str, int] = {}
    with labels.open() as file:
        rows = [row for row in csv.DictReader(file) if row["label"] != "-1"]
    for row in sorted(rows, key=lambda row: row["submit_time"]):
        label = int(row["label"])
        if row["split"] == "test":
            tests.append((label, chances.get(row["run_uid"], np.nan)))
            first.append(last.get(row["entity"], 0) == 0)
        last[row["entity"]] = label
    truth = np.array([label for label, _ in tests]) == 1
    chance = np.array([chance for _, chance in tests])
    hard = np.array(first)
    print(
        f"test runs          {len(truth):,}, {truth.mean():.2%} failed, {np.isnan(chance).sum()} missing"
    )
    print(f"PR-AUC             {pr_auc(truth, chance):.4f}")
    print(f"  first failures   {pr_auc(truth[hard], chance[hard]):.4f}")
    print(f"calibration error  {calibration_error(truth, chance):.4f}")
    print(f"Brier              {brier(truth, chance):.5f}")
    for share in (0.01, 0.05):
        precision, recall = budget(truth, chance, share)
        print(f"alerts at {share:.0%}       precision {precision:.3f}, recall {recall:.3f}")


if __name__ == "__main__":
    main()
