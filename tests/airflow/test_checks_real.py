"""Checks in a running Airflow: scheduler, task processes that may not read the metadata database,
connections kept by Airflow, asset events that start another DAG, OpenLineage.

Needs an Airflow 3 with dagnosis's dependencies and the provider of PostgreSQL beside it, for lineage that
of OpenLineage, too: DAGNOSIS_TEST_AIRFLOW names its interpreter (`.ci/airflow` makes one).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa

from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.results import read
from dagnosis.data.store import ProfileStore
from dagnosis.incidents.incidents import open_incidents
from dagnosis.services.check import check
from tests.airflow import real
from tests.data import tables

PYTHON = real.environment("DAGNOSIS_TEST_AIRFLOW")
pytestmark = [
    pytest.mark.skipif(PYTHON is None, reason="DAGNOSIS_TEST_AIRFLOW names no interpreter"),
    pytest.mark.xdist_group("airflow"),
]
PORT = 21000


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten healthy days in the store; two more as files, of which the second has lost a column."""
    folder = tmp_path_factory.mktemp("landed")
    store = ProfileStore(str(folder / "profiles.db"))
    for number in range(10):
        check(DuckDBEngine(tables.day(number)), "orders", tables.partition(number), "", store)
    tables.day(10).to_parquet(folder / f"{tables.partition(10)}.parquet")
    tables.day(11).drop(columns=["tax"]).to_parquet(folder / f"{tables.partition(11)}.parquet")
    tables.day(3).to_parquet(folder / "sums.parquet")
    return folder


@pytest.fixture(scope="module")
def checking(landed: Path, postgres_url: str) -> Iterator[real.RealAirflow]:
    assert PYTHON is not None
    sources = Path(__file__).parents[2]
    transport = {"type": "file", "log_file_path": str(landed / "events.jsonl"), "append": True}
    extra = {
        "PYTHONPATH": f"{sources / 'src'}:{sources}",
        "LANDED": str(landed),
        "DAGNOSIS_PROFILES": str(landed / "profiles.db"),
        "DAGNOSIS_STORE": str(landed / "store.db"),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "tests",
        # on a busy machine the API server answers late, which is not what is tested
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    }
    dags = {"checked.py": (Path(__file__).parent / "checked/checked.py").read_text("utf-8")}
    # PostgreSQL's user must be able to enter: not below pytest's own folder
    with (
        TemporaryDirectory(prefix="checks-", ignore_cleanup_errors=True) as folder,
        real.started(PYTHON, Path(folder), real.free_ports(PORT), dags, extra) as started,
    ):
        engine = sa.create_engine(postgres_url.replace("://", "+psycopg://"))
        frame = tables.day(5)
        frame.loc[1, "id"] = frame.loc[0, "id"]
        frame.to_sql("orders", engine, index=False, if_exists="replace")
        engine.dispose()
        url = sa.make_url(postgres_url)
        connection = {
            "connection_id": "shop",
            "conn_type": "postgres",
            "host": url.host,
            "port": url.port,
            "login": url.username,
            "password": url.password,
            "schema": url.database,
        }
        started.call("POST", "/connections", connection)
        yield started


def states(airflow: real.RealAirflow, dag_id: str, run_id: str) -> dict[str, str]:
    found = airflow.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
    return {one["task_id"]: one["state"] for one in found["task_instances"]}


def run(airflow: real.RealAirflow, dag_id: str, **conf: Any) -> str:
    run_id = airflow.trigger(dag_id, seconds=600, conf=conf)
    airflow.wait(dag_id, run_id, seconds=900)
    return run_id


def test_a_healthy_batch_starts_what_waits_for_it(checking: real.RealAirflow, landed: Path) -> None:
    run_id = run(checking, "checked", day=tables.partition(10))
    assert states(checking, "checked", run_id) == {
        "check": "success",
        "load": "success",
        "aside": "skipped",
    }
    (event,) = checking.call("GET", "/assets/events")["asset_events"]
    assert event["extra"]["dagnosis"]["status"] == "healthy"
    (started,) = event["created_dagruns"]
    assert checking.wait("summed", started["run_id"], seconds=600) == "success"
    newest = ProfileStore(str(landed / "profiles.db")).history("orders")[-1]
    assert json.loads(newest.finding)["task"] == {
        "dag_id": "checked",
        "run_id": run_id,
        "task_id": "check",
        "map_index": -1,
        "try_number": 1,
    }


def test_a_spoiled_batch_goes_aside(checking: real.RealAirflow, landed: Path) -> None:
    before = len(checking.call("GET", "/assets/events")["asset_events"])
    run_id = run(checking, "checked", day=tables.partition(11))
    assert states(checking, "checked", run_id) == {
        "check": "success",
        "load": "skipped",
        "aside": "success",
    }
    assert len(checking.call("GET", "/assets/events")["asset_events"]) == before
    assert ProfileStore(str(landed / "profiles.db")).history("orders")[-1].status == "alarm"
    with open_incidents(str(landed / "store.db")) as incidents:
        (counted,) = incidents.of_run("checked", run_id)
    assert (counted.kind, counted.subject, counted.task.task_id) == ("data", "orders", "check")


def test_a_connection_that_airflow_keeps(
    checking: real.RealAirflow, landed: Path, postgres_url: str
) -> None:
    run_id = run(checking, "warehouse")
    assert states(checking, "warehouse", run_id) == {
        "table": "success",
        "columns": "failed",
        "whole": "failed",
    }
    (stored,) = ProfileStore(postgres_url).history("orders_table")
    assert (stored.profile.rows, stored.profile.run) == (300, run_id)


def test_openlineage_has_heard_of_all(checking: real.RealAirflow, landed: Path) -> None:
    if not (landed / "events.jsonl").exists():
        pytest.skip("the provider of OpenLineage is not installed in that Airflow")
    found = read(landed / "events.jsonl")
    told = {(one.dataset.rpartition("/")[2], one.name, one.column): one.outcome for one in found}
    assert told[f"{tables.partition(10)}.parquet", "orders is like its past", ""] == "pass"
    assert told[f"{tables.partition(11)}.parquet", "orders is like its past", ""] == "fail"
    assert told[f"{tables.partition(11)}.parquet", "like_its_past", "tax"] == "fail"
    assert told["postgres.public.orders", "orders_table is like its past", ""] == "pass"
    outcomes = {outcome for (_, name, _), outcome in told.items() if "unique" in name}
    assert outcomes == {"fail"}
