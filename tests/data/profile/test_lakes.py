"""Delta and Iceberg: real tables, written by their own libraries, against the same rows in pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from dagnosis.data.profile import profile
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.profile.sources import engine_of
from dagnosis.data.profile.values import Profile
from dagnosis.errors import UnreadableInput, WrongUse
from tests.data import tables


def _arrow(frame: pd.DataFrame) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(frame.astype({"at": "datetime64[us]"}), preserve_index=False)


def _numbers(made: Profile) -> Any:
    """A profile without the names of types, in digits that rounding does not change."""
    found = msgspec.to_builtins(made)
    for column in found["columns"]:
        del column["type"]
        for key in ("mean", "deviation"):
            value = column["totals"][key]
            column["totals"][key] = None if value is None else float(f"{value:.10g}")
    return found


def _delta(folder: Path) -> str:
    deltalake = pytest.importorskip("deltalake", reason="pip install 'dagnosis[delta]'")
    for number in (1, 2):
        deltalake.write_deltalake(str(folder), _arrow(tables.day(number)), mode="append")
    deltalake.DeltaTable(str(folder)).delete("country = 'US'")
    return str(folder)


def _iceberg(folder: Path) -> str:
    pytest.importorskip("pyiceberg", reason="pip install 'dagnosis[iceberg]'")
    sql = pytest.importorskip("pyiceberg.catalog.sql")
    catalog = sql.SqlCatalog(
        "shop", uri=f"sqlite:///{folder / 'catalog.db'}", warehouse=folder.as_uri()
    )
    catalog.create_namespace("shop")
    rows = _arrow(tables.day(1))
    table = catalog.create_table("shop.orders", schema=rows.schema)
    for number in (1, 2):
        table.append(_arrow(tables.day(number)))
    table.delete("country = 'US'")
    catalog.close()
    return str(Path(table.location().removeprefix("file://")))


@pytest.mark.parametrize("write", [_delta, _iceberg])
def test_the_rows_that_are_in_the_table_now(write: Any, tmp_path: Path) -> None:
    place = write(tmp_path)
    both = pd.concat([tables.day(1), tables.day(2)], ignore_index=True)
    expected = profile(DuckDBEngine(both[both.country != "US"].reset_index(drop=True)))
    assert _numbers(profile(engine_of(place))) == _numbers(expected)
    part = engine_of(place, where="country = 'DE'")
    assert part.totals()[0] == (both.country == "DE").sum()


@pytest.mark.parametrize(
    ("folder", "extra", "library"),
    [("_delta_log", "delta", "deltalake"), ("metadata", "iceberg", "pyiceberg")],
)
def test_a_damaged_table(folder: str, extra: str, library: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "00000000000000000000.metadata.json").write_text("{")
    (tmp_path / folder / "00000000000000000000.json").write_text("{")
    try:
        __import__(library)
    except ModuleNotFoundError:
        with pytest.raises(WrongUse, match=rf"pip install 'dagnosis\[{extra}\]'"):
            engine_of(tmp_path).fields()
    else:
        with pytest.raises(UnreadableInput, match="table cannot be read"):
            engine_of(tmp_path).fields()


def test_a_catalogue_that_nobody_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyiceberg", reason="pip install 'dagnosis[iceberg]'")
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    with pytest.raises(UnreadableInput, match=r"iceberg://nowhere/shop\.orders"):
        engine_of("iceberg://nowhere/shop.orders").fields()


def test_rows_of_a_file_are_chosen(tmp_path: Path) -> None:
    frame = tables.day(1)
    frame.to_parquet(tmp_path / "t.parquet")
    chosen = engine_of((tmp_path / "t.parquet").as_uri(), where="country = 'DE'")
    assert profile(chosen).rows == (frame.country == "DE").sum()
    with pytest.raises(UnreadableInput, match="cannot read it"):
        engine_of(tmp_path / "t.parquet", where="nonsense =").fields()


def test_what_does_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="--table"):
        engine_of("postgresql://x/y")
    with pytest.raises(WrongUse, match="URL"):
        engine_of(tmp_path / "t.parquet", "t")
