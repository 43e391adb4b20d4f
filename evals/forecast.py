"""Failure forecasts: `python -m evals.forecast EVENTS.parquet OUT.csv [--labels labels.csv] [--singles]`.

Reads a stream of requests and outcomes in its order (a table of runs is brought in order of time) and
writes `run_uid,p_fail` for every request, with default settings, each fixed before its outcome is
read. With labels (run_uid, label, split, submit_time, entity) the test part is scored. `--singles`
lets every single model answer the same stream, fitted on the same rows at the same moments, and prints
a row of each: PR-AUC, with 95 % of bootstrap samples of whole days, and by how much the default is
above it on the same samples.

The calibration error stands beside what a perfectly calibrated forecaster would show by chance on the
same runs (`calibration.luck`): usually, up to (95 % of draws), and how often it would stay within the
targets of 0.02 and 0.03. Below the upper end nothing is left to mend.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast.calibration import brier, calibration_error, luck
from dagnosis.forecast.clusters import design_effect
from dagnosis.forecast.evaluation import BASELINES, budget, pr_auc
from dagnosis.forecast.history import Table
from dagnosis.forecast.models import Chances, Labels, Model, Rows, Weights, make
from dagnosis.forecast.online import Forecaster
from dagnosis.forecast.online import replay as answers
from dagnosis.services.forecast import Replayed, replay

SINGLES = ("forest", "forest-history", "logistic", "boosted", "prior", *BASELINES)
DRAWS = 200
TARGETS = (0.02, 0.03)

Answers: TypeAlias = "dict[str, list[Chances]]"


class Panel:
    """The default model, and every single one beside it: `said` keeps what each answered."""

    name: ClassVar[str] = "panel"

    def __init__(self, said: Answers) -> None:
        self.said = said
        self.models: list[Model] = [make(name) for name in ("blend", *SINGLES)]

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Panel:
        """All of them, on the same rows."""
        _ = rows.design
        self.models = [one.fit(rows, labels, weights) for one in self.models]
        return self

    def predict(self, rows: Rows) -> Chances:
        """What the default says."""
        _ = rows.design
        for one in self.models:
            self.said.setdefault(one.name, []).append(one.predict(rows))
        return self.said["blend"][-1]

    def save(self, folder: Path) -> None:
        """Nobody keeps a panel."""
        raise NotImplementedError

    def load(self, folder: Path) -> Panel:
        """Nobody keeps a panel."""
        raise NotImplementedError


class Test(msgspec.Struct):
    """The test part of the labels: ids, truth, whether the run before did not fail, days."""

    uids: list[str]
    truth: NDArray[np.bool_]
    first: NDArray[np.bool_]
    day: NDArray[Any]


def main() -> None:
    """Predict, write, and score where there is truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--model", default="blend")
    parser.add_argument("--singles", action="store_true")
    arguments = parser.parse_args()
    started, cpu = time.perf_counter(), time.process_time()
    said: Answers = {}
    if arguments.singles:
        done, uids = all_at_once(arguments.events, arguments.out, said)
    else:
        done, uids = replay(arguments.events, arguments.out, arguments.model), []
    print(
        f"{done.requests:,} requests, {done.labelled:,} labelled, {done.fits} fits, "
        f"{time.perf_counter() - started:.1f} s ({time.process_time() - cpu:.1f} s of CPU)"
    )
    for line in done.troubles:
        print(line)
    if not arguments.labels:
        return
    test = read_labels(arguments.labels)
    with arguments.out.open() as file:
        final = {row["run_uid"]: float(row["p_fail"]) for row in csv.DictReader(file)}
    score(test, np.array([final.get(uid, np.nan) for uid in test.uids]))
    if said:
        where = {uid: index for index, uid in enumerate(uids)}
        index = np.array([where[uid] for uid in test.uids])
        chances = {name: np.concatenate(blocks)[index] for name, blocks in said.items()}
        calibrated = np.array([final[uid] for uid in test.uids])
        singles(test, {"default": calibrated, **chances})


