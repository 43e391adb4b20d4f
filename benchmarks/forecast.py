"""How fast forecasts are: `python -m benchmarks.forecast RUNS.parquet [--rows N] [--replay N]`.

Each line has CPU seconds first, then seconds by the clock, since others may share the machine: the
streaming features, bytes of state a track, the batch features of --rows runs (the table repeated, each
time later) written to a file, beside what one would do by hand in the same run: the share of failures
in the last ten runs of each task with DuckDB, polars and pandas (one feature of many, and one that does
not know when an outcome became known); training on 60,000 rows; scoring in batches; and the replay of a
stream of --replay events, from reading the file to the written answers.
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
from dagnosis.forecast.features import NAMES, Stream
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


def timed(what: str, call: Callable[[], object], note: str = "") -> float:
    """Seconds of CPU of one call, printed with those by the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    call()
    spent = time.process_time() - cpu
    print(
        f"{what:24} {spent:8.2f} s of CPU {time.perf_counter() - clock:8.2f} s  {note}", flush=True
    )
    return spent


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
    parser.add_argument("--events", type=int, default=200_000, help="of the streaming features")
    parser.add_argument("--replay", type=int, default=0, help="events of the replay, 0 for none")
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
    ours = features(runs, arguments.rows)
    if arguments.rows <= 2_000_000:
        peers(arguments.runs, max(arguments.rows // len(runs), 1), ours)
    train_and_score(runs)
    if arguments.replay:
        replayed(arguments.runs, arguments.replay)


def features(runs: Runs, rows: int) -> float:
    """The batch features of so many runs, into a file."""
    import scipy.linalg.lapack
    import scipy.sparse  # noqa: F401 - importing is not computing

    many = repeated(runs, rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "features.npy"
        spent = timed("batch features", lambda: batch.write(many, path), f"{rows:,} runs")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory              {peak:8.0f} MiB")
    return spent


def peers(path: Path, copies: int, ours: float) -> None:
    """The last ten outcomes of each task, by hand."""
    import pandas as pd
    import polars as pl

    def by_polars() -> object:
        frame = pl.read_parquet(path, columns=["dag_id", "task_id", "submit_time", "state"])
        frame = pl.concat([frame] * copies).sort("submit_time")
        failed = (pl.col("state") == "failed").cast(pl.Float64)
        return frame.select(
            failed.shift(1).rolling_mean(10, min_samples=1).over("dag_id", "task_id")
        )

    def by_pandas() -> object:
        frame = pd.read_parquet(path, columns=["dag_id", "task_id", "submit_time", "state"])
        frame = pd.concat([frame] * copies, ignore_index=True).sort_values("submit_time")
        frame["failed"] = (frame.state == "failed").astype(float)
        task = frame.dag_id + "/" + frame.task_id.fillna("").astype(str)
        frame["before"] = frame.groupby(task).failed.shift()
        return frame.groupby(task).before.rolling(10, min_periods=1).mean()

    calls: dict[str, Callable[[], object]] = {
        "DuckDB": lambda: duckdb.execute(PEER, [str(path), copies]).fetchall(),
        "polars": by_polars,
        "pandas": by_pandas,
    }
    for name, call in calls.items():
        spent = timed(f"{name}, last ten alone", call)
        print(
            f"{'':24} a column takes {spent / (ours / len(NAMES)):.1f} times as long as one of ours"
        )


def train_and_score(runs: Runs) -> None:
    """On 60,000 rows, or as many as there are."""
    labelled = np.flatnonzero(runs.label >= 0)
    chosen = labelled[:: max(len(labelled) // 60_000, 1)][:60_000]
    raw = batch.matrix(runs)
    learn = Rows(raw[chosen], days=runs.days[chosen])
    blend = Blend()
    note = f"{len(chosen):,} rows"
    timed("training", lambda: blend.fit(learn, runs.label[chosen], np.ones(len(chosen))), note)
    some = raw[:50_000]
    spent = timed("scoring", lambda: blend.predict(Rows(some)), f"{len(some):,} runs")
    print(f"{'':24} {spent / len(some) * 1e6:8.1f} us of CPU a run")


def replayed(path: Path, events: int) -> None:
    """A table of runs, repeated until it stands for so many events."""
    from dagnosis.services.forecast import replay

    with tempfile.TemporaryDirectory() as folder:
        many, out = Path(folder) / "runs.parquet", Path(folder) / "out.csv"
        duckdb.execute(
            f"""COPY (SELECT * REPLACE (run_uid || '-' || n AS run_uid, submit_time + n * span AS
            submit_time, start_time + n * span AS start_time, end_time + n * span AS end_time)
            FROM (SELECT * FROM read_parquet('{path}') ORDER BY submit_time), range(20) AS again(n),
            (SELECT max(submit_time) - min(submit_time) AS span FROM read_parquet('{path}'))
            ORDER BY n, submit_time LIMIT {events // 2}) TO '{many}' (FORMAT parquet)"""
        )
        done = []
        timed("replay", lambda: done.append(replay(many, out)), f"about {events:,} events")
        print(f"{'':24} {done[0].requests:,} answers, {done[0].fits} fits")


if __name__ == "__main__":
    main()
