"""Are risks of running tasks honest? `python -m evals.forecast_running RUNS.parquet`.

Learns from the older 70 % of the labelled runs, forecasts the rest before they start, and asks again
while they run: at the 50 % and the 90 % quantile of their task's time, and at twice that, of those
that have not ended. Beside the forecast that stays as it was: the rule alone (no history of running
tasks yet), and the update that is chosen on the older half of these moments, as training does; all
judged on the newer half.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from dagnosis.forecast import batch
from dagnosis.forecast.calibration import brier, calibration_error
from dagnosis.forecast.evaluation import CUT, pr_auc, sample
from dagnosis.forecast.history import Table
from dagnosis.forecast.models import Rows
from dagnosis.forecast.models.blend import Blend
from dagnosis.forecast.running import Update, fit
from dagnosis.services.forecast_training import snapshots


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    arguments = parser.parse_args()
    table = Table(arguments.runs)
    runs = batch.load(table)
    rows = Rows(batch.matrix(runs), days=runs.days)
    labelled = np.flatnonzero(runs.label >= 0)
    labelled = labelled[np.argsort(runs.asked[labelled], kind="stable")]
    at = int(len(labelled) * CUT)
    now, test = runs.asked[labelled[at]], labelled[at:]
    learn, weights = sample(runs.label, labelled[runs.known[labelled] <= now])
    blend = Blend().fit(rows.take(learn), runs.label[learn], weights)
    uids = table.uids()
    chances = blend.predict(rows.take(test))
    forecasts = {uids[i]: float(p) for i, p in zip(test, chances, strict=True)}
    seen, ended = snapshots(table, forecasts, {})
    labels = np.array(ended, np.int8)
    half = len(labels) // 2
    learned = fit(seen[:half], labels[:half])
    newer, truth = seen[half:], labels[half:] == 1
    print(
        f"{len(test):,} runs forecast; {len(seen):,} moments of those still running, "
        f"judged {len(newer):,}, {truth.mean():.2%} failed in the end"
    )
    print("chosen weights", " ".join(f"{weight:.2f}" for weight in learned.weights))
    print(f"{'':24} {'PR-AUC':>7} {'Brier':>8} {'calibration error':>18}")
    said = {
        "before it started": np.array([one.forecast for one in newer]),
        "the rule alone": Update()(newer),
        "as chosen": learned(newer),
    }
    for name, chance in said.items():
        print(
            f"{name:24} {pr_auc(truth, chance):7.3f} {brier(truth, chance):8.4f} "
            f"{calibration_error(truth, chance):18.3f}"
        )


if __name__ == "__main__":
    main()
