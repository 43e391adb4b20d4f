"""The plugin in a real Airflow: tabs, the watch beside it, and what a user who may read one DAG sees.

Two DAGs fail in the same way, so they are one incident; alice may read the logs of `hers` alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import httpx
import pytest

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from tests.airflow.real import RealAirflow, environment, free_ports, started

PYTHON = environment("DAGNOSIS_TEST_AIRFLOW")
pytestmark = [
    pytest.mark.skipif(
        PYTHON is None, reason="DAGNOSIS_TEST_AIRFLOW names no Python of an Airflow with dagnosis"
    ),
    pytest.mark.xdist_group("airflow"),
]
ROOT = Path(__file__).parents[2]
DAG = """
import os, signal
from airflow.sdk import DAG, task

with DAG("{dag_id}", schedule=None) as dag:
    @task
    def {word}_load():
        import {word}_module_that_nobody_has  # noqa: F401

    @task
    def killed():
        os.kill(os.getpid(), signal.SIGKILL)

    @task
    def shared():
        raise ConnectionRefusedError(111, "Connection refused")

    @task
    def {word}_report():
        pass

    {word}_load() >> {word}_report()
    killed()
    shared()
"""
SECRETS = ("secretdag", "payroll", "payroll_load", "payroll_module")
"""Words of the DAG that alice may not read: none of them may reach her."""


@dataclass
class Shown:
    airflow: RealAirflow
    store: Path
    runs: dict[str, str]
    alice: httpx.Client
    admin: httpx.Client

    def trouble(self) -> str:
        """The end of what the API server printed."""
        return (self.airflow.deployment.home / "api-server.out").read_text(errors="replace")[-4000:]


def _client(airflow: RealAirflow, user: str, password: str) -> httpx.Client:
    answer = httpx.post(
        f"{airflow.url}/auth/token", json={"username": user, "password": password}, timeout=60
    )
    token = answer.raise_for_status().json()["access_token"]
    return httpx.Client(base_url=airflow.url, cookies={"_token": token}, timeout=120)


@pytest.fixture(scope="module")
def shown() -> Iterator[Shown]:
    assert PYTHON
    dags = {
        "hers.py": DAG.format(dag_id="hers", word="sales"),
        "other.py": DAG.format(dag_id="secretdag", word="payroll"),
    }
    with TemporaryDirectory(prefix="plugin-", ignore_cleanup_errors=True) as folder:
        store = Path(folder) / "store.db"
        extra = {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent / "auth")]),
            "AIRFLOW__CORE__AUTH_MANAGER": "limited_auth.LimitedAuthManager",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,alice:user",
            "DAGNOSIS_STORE": str(store),
            "DAGNOSIS_PROFILES": str(Path(folder) / "profiles.db"),
            "DAGNOSIS_SPOOL": str(Path(folder) / "spool"),
        }
        with started(PYTHON, Path(folder), free_ports(29_000), dags, extra) as airflow:
            passwords = json.loads((airflow.deployment.home / "passwords.json").read_text())
            runs = {dag_id: airflow.run(dag_id) for dag_id in ("hers", "secretdag")}
            with (
                _client(airflow, "alice", passwords["alice"]) as alice,
                _client(airflow, "admin", airflow.password) as admin,
            ):
                yield Shown(airflow, store, runs, alice, admin)


def task_page(dag_id: str, run_id: str, task_id: str) -> str:
    return f"/dagnosis/dags/{dag_id}/runs/{quote(run_id, safe='')}/tasks/{task_id}"


def test_without_a_watch_the_tab_diagnoses_by_itself(shown: Shown) -> None:
    page = shown.admin.get(task_page("hers", shown.runs["hers"], "sales_load"))
    assert page.status_code == 200, shown.trouble()
    assert "A Python module is not installed" in page.text
    assert "sales_module_that_nobody_has" in page.text


def test_the_watch_finds_what_is_left_once(shown: Shown) -> None:
    settings = {
        "DAGNOSIS_STORE": str(shown.store),
        "DAGNOSIS_AIRFLOW_URL": shown.airflow.url,
        "DAGNOSIS_AIRFLOW_USER": "admin",
        "DAGNOSIS_AIRFLOW_PASSWORD_ENV": "PASSWORD",
        "PASSWORD": shown.airflow.password,
        "DAGNOSIS_SPOOL": str(shown.store.parent / "spool"),
    }
    command = [sys.executable, "-m", "dagnosis", "watch", "--once", "--json"]
    deadline = time.monotonic() + 120
    while True:  # the API is ahead of nothing, but a killed task is found by the scheduler
        done = subprocess.run(
            command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        with open_incidents(str(shown.store)) as incidents:
            found = incidents.find(Query(members=True)).incidents
        if sum(one.count for one in found) >= 6 or time.monotonic() > deadline:
            break
        time.sleep(3)
    by_detail = {(one.detail, one.message): one for one in found}
    assert sum(one.count for one in found) == 6
    (refused,) = [one for one in by_detail.values() if one.detail == "network.connection_refused"]
    assert (refused.count, refused.dags) == (2, 2)
    (killed,) = [one for one in by_detail.values() if one.detail == "worker_lost.sigkill"]
    assert killed.count == 2
    assert sum(one.blast for one in found) == 2


def _routes() -> list[str]:
    """Every route that the plugin has, asked of the plugin itself."""
    code = (
        "import json, dagnosis.airflow.views as v;"
        "print(json.dumps([[r.path, sorted(r.methods)] for r in v.made().routes]))"
    )
    done = subprocess.run(
        [str(PYTHON), "-W", "ignore", "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
    )  # fmt: skip
    return [path for path, methods in json.loads(done.stdout.splitlines()[-1]) if "GET" in methods]


def test_alice_reads_nothing_of_what_she_may_not(shown: Shown) -> None:
    routes = _routes()
    assert len(routes) >= 7
    names = {
        "dag_id": "secretdag",
        "run_id:path": quote(shown.runs["secretdag"], safe=""),
        "run_id": quote(shown.runs["secretdag"], safe=""),
        "task_id": "payroll_load",
        "name": "style.css",
    }
    asked = 0
    for route in routes:
        for number in range(1, 8) if "{number}" in route else (1,):
            path = route.replace("{number}", str(number))
            for name, value in names.items():
                path = path.replace("{" + name + "}", value)
            for query in ("", "?dag_id=secretdag", "?text=payroll", "?state=any", "?group=dag"):
                answer = shown.alice.get(f"/dagnosis{path}{query}", follow_redirects=False)
                asked += 1
                if "secretdag" in path:
                    assert answer.status_code in (403, 404), path
                body = (
                    answer.text.replace("secretdag", "", 1) if "dag_id=" in query else answer.text
                )
                body = body.replace("payroll", "", 1) if "text=payroll" in query else body
                for word in SECRETS:
                    assert word not in body, (path, query, word)
    assert asked > 50


def test_alice_sees_her_own_share_of_a_common_incident(shown: Shown) -> None:
    deadline = time.monotonic() + 60
    while True:
        page = shown.alice.get("/dagnosis/incidents").text
        if "The connection is refused" in page or time.monotonic() > deadline:
            break
        time.sleep(2)
    assert "The connection is refused" in page, shown.trouble()
    assert "hers.shared" in page
    assert "2 failures" not in page, "one of the two is not hers to count"
    assert "2 failures" in shown.admin.get("/dagnosis/incidents").text


def test_nobody_without_a_token_sees_anything(shown: Shown) -> None:
    for route in _routes():
        if "/static/" in route:
            continue
        answer = httpx.get(f"{shown.airflow.url}/dagnosis{route}", timeout=60)
        assert answer.status_code in (401, 403, 422), route


def test_a_form_without_its_token_changes_nothing(shown: Shown) -> None:
    answer = shown.admin.post("/dagnosis/incidents/state", data={"state": "muted", "id": "1"})
    assert answer.status_code == 400
    with open_incidents(str(shown.store)) as incidents:
        assert incidents.find(Query(states=("muted",))).total == 0


def test_acknowledging_is_one_click_and_alice_cannot_for_others(shown: Shown) -> None:
    page = shown.alice.get("/dagnosis/incidents").text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    with open_incidents(str(shown.store)) as incidents:
        others = [
            one.id
            for one in incidents.find(Query(dag_id="secretdag", members=True)).incidents
            if one.dags == 1
        ]
    data = {"csrf": csrf, "state": "resolved", "id": [str(one) for one in others]}
    shown.alice.post("/dagnosis/incidents/state", data=data)
    with open_incidents(str(shown.store)) as incidents:
        assert all(one.state == "open" for one in map(incidents.incident, others) if one)


def test_the_tab_is_on_the_task_page_of_airflow_itself(shown: Shown) -> None:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    token = shown.admin.cookies["_token"]
    run_id = quote(shown.runs["hers"], safe="")
    page_of = f"{shown.airflow.url}/dags/hers/runs/{run_id}/tasks/killed/plugin/diagnosis"
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "_token", "value": token, "url": shown.airflow.url}])
        page = context.new_page()
        page.goto(page_of, timeout=120_000)
        frame = page.frame_locator("iframe")
        frame.get_by_text("was killed (SIGKILL)").first.wait_for(timeout=120_000)
        frame.get_by_text("Will a retry help?").wait_for(timeout=30_000)
        browser.close()


def test_airflow_shows_the_tabs_and_the_link(shown: Shown) -> None:
    plugins = shown.airflow.call("GET", "/plugins")["plugins"]
    (ours,) = [one for one in plugins if one["name"] == "dagnosis"]
    assert {view["destination"] for view in ours["external_views"]} == {
        "nav", "dag", "dag_run", "task_instance",
    }  # fmt: skip
    path = f"/dags/hers/dagRuns/{shown.runs['hers']}/taskInstances/sales_load/links"
    links = shown.airflow.call("GET", path)
    assert "/dagnosis/dags/hers/" in str(links)
