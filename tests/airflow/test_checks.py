"""Checks inside a real Airflow, task by task (`dag.test`), with its connections and asset events.

Run by the interpreter of an Airflow 3 with dagnosis's dependencies and pytest beside it:
`AIRFLOW/bin/python -m pytest tests/airflow/test_checks.py`; elsewhere skipped by name.
"""

from __future__ import annotations

import importlib.util
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("airflow") is None:
    pytest.skip("Airflow is not installed beside dagnosis", allow_module_level=True)

import pandas as pd

from dagnosis.data.store import ProfileStore
from dagnosis.errors import WrongUse
from tests.data import tables

pytestmark = pytest.mark.filterwarnings("default")

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module", autouse=True)
def metadata() -> None:
    """An empty metadata database in the home that conftest has chosen."""
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    (Path(os.environ["AIRFLOW_HOME"]) / "dags").mkdir(exist_ok=True)
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def landed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve healthy days as files, of which ten are in the store."""
    from dagnosis.data.profile.duckdb import DuckDBEngine
    from dagnosis.services.check import check

    monkeypatch.setenv("DAGNOSIS_PROFILES", str(tmp_path / "profiles.db"))
    monkeypatch.setenv("DAGNOSIS_STORE", str(tmp_path / "store.db"))
    store = ProfileStore(str(tmp_path / "profiles.db"))
    for number in range(12):
        tables.day(number).to_parquet(tmp_path / f"{tables.partition(number)}.parquet")
        if number < 10:
            check(DuckDBEngine(tables.day(number)), "orders", tables.partition(number), "", store)
    return tmp_path


def spoil(folder: Path, number: int) -> None:
    """A day without its column tax."""
    frame = tables.day(number).drop(columns=["tax"])
    frame.to_parquet(folder / f"{tables.partition(number)}.parquet")


def run(dag: Any, number: int) -> Any:
    """A run of that day; its task states by id are in `.states`."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    # as the dag processor would, from a file
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)
    made = dag.test(logical_date=datetime(2026, 1, 1 + number, tzinfo=timezone.utc))
    made.states = {ti.task_id: str(ti.state) for ti in made.get_task_instances()}
    return made


def stored(folder: Path, number: int) -> Any:
    """The newest finding of a day."""
    history = ProfileStore(str(folder / "profiles.db")).history("orders")
    (one,) = [each for each in history if each.profile.partition == tables.partition(number)]
    return json.loads(one.finding)


def of_run(folder: Path, run: Any) -> list[Any]:
    """What the store of incidents counts of a run."""
    from dagnosis.incidents.incidents import open_incidents

    with open_incidents(str(folder / "store.db")) as incidents:
        return incidents.of_run(run.dag_id, run.run_id)


def file_of(folder: Path) -> str:
    return str(folder / "{{ ds }}.parquet")


def events() -> list[Any]:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        return [(e.asset.name, e.extra) for e in session.query(AssetEvent).order_by(AssetEvent.id)]


def test_a_healthy_batch_goes_into_the_event(landed: Path) -> None:
    from airflow.sdk import DAG, Asset

    from dagnosis.airflow.operators import DataCheckOperator

    with DAG("healthy", schedule=None, start_date=START) as dag:
        DataCheckOperator(
            task_id="check",
            dataset=file_of(landed),
            name="orders",
            outlets=[Asset("healthy_orders")],
            html=str(landed / "{{ ds }}.html"),
        )
    made = run(dag, 10)
    assert made.states == {"check": "success"}
    (extra,) = [extra for name, extra in events() if name == "healthy_orders"]
    told = extra["dagnosis"]
    assert (told["status"], told["rows"], told["partition"]) == ("healthy", 300, "2026-01-11")
    assert told["columns"]["country"]["distinct"] == 3
    finding = stored(landed, 10)
    assert finding["task"]["dag_id"] == "healthy"
    assert finding["task"]["run_id"] == finding["run"] == made.run_id
    assert "2026-01-11" in (landed / "2026-01-11.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("mode", "state"), [("fail", "failed"), ("warn", "success"), ("record", "success")]
)
def test_modes(mode: str, state: str, landed: Path) -> None:
    from airflow.sdk import DAG, Asset

    from dagnosis.airflow.operators import DataCheckOperator

    spoil(landed, 10)
    with DAG(f"mode_{mode}", schedule=None, start_date=START) as dag:
        DataCheckOperator(
            task_id="check", dataset=file_of(landed), name="orders", mode=mode,
            retries=3, outlets=[Asset(f"mode_{mode}")],
        )  # fmt: skip
    made = run(dag, 10)
    assert made.states == {"check": state}  # with retries: failed, not up_for_retry
    sent = [extra for name, extra in events() if name == f"mode_{mode}"]
    assert [one["dagnosis"]["alarm"] for one in sent] == ([] if mode == "fail" else [True])
    assert stored(landed, 10)["alarm"] is True
    (counted,) = of_run(landed, made)
    assert (counted.kind, counted.subject, counted.task.task_id) == ("data", "orders", "check")


