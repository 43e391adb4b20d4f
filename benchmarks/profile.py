"""Profile of a large Parquet file: seconds and peak memory, beside DuckDB alone and pandas.

Each runs in a process of its own on the same file, so that the peak is its own; times are the best of
`--runs`, and `x DuckDB` is the ratio to one aggregate query of DuckDB over the same columns: counts,
nulls, distinct values, extremes, mean, deviation and seven quantiles.

    python -m benchmarks.profile --rows 10000000

Then the judgement: `--judge` times one batch of 50 columns against 365 stored profiles.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_TABLE = """
COPY (SELECT range AS id, (range * 7919) % 1000003 AS customer, ln(1 + random()) * 100 AS amount,
  CASE WHEN random() < 0.05 THEN NULL ELSE random() * 50 END AS weight,
  ['DE', 'FR', 'US', 'GB', 'PL'][1 + (range * 31 % 5)::INT] AS country,
  'sku-' || (range * 17 % 5000) AS sku, TIMESTAMP '2026-01-01' + INTERVAL (range % 86400) SECOND AS at,
  range % 7 = 0 AS flag FROM range({rows})) TO '{path}' (FORMAT parquet)
"""
_DUCKDB = """
import duckdb, sys
c = duckdb.connect(); c.execute("SET memory_limit = '300MB'")
parts = []
for name in ("id", "customer", "amount", "weight"):
    parts.append(f"count({name}), min({name}), max({name}), avg({name}), stddev_pop({name}), "
                 f"approx_count_distinct({name}), approx_quantile({name}, [.01,.05,.25,.5,.75,.95,.99])")
for name in ("country", "sku"):
    parts.append(f"count({name}), min(length({name})), max(length({name})), avg(length({name})), approx_count_distinct({name})")
parts.append("count(\\"at\\"), min(\\"at\\"), max(\\"at\\"), approx_count_distinct(\\"at\\"), count(flag), sum(CAST(flag AS INT))")
c.execute(f"SELECT count(*), {', '.join(parts)} FROM read_parquet('{sys.argv[1]}')").fetchall()
"""
_OURS = """
import sys
from dagnosis.data.profile import profile
from dagnosis.data.profile.duckdb import DuckDBEngine
profile(DuckDBEngine(sys.argv[1]))
"""
_PANDAS = """
import pandas, sys
frame = pandas.read_parquet(sys.argv[1]); frame.describe(include="all"); frame.nunique()
"""


def _run(code: str, path: Path) -> tuple[float, float, float]:
    """Seconds, seconds of processor and peak resident MiB of a script."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}")
    seconds = time.perf_counter() - started
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def judged(columns: int = 50, profiles: int = 365, rows: int = 1000) -> float:
    """Seconds to read what is stored of a wide table and to judge one batch against it."""
    import msgspec
    import numpy as np
    import pandas as pd

    from dagnosis.data.batch import Budget, Judge
    from dagnosis.data.memory import Memory
    from dagnosis.data.profile import profile
    from dagnosis.data.profile.duckdb import DuckDBEngine
    from dagnosis.data.store import ProfileStore

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{i}": rng.normal(i, 1, rows) for i in range(columns * 3 // 5)})
    for i in range(columns - len(frame.columns)):
        frame[f"t{i}"] = rng.choice(list("abcdefgh"), rows)
    made = profile(DuckDBEngine(frame), dataset="t")
    with tempfile.TemporaryDirectory() as folder:
        store = ProfileStore(str(Path(folder) / "p.db"))
        judge = Judge()
        for day in range(profiles):
            moment = pd.Timestamp("2025-01-01") + pd.Timedelta(days=day)
            named = msgspec.structs.replace(made, partition=moment.strftime("%Y-%m-%d"))
            judge.learn(named)
        store.record(named, "healthy", Memory(), judge.dump())
        batch = msgspec.structs.replace(made, partition="2026-01-01")
        times = []
        for _ in range(5):
            started = time.perf_counter()
            stored = Judge.load(store.judge("t"), Budget(), frozenset())
            assert stored is not None
            stored.score(batch)
            times.append(time.perf_counter() - started)
        return min(times)


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--judge", action="store_true")
    arguments = parser.parse_args()
    if arguments.judge:
        print(f"50 columns against 365 stored profiles: {judged() * 1000:.0f} ms")
        return
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        duckdb.connect().execute(_TABLE.format(rows=arguments.rows, path=path))
        head = f"{'what':20} {'seconds':>8} {'x DuckDB':>9} {'of cpu':>8} {'x DuckDB':>9}"
        print(f"{head} {'MiB peak':>9}")
        base = 0.0, 0.0
        scripts = {"DuckDB, one query": _DUCKDB, "dagnosis": _OURS, "pandas": _PANDAS}
        for name, code in scripts.items():
            runs = [_run(code, path) for _ in range(arguments.runs)]
            seconds, cpu, peak = (min(column) for column in zip(*runs, strict=True))
            base = base if base[0] else (seconds, cpu)
            ratio, cpu_ratio = seconds / base[0], cpu / base[1]
            print(f"{name:20} {seconds:8.2f} {ratio:9.2f} {cpu:8.2f} {cpu_ratio:9.2f} {peak:9.0f}")


if __name__ == "__main__":
    _main()
