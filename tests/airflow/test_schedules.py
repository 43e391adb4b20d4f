"""The shipped DAGs and the notifier in a running Airflow, which tasks follow by its REST API."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from dagnosis.model import TaskRef
from tests.airflow import real
from tests.incidents.notifications.servers import Post, Web, post, web

PYTHON = real.environment("DAGNOSIS_TEST_AIRFLOW")
pytestmark = [
    pytest.mark.skipif(PYTHON is None, reason="DAGNOSIS_TEST_AIRFLOW names no interpreter"),
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="the lab's Airflow needs Linux"
    ),
    pytest.mark.xdist_group("airflow"),
]
PORT = int(os.environ.get("DAGNOSIS_TEST_PORT", "22000"))
OLD = (
    '{"timestamp":"2026-11-20T04:00:00+00:00","level":"error","event":"Task failed with exception",'
    '"logger":"task","error_detail":[{"exc_type":"MemoryError","exc_value":"","exc_notes":[],'
    '"syntax_error":null,"is_cause":false,"frames":[],"is_group":false,"exceptions":[]}]}\n'
)


class Told:
    """What the receivers got, and the Airflow."""

    def __init__(self, airflow: real.RealAirflow, store: Path, hook: Web, mails: Post) -> None:
        self.airflow, self.store, self.hook, self.mails = airflow, store, hook, mails

    def run(self, dag_id: str) -> dict[str, list[str]]:
        """The states of the tasks of a run."""
        run_id = self.airflow.run(dag_id)
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        states: dict[str, list[str]] = {}
        for one in self.airflow.call("GET", path)["task_instances"]:
            states.setdefault(one["task_id"], []).append(one["state"])
        return states


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    assert PYTHON is not None
    sources = Path(__file__).parents[2]
    with (
        tempfile.TemporaryDirectory(prefix="airflow", ignore_cleanup_errors=True) as name,
        web() as hook,
        post() as mails,
    ):
        folder = Path(name)
        extra = {
            "PYTHONPATH": f"{sources / 'src'}:{sources}",
            "DAGNOSIS_STORE": str(folder / "store.db"),
            "DAGNOSIS_RUNS": str(folder / "runs.parquet"),
            "DAGNOSIS_MODELS_DIR": str(folder / "models"),
            "DAGNOSIS_NOTIFY_WEBHOOK_URL": f"{hook.url}/hook",
            "DAGNOSIS_NOTIFY_ALLOW": "127.0.0.1",
            "DAGNOSIS_NOTIFY_MAIL_HOST": "127.0.0.1",
            "DAGNOSIS_NOTIFY_MAIL_PORT": str(mails.port),
            "DAGNOSIS_NOTIFY_MAIL_TLS": "none",
            "DAGNOSIS_NOTIFY_MAIL_FROM": "dagnosis@example.com",
            "DAGNOSIS_NOTIFY_MAIL_TO": "oncall@example.com",
            "AIRFLOW__DAGNOSIS__NOTIFIER_TIMEOUT_SECONDS": "60",  # a busy machine
        }
        dags = {
            "schedules.py": (Path(__file__).parent / "scheduled/schedules.py").read_text("utf-8")
        }
        with real.started(PYTHON, folder, real.free_ports(PORT), dags, extra) as airflow:
            airflow.call(
                "POST",
                "/connections",
                {
                    "connection_id": "this_airflow",
                    "conn_type": "http",
                    "host": "127.0.0.1",
                    "port": airflow.deployment.ports.api,
                    "login": airflow.user,
                    "password": airflow.password,
                },
            )
            # the first task of an Airflow that just started may be lost on a busy machine
            next(
                one
                for one in range(5)
                if airflow.wait("warm", airflow.trigger("warm", f"warm{one}")) == "success"
            )
            yield Told(airflow, folder / "store.db", hook, mails)


def test_a_failure_is_told_with_its_cause(told: Told) -> None:
    assert told.run("telling") == {"load": ["failed"]}
    (request,) = told.hook.requests
    body = json.loads(request.body)
    assert body["event"] == "new"
    assert body["incident"]["detail"] == "missing_dependency.module_not_found"
    assert body["incident"]["task"]["dag_id"] == "telling"
    assert "pandas_of_ours" in body["quote"]
    assert body["fix"]
    with open_incidents(str(told.store)) as incidents:
        (one,) = incidents.find(Query()).incidents
        (seen,) = incidents.occurrences(one.id)
    assert (one.count, seen.found_by, seen.final) == (1, "hook", True)
    # the same again is the same incident: counted, and told to nobody
    told.run("telling")
    assert len(told.hook.requests) == 1
    with open_incidents(str(told.store)) as incidents:
        assert incidents.find(Query()).incidents[0].count == 2


def test_classify_finds_what_nobody_told_of(told: Told) -> None:
    assert told.run("silent") == {"reach": ["failed"]}
    assert told.run("dagnosis_classify") == {"look": ["success"]}
    with open_incidents(str(told.store)) as incidents:
        found = {one.detail: one for one in incidents.find(Query()).incidents}
        (seen,) = incidents.occurrences(found["network.connection_refused"].id)
    assert seen.task.dag_id == "silent"
    assert seen.found_by in ("hook", "poll")  # by the hint of the plugin, where it came first
    assert found["missing_dependency.module_not_found"].count == 2  # and not counted twice
    sent = [json.loads(one.body) for one in told.hook.requests]
    assert {body["event"] for body in sent} == {"new"}
    details = [body["incident"]["detail"] for body in sent]
    assert details.count("missing_dependency.module_not_found") == 1
    assert details.count("network.connection_refused") == 1


def test_the_backlog_is_spread_over_mapped_tasks(told: Told) -> None:
    before = time.time() - 86_400
    for dag_id in ("old_sums", "old_orders", "old_stock"):
        path = told.airflow.logs / f"dag_id={dag_id}/run_id=r1/task_id=load/attempt=1.log"
        path.parent.mkdir(parents=True)
        path.write_text(OLD, "utf-8")
        os.utime(path, (before, before))
    sent = len(told.hook.requests)
    states = told.run("dagnosis_backlog")
    assert states == {"parts": ["success"], "classify": ["success"] * 3, "total": ["success"]}
    with open_incidents(str(told.store)) as incidents:
        seen = incidents.occurrence(TaskRef("old_stock", "r1", "load", -1, 1))
        found = incidents.find(Query(causes=("out_of_memory",))).incidents
    assert seen is not None
    assert seen.found_by == "file"
    assert (found[0].count, found[0].dags) == (3, 3)
    assert len(told.hook.requests) == sent  # what is old is no news


def test_retraining_with_too_little_history_is_skipped(told: Told) -> None:
    assert told.run("dagnosis_retrain") == {"forecast": ["skipped"], "causes": ["skipped"]}


def test_the_digest_is_mailed(told: Told) -> None:
    before = len(told.mails.mails)
    states = told.run("dagnosis_digest")
    assert states == {"evaluate": ["skipped"], "send": ["success"]}
    mail = told.mails.mails[before]
    assert "new" in mail["Subject"]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "pandas_of_ours" in text
    assert "silent.reach" in text
