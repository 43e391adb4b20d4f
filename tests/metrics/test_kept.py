"""What survives a restart comes from the stores, in a process and from cron."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families as parsed

from dagnosis.cli import app
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.store import ProfileStore
from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from dagnosis.logs.llm.budget import Budget, default_folder
from dagnosis.metrics import Metrics
from dagnosis.services.check import check
from dagnosis.services.metrics import seed
from dagnosis.settings import Settings
from tests.data import tables
from tests.incidents.making import failed
from tests.metrics.filling import Kept, filled


@pytest.fixture
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with profiles of one dataset, and a model call that was paid for."""
    profiles = tmp_path / "profiles.db"
    monkeypatch.setenv("DAGNOSIS_PROFILES", str(profiles))
    monkeypatch.setenv("DAGNOSIS_LLM_WHEN", "unsure")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    store = ProfileStore(str(profiles))
    check(DuckDBEngine(tables.day(0, rows=52)), "orders", tables.partition(0), "r", store)
    settings = Settings(
        profiles=str(profiles), models_dir=str(tmp_path / "models"), llm_when="unsure"
    )
    from dagnosis.logs.llm.account import limits_of

    budget = Budget(limits_of(settings), default_folder() / "llm-usage.sqlite3")
    budget.settle(budget.book(10, 10), 40_000, 10_000, 36.0)
    return settings


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Of one series."""
    return metrics.registry.get_sample_value(name, labels)


def test_a_process_begins_with_what_is_kept(chosen: Settings) -> None:
    metrics = Metrics()
    seed(metrics, chosen, Kept())
    assert value(metrics, "dagnosis_incidents", cause="network", state="open") == 2
    assert value(metrics, "dagnosis_dataset_rows", dataset="orders") == 52
    assert value(metrics, "dagnosis_last_success_timestamp_seconds", activity="check")
    assert value(metrics, "dagnosis_llm_budget_used_ratio", budget="tokens") == 0.05
    assert value(metrics, "dagnosis_llm_budget_used_ratio", budget="cost") == 0
    # what was done by another process is no count of this one
    assert value(metrics, "dagnosis_checks_total", dataset="orders", status="learning") == 0


def test_what_it_says_of_incidents_is_what_the_store_holds(tmp_path: Path) -> None:
    settings = Settings(
        store=str(tmp_path / "store.db"), profiles="none.db", models_dir=str(tmp_path / "models")
    )
    metrics = Metrics()
    with open_incidents(settings.store_place) as store:
        for number in range(6):
            one = failed(number, f"f{number % 3}", cause="network", detail="network.dns")
            for told in store.record([one]):
                metrics.recorded(one, told)
        first, *_ = store.find(Query(causes=("network",))).incidents
        store.set_state([first.id], "acknowledged", who="anna")
        metrics.state_changed("network", "open", "acknowledged")
        again = Metrics()
        seed(again, settings, store)
    for state, count in (("open", 2), ("acknowledged", 1), ("resolved", 0)):
        for one_of in (metrics, again):
            told_now = value(one_of, "dagnosis_incidents", cause="network", state=state) or 0
            assert told_now == count, state
    assert value(again, "dagnosis_stored_occurrences", cause="network") == 6


def test_stores_that_do_not_exist_are_not_made(tmp_path: Path) -> None:
    profiles = tmp_path / "none.db"
    seed(Metrics(), Settings(profiles=str(profiles), models_dir=str(tmp_path / "models")))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("chosen")
def test_cron_writes_a_file_for_node_exporter(tmp_path: Path) -> None:
    file = tmp_path / "dagnosis.prom"
    ran = CliRunner().invoke(app, ["metrics", "--textfile", str(file)])
    assert (ran.exit_code, ran.output) == (0, "")
    text = file.read_text("utf-8")
    told = {family.name: family for family in parsed(text)}
    (rows,) = told["dagnosis_dataset_rows"].samples
    assert (rows.labels, rows.value) == ({"dataset": "orders"}, 52)
    assert "process_" not in text  # node_exporter tells its own
    assert not [name for name, family in told.items() if family.type in ("counter", "histogram")]
    promtool = shutil.which("promtool")
    if promtool:
        subprocess.run([promtool, "check", "metrics"], input=file.read_bytes(), check=True)
    assert [path.name for path in tmp_path.glob("dagnosis*")] == ["dagnosis.prom"]


@pytest.mark.usefixtures("chosen")
def test_it_prints_the_page_or_json() -> None:
    page = CliRunner().invoke(app, ["metrics"]).stdout
    rows = [
        json.loads(line)
        for line in CliRunner().invoke(app, ["metrics", "--json"]).stdout.splitlines()
    ]
    assert 'dagnosis_dataset_rows{dataset="orders"} 52.0' in page
    assert {"name": "dagnosis_dataset_rows", "labels": {"dataset": "orders"}, "value": 52.0} in rows


@pytest.mark.parametrize("name", ["missing/dagnosis.prom", "dagnosis.txt"])
def test_a_file_that_nobody_would_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUse, match=name):
        filled().write_kept(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
