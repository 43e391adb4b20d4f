"""Profile of a large Parquet file: seconds and peak memory, beside DuckDB alone, pandas and others.

Each runs in a process of its own on the same file, so that the peak is its own; times are the best of
`--runs`, and `x DuckDB` is the ratio to one aggregate query of DuckDB over the same columns: counts,
nulls, distinct values, extremes, mean, deviation and seven quantiles.

    python -m benchmarks.profile --rows 10000000 --peers ENV/bin/python

`--peers` is the interpreter of an environment with great_expectations, pandera, evidently and pandas
(their pins clash with ours); of these, what is installed is run. They do what each is for: 28
expectations with metrics of all columns, a schema with bounds of all columns, a data summary.

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


_GREAT_EXPECTATIONS = """
import sys, logging, great_expectations as gx
logging.disable(logging.WARNING)
gx_ = gx.get_context(mode="ephemeral")
gx_.variables.progress_bars = {"globally": False}
source = gx_.data_sources.add_pandas("p")
import pandas
batch = source.add_dataframe_asset("t").add_batch_definition_whole_dataframe("b")
suite, E = gx.ExpectationSuite(name="s"), gx.expectations
for name in ("id", "customer", "amount", "weight", "country", "sku", "at", "flag"):
    suite.add_expectation(E.ExpectColumnValuesToNotBeNull(column=name, mostly=0.9))
    suite.add_expectation(E.ExpectColumnUniqueValueCountToBeBetween(column=name, min_value=1))
for name in ("id", "customer", "amount", "weight"):
    suite.add_expectation(E.ExpectColumnMeanToBeBetween(column=name, min_value=0))
    suite.add_expectation(E.ExpectColumnStdevToBeBetween(column=name, min_value=0))
    suite.add_expectation(E.ExpectColumnMinToBeBetween(column=name, min_value=0))
suite = gx_.suites.add(suite)
check = gx_.validation_definitions.add(gx.ValidationDefinition(name="v", data=batch, suite=suite))
assert check.run(batch_parameters={"dataframe": pandas.read_parquet(sys.argv[1])}).success
"""
_PANDERA = """
import sys, pandas, pandera.pandas as pa
number = lambda: pa.Column(checks=pa.Check.ge(0), nullable=True)
schema = pa.DataFrameSchema({
    **{name: number() for name in ("id", "customer", "amount", "weight")},
    "country": pa.Column(checks=pa.Check.isin(["DE", "FR", "US", "GB", "PL"])),
    "sku": pa.Column(checks=pa.Check.str_matches("sku-")), "at": pa.Column(), "flag": pa.Column(bool)})
schema.validate(pandas.read_parquet(sys.argv[1]), lazy=True)
"""
_EVIDENTLY = """
import sys, pandas, warnings
warnings.simplefilter("ignore")
from evidently import Dataset, Report
from evidently.presets import DataSummaryPreset
Report([DataSummaryPreset()]).run(Dataset.from_pandas(pandas.read_parquet(sys.argv[1]))).dict()
"""
_PEERS = {
    "great_expectations": _GREAT_EXPECTATIONS,
    "pandera": _PANDERA,
    "evidently": _EVIDENTLY,
}


def _versions(python: Path) -> dict[str, str]:
    """Which of the peers an interpreter has."""
    code = (
        "import importlib.metadata as m, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: print(name, m.version(name))\n"
        "    except m.PackageNotFoundError: pass"
    )
    ran = subprocess.run([python, "-c", code, *_PEERS], check=True, capture_output=True, text=True)
    return dict(line.split() for line in ran.stdout.splitlines())


def _run(code: str, path: Path, python: str = sys.executable) -> tuple[float, float, float]:
    """Seconds, seconds of processor and peak resident MiB of a script."""
    started = time.perf_counter()
    process = subprocess.Popen([python, "-c", code, str(path)], stdout=subprocess.DEVNULL)
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
    parser.add_argument("--peers", type=Path, help="interpreter of an environment with the others")
    arguments = parser.parse_args()
    if arguments.judge:
        print(f"50 columns against 365 stored profiles: {judged() * 1000:.0f} ms")
        return
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        duckdb.connect().execute(_TABLE.format(rows=arguments.rows, path=path))
        head = f"{'what':26} {'seconds':>8} {'x DuckDB':>9} {'of cpu':>8} {'x DuckDB':>9}"
        print(f"{head} {'MiB peak':>9}")
        base = 0.0, 0.0
        ours = {"DuckDB, one query": _DUCKDB, "dagnosis": _OURS, "pandas": _PANDAS}
        scripts = {name: (code, sys.executable) for name, code in ours.items()}
        if arguments.peers:
            for peer, version in _versions(arguments.peers).items():
                scripts[f"{peer} {version}"] = _PEERS[peer], str(arguments.peers)
        for name, (code, python) in scripts.items():
            runs = [_run(code, path, python) for _ in range(arguments.runs)]
            seconds, cpu, peak = (min(column) for column in zip(*runs, strict=True))
            base = base if base[0] else (seconds, cpu)
            ratio, cpu_ratio = seconds / base[0], cpu / base[1]
            print(f"{name:26} {seconds:8.2f} {ratio:9.2f} {cpu:8.2f} {cpu_ratio:9.2f} {peak:9.0f}")


if __name__ == "__main__":
    _main()