@pytest.mark.parametrize("bad", [False, True])
def test_quarantine(bad: bool, landed: Path) -> None:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG, Asset

    from dagnosis.airflow.operators import DataCheckOperator

    if bad:
        spoil(landed, 10)
    name = f"quarantine_{bad}"
    with DAG(name, schedule=None, start_date=START) as dag:
        check = DataCheckOperator(
            task_id="check", dataset=file_of(landed), name="orders", quarantine="aside",
            outlets=[Asset(name)],
        )  # fmt: skip
        check >> [EmptyOperator(task_id="aside"), EmptyOperator(task_id="load")]
    states = run(dag, 10).states
    assert states["check"] == "success"
    assert (states["aside"], states["load"]) == (
        ("success", "skipped") if bad else ("skipped", "success")
    )
    assert len([one for one, _ in events() if one == name]) == (0 if bad else 1)


def test_decorator(landed: Path) -> None:
    from airflow.sdk import DAG, Asset, task

    from dagnosis.airflow.decorators import check_data

    asset = Asset("decorated")
    with DAG("decorated", schedule=None, start_date=START) as dag:

        @task(outlets=[asset])
        @check_data("orders", mode="warn")
        def load(folder: str, ds: str | None = None) -> str:
            """Its value is the path of the batch."""
            return f"{folder}/{ds}.parquet"

        @task
        @check_data("orders_frame", dataset=pd.read_parquet, partition=lambda path: Path(path).stem)
        def copy(path: str) -> str:
            return path

        copy(load(str(landed)))
    made = run(dag, 10)
    assert made.states == {"load": "success", "copy": "success"}
    (extra,) = [extra for name, extra in events() if name == "decorated"]
    assert extra["dagnosis"]["status"] == "healthy"
    (one,) = ProfileStore(str(landed / "profiles.db")).history("orders_frame")
    assert one.profile.partition == "2026-01-11"
    assert load.__doc__ == "Its value is the path of the batch."


def test_what_was_wrong_upstream_is_told(landed: Path) -> None:
    from airflow.sdk import DAG, Asset

    from dagnosis.airflow.operators import DataCheckOperator

    spoil(landed, 10)
    raw = Asset("raw_orders")
    with DAG("upstream", schedule=None, start_date=START) as first:
        DataCheckOperator(
            task_id="check", dataset=file_of(landed), name="orders", mode="warn", outlets=[raw]
        )
    with DAG("downstream", schedule=None, start_date=START) as second:
        DataCheckOperator(
            task_id="check", dataset=file_of(landed), name="orders", mode="record", inlets=[raw]
        )
    run(first, 10)
    run(second, 11)
    (told,) = stored(landed, 11)["upstream"]
    assert told.startswith("raw_orders 2026-01-11 was an alarm: the column tax is gone")


def test_results_of_other_tools(landed: Path) -> None:
    from airflow.sdk import DAG

    from dagnosis.airflow.operators import DataResultsOperator

    golden = Path(__file__).parents[1] / "data/results/golden/great_expectations_validation.json"
    with DAG("results", schedule=None, start_date=START) as dag:
        DataResultsOperator(task_id="failing", files=str(golden))
        DataResultsOperator(task_id="told", files=[str(golden)], mode="warn")
    states = run(dag, 10).states
    assert states == {"failing": "failed", "told": "success"}


