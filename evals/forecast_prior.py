"""Train the prior that the package ships: `python -m evals.forecast_prior OUT RUNS.parquet…`.

Each trace counts alike, whatever its size, and only with the runs whose outcome was known when 70 %
of its labelled runs had been asked for: what is later stays unseen, and measures it. `--leave NAME`
leaves a trace out, to see what the prior is worth on a deployment that it has never seen.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from dagnosis.forecast import batch
from dagnosis.forecast.design import COMMON, design
from dagnosis.forecast.history import Table
from dagnosis.forecast.models.linear import Linear
from dagnosis.forecast.models.prior import FILE, FORMAT, NAME
from dagnosis.models.manifest import Source, write

ROWS = 30_000
"""Rows of each trace, and as many rows as each counts."""
CUT = 0.7
RIDGE = 300.0
LICENCES = {
    "google2011_a": "CC BY 4.0: Google clusterdata-2011-2, job_events",
    "llnl_atlas": "Parallel Workloads Archive, LLNL-Atlas-2006-2.1-cln, thanks to Moe Jette",
    "lpc_egee": "Parallel Workloads Archive, LPC-EGEE-2004-1.2-cln, thanks to Emmanuel Medernach",
}


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--leave", default="")
    arguments = parser.parse_args()
    random = np.random.default_rng(42)
    columns, labels, weights, sources = [], [], [], []
    for path in arguments.runs:
        if path.stem == arguments.leave:
            continue
        runs = batch.load(Table(path))
        labelled = np.flatnonzero(runs.label >= 0)
        cut = np.quantile(runs.asked[labelled], CUT, method="lower")
        known = labelled[runs.known[labelled] <= cut]
        chosen = np.sort(random.choice(known, min(ROWS, len(known)), replace=False))
        columns.append(design(batch.matrix(runs)[chosen], only_common=True))
        labels.append(runs.label[chosen])
        weights.append(np.full(len(chosen), ROWS / len(chosen)))
        sources.append(Source(path.stem, LICENCES[path.stem], len(chosen)))
    matrix = np.concatenate(columns)
    linear = Linear().fit(matrix, np.concatenate(labels), np.concatenate(weights), RIDGE)
    arguments.out.mkdir(parents=True, exist_ok=True)
    linear.save(arguments.out / FILE)
    write(
        arguments.out,
        NAME,
        data=sources,
        seed=42,
        format=FORMAT,
        made_by="python -m evals.forecast_prior",
    )
    for name, weight in zip((*COMMON, "intercept"), linear.weights, strict=True):
        print(f"{weight:+.3f}  {name}")


if __name__ == "__main__":
    main()
