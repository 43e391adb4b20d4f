"""How fast forecasts are: `python -m benchmarks.forecast RUNS.parquet [--rows N]`.

Prints microseconds a run of the streaming features, seconds of the batch features scaled to --rows
(the table repeated), of one training, microseconds a run of scoring in batches, and bytes of state per
task; beside them in the same run the peer: the last ten outcomes of each task with DuckDB's window
functions, the least one would do by hand. CPU seconds, since others may share the machine.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec
import numpy as np

from dagnosis.forecast import batch
from dagnosis.forecast.batch import NEVER, Runs
from dagnosis.forecast.evaluation import sample
from dagnosis.forecast.features import Stream
from dagnosis.forecast.history import Request, Table
from dagnosis.forecast.models import Rows
from dagnosis.forecast.models.blend import Blend

PEER = """
SELECT count(rate) FROM (
  SELECT avg(failed) OVER (PARTITION BY dag_id, task_id ORDER BY submit_time
                           ROWS BETWEEN 10 PRECEDING AND 1 PRECEDING) AS rate
  FROM (SELECT dag_id, task_id, submit_time, CAST(state = 'failed' AS INTEGER) AS failed
        FROM read_parquet(?), range(?)))
"""


def cpu(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    started = time.process_time()
    call()
    return time.process_time() - started


def repeated(runs: Runs, rows: int) -> Runs:
    """The table again and again, each time later, until it has `rows`."""
    times = -(-rows // len(runs))
    span = int(runs.asked.max() - runs.asked.min()) + 1
    later = np.repeat(np.arange(times) * span, len(runs))[:rows]

    def again(column: np.ndarray) -> np.ndarray:
        return np.tile(column, times)[:rows]

    known = again(runs.known)
    codes: dict[str, np.ndarray] = {}
    for track, code in runs.codes.items():
        same = next((t for t in codes if runs.codes[t] is code), None)
        codes[track] = codes[same] if same else again(code)
    return msgspec.structs.replace(
        runs,
        asked=again(runs.asked) + later,
        known=np.where(known == NEVER, NEVER, known + later),
        label=again(runs.label),
        seconds=again(runs.seconds),
        codes=codes,
        static={name: again(column) for name, column in runs.static.items()},
        version=again(runs.version),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=200_000, help="of the streaming part")
    arguments = parser.parse_args()
    table = Table(arguments.runs)

    events = [event for _, event in zip(range(arguments.events), table.events(), strict=False)]
    state, asked = Stream(), 0
    started = time.process_time()
    for event in events:
        if isinstance(event, Request):
            state.ask(event)
            asked += 1
        else:
            state.tell(event)
    spent = time.process_time() - started
    print(f"streaming features       {spent / asked * 1e6:8.1f} µs a run ({asked:,} runs)")
    tracemalloc.start()
    state = Stream()
    for event in events[:20_000]:
        if isinstance(event, Request):
            state.ask(event)
        elif event.uid in state._open:
            state.tell(event)
    state._open.clear()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"state                    {size / len(state):8.0f} bytes a track ({len(state):,} tracks)"
    )

    runs = batch.load(table)
    many = repeated(runs, arguments.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.npy"
        wall = time.perf_counter()
        spent = cpu(lambda: batch.write(many, path))
        wall = time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"batch features           {spent:8.2f} s of CPU, {wall:.2f} s, {arguments.rows:,} runs")
    print(f"peak memory              {peak:8.0f} MiB")
    copies = max(arguments.rows // len(runs), 1)
    peer = cpu(lambda: duckdb.execute(PEER, [str(arguments.runs), copies]).fetchall())
    print(f"DuckDB, last ten alone   {peer:8.2f} s of CPU")

    labelled = np.flatnonzero(runs.label >= 0)
    chosen, weights = sample(runs.label, labelled)
    raw = batch.matrix(runs)
    learn = Rows(raw[chosen])
    blend = Blend()
    spent = cpu(lambda: blend.fit(learn, runs.label[chosen], weights))
    print(
        f"training                 {spent:8.1f} s of CPU ({len(chosen):,} rows of {len(labelled):,})"
    )
    some = raw[:50_000]
    spent = cpu(lambda: blend.predict(Rows(some)))
    print(f"scoring                  {spent / len(some) * 1e6:8.1f} µs a run")


if __name__ == "__main__":
    main()