def test_a_connection_by_name(
    landed: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy as sa
    from airflow.sdk import DAG

    from dagnosis.airflow.operators import DataCheckOperator

    engine = sa.create_engine(postgres_url.replace("://", "+psycopg://"))
    tables.day(10).to_sql("orders", engine, index=False, if_exists="replace")
    engine.dispose()
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", postgres_url.replace("postgresql://", "postgres://"))
    with DAG("connected", schedule=None, start_date=START) as dag:
        DataCheckOperator(
            task_id="check", dataset="conn://shop", table="public.orders",
            where="country = 'DE'", name="orders_de", store="conn://shop",
        )  # fmt: skip
    assert run(dag, 10).states == {"check": "success"}
    (one,) = ProfileStore(postgres_url).history("orders_de")
    assert one.profile.rows == (tables.day(10).country == "DE").sum()


def test_a_file_of_object_storage(tmp_path: Path) -> None:
    from dagnosis.airflow.checks import opened
    from dagnosis.errors import UnreadableInput

    frame = tables.day(1)
    frame.to_parquet(tmp_path / "t.parquet")
    with opened(f"local://{tmp_path}/t.parquet", where="country = 'DE'") as engine:
        assert engine.totals()[0] == (frame.country == "DE").sum()
    with pytest.raises(UnreadableInput, match="cannot be fetched"), opened("local:///none.parquet"):
        pass
    with (
        pytest.raises(UnreadableInput, match="cannot be fetched"),
        opened("nonsense://a/b.parquet"),
    ):
        pass


def test_wrong_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagnosis.airflow.connections import engine_of, table_of

    with pytest.raises(WrongUse, match="no connection 'nowhere'"):
        engine_of("conn://nowhere")
    monkeypatch.setenv("AIRFLOW_CONN_ODD", "odd://x")
    with pytest.raises(WrongUse, match="'odd' of type 'odd' cannot be used"):
        engine_of("conn://odd")
    with pytest.raises(WrongUse, match="name the table"):
        table_of("conn://odd", None)


def test_a_connection_of_the_metadata_database() -> None:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    from dagnosis.airflow.connections import engine_of

    with create_session() as session:
        session.add(
            Connection(conn_id="kept", conn_type="postgres", host="h", login="me", password="p@w")
        )
    assert engine_of("conn://kept").url.password == "p@w"


def test_wrong_arguments_are_told_when_a_dag_is_parsed() -> None:
    from dagnosis.airflow.decorators import check_data
    from dagnosis.airflow.operators import DataCheckOperator

    with pytest.raises(ValueError, match="'explode' is none of fail, warn, record"):
        check_data("orders", mode="explode")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="leave mode as it is"):
        DataCheckOperator(task_id="x", dataset="x", name="x", mode="warn", quarantine="y")


def test_lineage(landed: Path) -> None:
    pytest.importorskip("openlineage.client", reason="OpenLineage is not installed")
    from dagnosis.airflow.lineage import lineage, place_of
    from dagnosis.data.profile.duckdb import DuckDBEngine
    from dagnosis.services.check import check

    spoil(landed, 10)
    path = landed / f"{tables.partition(10)}.parquet"
    store = ProfileStore(str(landed / "profiles.db"))
    checked = check(DuckDBEngine(path), "orders", tables.partition(10), "", store)
    (dataset,) = lineage(str(path), "", checked).inputs
    assert (dataset.namespace, dataset.name) == ("file", str(path))
    first, tax = dataset.inputFacets["dataQualityAssertions"].assertions
    assert (first.success, first.column, tax.success, tax.column) == (False, None, False, "tax")
    metrics = dataset.inputFacets["dataQualityMetrics"]
    assert metrics.rowCount == 300
    assert metrics.columnMetrics["price"].max == tables.day(10).price.max()
    assert place_of("postgresql://u:p@h/db", "t") == ("postgres://h:5432", "db.public.t")
