"""One contract for all engines: the same rows give the same profile, to rounding."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from dagnosis.data.profile import Engine, profile
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.profile.sql import SQLEngine
from dagnosis.data.profile.values import Profile
from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from tests.data import tables
from tests.incidents.conftest import postgres_url as postgres_url  # a real server

# of PySpark's own import, where a newer pandas is installed
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")

Make = Callable[[pd.DataFrame], Engine]


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    if importlib.util.find_spec("pyspark") is None or not shutil.which("java"):
        pytest.skip("pyspark or Java is not installed (pip install 'dagnosis[spark]')")
    import os

    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(params=["pandas", "polars", "pyarrow", "parquet", "sqlite", "postgresql", "spark"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    kind: str = request.param
    if kind == "spark":
        session = request.getfixturevalue("spark")
        return lambda frame: _in_spark(session, frame, tmp_path)
    if kind in ("sqlite", "postgresql"):
        url = f"sqlite:///{tmp_path / 't.db'}"
        if kind == "postgresql":
            url = request.getfixturevalue("postgres_url").replace("://", "+psycopg://")
        return lambda frame: _in_database(url, frame)
    return lambda frame: DuckDBEngine(_as(kind, frame, tmp_path))


def _as(kind: str, frame: pd.DataFrame, folder: Path) -> Any:
    if kind == "pandas":
        return frame
    if kind == "polars":
        return pytest.importorskip("polars").from_pandas(frame)
    if kind == "pyarrow":
        import pyarrow as pa

        return pa.Table.from_pandas(frame)
    frame.to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def _in_database(url: str, frame: pd.DataFrame) -> Engine:
    import sqlalchemy as sa

    engine = sa.create_engine(url)
    types: dict[str, Any] = {"whole": sa.BigInteger(), "flag": sa.Boolean(), "at": sa.DateTime()}
    kept = {name: type_ for name, type_ in types.items() if name in frame}
    frame.to_sql("t", engine, if_exists="replace", index=False, dtype=kept)
    engine.dispose()
    return SQLEngine(url, "t")


def _in_spark(session: Any, frame: pd.DataFrame, folder: Path) -> Engine:
    from dagnosis.data.profile.spark import SparkEngine

    frame.to_parquet(folder / "t.parquet", coerce_timestamps="us", index=False)
    return SparkEngine(session.read.parquet(str(folder / "t.parquet")))


def _rounded(made: Profile) -> Any:
    """Without the engine's names of types, and with ten digits."""

    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.10g}")
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items() if key != "type"}
        if isinstance(value, (list, tuple)):
            return [plain(item) for item in value]
        return value

    return plain(msgspec.to_builtins(made))


def test_a_usual_table(make: Make) -> None:
    frame = tables.day(3)
    assert _rounded(profile(make(frame))) == _rounded(profile(DuckDBEngine(frame)))


def test_awkward_columns(make: Make, request: pytest.FixtureRequest) -> None:
    frame = tables.odd()
    if "sqlite" in request.node.name or "postgresql" in request.node.name:
        # to_sql writes NaN as null, and SQLite has no infinity in a REAL column that pandas writes
        frame["real"] = frame["real"].replace(float("inf"), 4.0)
    made = profile(make(frame))
    expected = profile(DuckDBEngine(frame))
    assert _rounded(made) == _rounded(expected)
    whole, real, text, flag, at, empty, same = made.columns
    assert (whole.totals.zeros, whole.totals.negatives) == (1, 1)
    assert real.totals.nulls == 1
    assert (text.totals.nulls, text.totals.empty, text.padded) == (1, 1, 0.2)
    assert flag.totals.mean == pytest.approx(0.6)
    assert at.totals.nulls == 1
    assert at.totals.minimum == -86_400
    assert empty.totals.nulls == 5
    assert empty.totals.mean is None
    assert same.totals.deviation == 0


def test_no_rows(make: Make) -> None:
    made = profile(make(tables.day(1).iloc[:0]))
    assert made.rows == 0
    assert len(made.columns) == 7
    assert made.hashes == ()


def test_a_part_of_a_table(tmp_path: Path) -> None:
    frame = tables.day(2)
    _in_database(f"sqlite:///{tmp_path / 't.db'}", frame)
    made = profile(SQLEngine(f"sqlite:///{tmp_path / 't.db'}", "t", "country = 'DE'"))
    assert made.rows == (frame.country == "DE").sum()


def test_unreachable_database() -> None:
    pytest.importorskip("psycopg")
    engine = SQLEngine("postgresql://nobody@127.0.0.1:1/none", "t")
    with pytest.raises(ServiceUnreachable, match="does not answer"):
        engine.fields()


def test_unknown_table_and_url(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no such table"):
        SQLEngine(f"sqlite:///{tmp_path / 't.db'}", "t").fields()
    with pytest.raises(WrongUse):
        SQLEngine("nonsense://x", "t").fields()