def all_at_once(events: Path, out: Path, said: Answers) -> tuple[Replayed, list[str]]:
    """A replay with a panel; the calibrated answers of the default go to `out`."""
    table = Table(events)
    forecaster = Forecaster(lambda: Panel(said), plain=True)
    uids: list[str] = []
    with out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("run_uid", "p_fail"))
        for uid, chance in answers(table.events(forecaster.trouble), forecaster):
            writer.writerow((uid, f"{chance:.6g}"))
            uids.append(uid)
    trouble = tuple(forecaster.trouble.lines())
    return Replayed(len(uids), len(forecaster), forecaster.fits, trouble), uids


def read_labels(path: Path) -> Test:
    """The labelled runs of the test part, in order of time."""
    uids, truth, first, days = [], [], [], []
    last: dict[str, int] = {}
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["label"] != "-1"]
    for row in sorted(rows, key=lambda row: row["submit_time"]):
        label = int(row["label"])
        if row["split"] == "test":
            uids.append(row["run_uid"])
            truth.append(label == 1)
            first.append(last.get(row["entity"], 0) == 0)
            days.append(row["submit_time"][:10])
        last[row["entity"]] = label
    return Test(uids, np.array(truth), np.array(first), np.unique(days, return_inverse=True)[1])


def score(test: Test, chance: Chances) -> None:
    """Print the figures of the test part."""
    truth, hard = test.truth, test.first
    print(
        f"test runs          {len(truth):,}, {truth.mean():.2%} failed, {np.isnan(chance).sum()} missing"
    )
    print(f"PR-AUC             {pr_auc(truth, chance):.4f}")
    print(f"  first failures   {pr_auc(truth[hard], chance[hard]):.4f}")
    lucky = luck(truth, chance, test.day)
    usual, high = np.quantile(lucky, [0.5, 0.95])
    within = ", ".join(f"{(lucky <= most).mean():.0%} within {most}" for most in TARGETS)
    print(
        f"calibration error  {calibration_error(truth, chance):.4f} "
        f"(of a perfect forecaster: {usual:.4f}, up to {high:.4f}, {within})"
    )
    print(f"Brier              {brier(truth, chance):.5f}")
    alike = design_effect(truth - chance, test.day)
    print(f"worth              {len(truth) / alike:,.0f} independent runs, one for {alike:.1f}")
    for share in (0.01, 0.05):
        precision, recall = budget(truth, chance, share)
        print(f"alerts at {share:.0%}       precision {precision:.3f}, recall {recall:.3f}")


def singles(test: Test, chances: dict[str, Chances]) -> None:
    """A row of each model; how far the default is ahead, on the same bootstrap samples of days."""
    drawn = list(samples(test))
    own = np.array([pr_auc(test.truth[rows], chances["default"][rows]) for rows in drawn])
    print(
        f"{'model':16} {'PR-AUC':>7} {'95 %':>13} {'first':>7} {'default ahead by':>16} {'95 %':>17}"
    )
    for name, chance in chances.items():
        found = np.array([pr_auc(test.truth[rows], chance[rows]) for rows in drawn])
        low, high = np.quantile(found, [0.025, 0.975])
        worse, better = np.quantile(own - found, [0.025, 0.975])
        whole = pr_auc(test.truth, chance)
        ahead = pr_auc(test.truth, chances["default"]) - whole
        print(
            f"{name:16} {whole:7.3f} {low:6.3f}-{high:6.3f} "
            f"{pr_auc(test.truth[test.first], chance[test.first]):7.3f} "
            f"{ahead:+16.3f} {worse:+8.3f}-{better:+.3f}"
        )


def samples(test: Test) -> Iterator[NDArray[np.int64]]:
    """Whole days, drawn with replacement; those without a failure are left out."""
    random = np.random.default_rng(0)
    order = np.argsort(test.day, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(test.day[order])) + 1)
    for _ in range(DRAWS):
        rows = np.concatenate([groups[i] for i in random.integers(0, len(groups), len(groups))])
        if test.truth[rows].any():
            yield rows


if __name__ == "__main__":
    main()
