"""A watch tells what it does, on a port of its own."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from dagnosis.cli import app
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.store import ProfileStore
from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.forecast.attempts import uid
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.notifications.contract import Notice, Notifier, Undelivered
from dagnosis.incidents.outbox import Outbox
from dagnosis.incidents.store import open_store
from dagnosis.logs.llm.consult import Consultation
from dagnosis.metrics import Metrics
from dagnosis.model import TaskRef
from dagnosis.services.check import accept, check
from dagnosis.services.health import said, working
from dagnosis.services.metrics import Seeds, Telling, listen, now_and_then
from dagnosis.services.outlook import Ahead, Outlook, Reckoning, keep
from dagnosis.services.watch.afterwards import Postman
from dagnosis.services.watch.measuring import Report, measure, report
from dagnosis.services.watch.notes import Notes
from dagnosis.services.watch.rounds import Round
from dagnosis.settings import Settings
from dagnosis.sources.contract import Attempt
from tests.data import tables
from tests.incidents.making import failed, remembered


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def counted(notes: Notes) -> Metrics:
    """What a process counts to which a watch printed its notes; they are told once."""
    metrics = Metrics()
    for _ in range(2):
        line = msgspec.json.encode(report(Round(), notes=notes.take()))
        measure(metrics, msgspec.json.decode(line, type=Report))
    return metrics


def test_a_round_is_told_and_the_store_now_and_then(tmp_path: Path) -> None:
    settings = Settings(
        profiles=str(tmp_path / "none.db"), models_dir=str(tmp_path), spool=str(tmp_path / "spool")
    )
    clock = [0.0]
    metrics = Metrics(clock=datetime.now(timezone.utc).timestamp)
    with open_incidents(str(tmp_path / "store.db")) as store:
        notes = Notes()
        telling = Telling(metrics, settings, store, "airflow", notes, now=lambda: clock[0])
        one = failed(1)
        (recorded,) = store.record([one])
        done = Round(lag=4.0, seconds=0.5, recorded=[(one, recorded)])
        done.succeeded = [Attempt(task=TaskRef("orders", "r", "t"), state="success")] * 3
        done.dropped_hints = 2
        notes.notified("webhook", "failed", 3)
        telling(done)
        assert value(metrics, "dagnosis_activity_failures_total", activity="notify") == 3
        assert value(metrics, "dagnosis_tries_total", outcome="failed") == 1
        assert value(metrics, "dagnosis_tries_total", outcome="success") == 3
        assert value(metrics, "dagnosis_watch_lag_seconds", source="airflow") == 4
        assert value(metrics, "dagnosis_spool_dropped_total") == 2
        assert value(metrics, "dagnosis_watch_poll_duration_seconds_sum") == 0.5
        assert value(metrics, "dagnosis_incidents", cause="data_error", state="open") == 1

        store.set_state([recorded.incident_id], "resolved", who="anna")  # on a page elsewhere
        telling(Round())
        assert value(metrics, "dagnosis_incidents", cause="data_error", state="open") == 1
        clock[0] = 301.0
        telling(Round())
        assert value(metrics, "dagnosis_incidents", cause="data_error", state="open") == 0
        telling.trouble()
        assert value(metrics, "dagnosis_activity_failures_total", activity="watch") == 1


def test_scrapes_are_answered_beside_it() -> None:
    metrics = Metrics()
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    end = listen(metrics, "127.0.0.1", port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            assert b"dagnosis_build_info{" in answer.read()
        with pytest.raises(WrongUse, match="metrics_port"):
            listen(metrics, "127.0.0.1", port)
    finally:
        end()


def test_questions_to_a_model_are_told() -> None:
    notes = Notes()
    tell = notes.consulted
    tell(Consultation(None, note="not asked: no failure in this log"))
    tell(Consultation(None, won=True, tokens=900, cost=0.5, seconds=1.0))
    tell(Consultation(None, tokens=100))
    tell(Consultation(None, won=True, kept=True))
    tell(Consultation(None, note="The language model was not used: no answer."))
    tell(Consultation(None, note="The language model was not used: spent.", refused=True))
    metrics = counted(notes)
    for outcome, count in {"won": 1, "stood": 1, "kept": 1, "failed": 1, "refused": 1}.items():
        assert value(metrics, "dagnosis_llm_calls_total", outcome=outcome) == count, outcome
    assert value(metrics, "dagnosis_llm_tokens_total") == 1000


def test_the_store_is_looked_into_now_and_then() -> None:
    clock, taken = [0.0], []

    def take() -> None:
        taken.append(clock[0])
        raise ServiceUnreachable("db: does not answer")

    due = now_and_then(take, 60.0, lambda: clock[0])
    for clock[0] in (1.0, 59.0, 60.0, 61.0, 130.0):
        thread = due()
        if thread:
            thread.join()
    assert taken == [60.0, 130.0]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Stores of one test, for commands too."""
    places = {
        "store": str(tmp_path / "store.db"),
        "profiles": str(tmp_path / "profiles.db"),
        "models_dir": str(tmp_path / "models"),
        "runs": str(tmp_path / "runs.parquet"),
    }
    for key, place in places.items():
        monkeypatch.setenv(f"DAGNOSIS_{key.upper()}", place)
    open_incidents(places["store"]).close()
    return Settings(**places)


class Told:
    """Refuses what it is told to refuse."""

    def __init__(self, name: str, refuses: Callable[[Notice], bool]) -> None:
        self.name, self._refuses = name, refuses

    def notify(self, notice: Notice) -> None:
        if self._refuses(notice):
            raise Undelivered("hooks.example: HTTP 503")


def test_notifications_are_told_by_notifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagnosis.services.watch.afterwards.POST_SECONDS", 0.05)
    notes = Notes()
    with open_incidents(str(tmp_path / "store.db")) as store:
        store.record([failed(number, f"f{number}") for number in range(5)])
        notifiers: list[Notifier] = [
            Told("mail", lambda notice: False),
            Told("webhook", lambda notice: notice.reason == "overflow"),
        ]
        outbox = Outbox(store, most_an_hour=3)
        with Postman(outbox, notifiers, notes.notified):
            while len(outbox.letters("sent")) < 7 or not any(
                one.problem for one in outbox.letters("waiting")
            ):
                time.sleep(0.01)
    metrics = counted(notes)
    name = "dagnosis_notifications_total"
    for notifier, sent, refused in (("mail", 4, 0), ("webhook", 3, 1)):
        assert value(metrics, name, notifier=notifier, outcome="sent") == sent
        assert value(metrics, name, notifier=notifier, outcome="failed") == refused
        assert value(metrics, name, notifier=notifier, outcome="suppressed") == 2
    assert value(metrics, "dagnosis_last_success_timestamp_seconds", activity="notify")
    assert value(metrics, "dagnosis_activity_failures_total", activity="notify") == 1


NOW = datetime(2026, 11, 26, 6, 0, tzinfo=timezone.utc)


def ahead(task_id: str, risk: float, run_uid: str = "") -> Ahead:
    return Ahead(
        dag_id="orders", task_id=task_id, kind="open" if run_uid else "next", when=NOW,
        p_fail=risk, alert=False, run_uid=run_uid,
    )  # fmt: skip


def tried(task_id: str, run_id: str, asked: float, ended: float, state: str = "success") -> Attempt:
    """A try that was queued and ended so many minutes after the outlook."""
    return Attempt(
        task=TaskRef("orders", run_id, task_id),
        state=state,
        queued=NOW + timedelta(minutes=asked),
        ended=NOW + timedelta(minutes=ended),
    )


def test_risks_are_held_against_what_came(settings: Settings) -> None:
    notes = Notes()
    outlook = Outlook(
        made=NOW,
        now=NOW,
        model="blend",
        threshold=0.5,
        risks=(
            ahead("load", 0.9, uid(TaskRef("orders", "r1", "load"))),
            ahead("send", 0.2),
            ahead("tidy", 0.3),
        ),
    )
    with open_incidents(settings.store_place) as store:
        reckon = Reckoning(store, notes.came)
        one = Round(succeeded=[tried("send", "r0", 1, 2)])
        reckon(one)
        assert notes.take() == (), "without an outlook nothing was foretold"
        keep(store, outlook)
        notes.foretold(outlook)
        reckon(
            Round(
                failed=[
                    tried("load", "r1", -5, 1, "failed"),
                    tried("tidy", "r1", 1, 2, "skipped"),
                    tried("tidy", "r2", -9, -1, "failed"),  # was known to the outlook
                ],
                succeeded=[
                    tried("send", "r3", 7, 8),  # the second after the outlook
                    tried("send", "r2", 3, 9),
                    tried("send", "r1", -3, 9),  # open, but not known to the outlook
                ],
            )
        )
        reckon(Round(failed=[tried("send", "r4", 11, 12, "failed")]))
        metrics = counted(notes)
        assert value(metrics, "dagnosis_forecast_scored_total", bin="1.0") == 1
        assert value(metrics, "dagnosis_forecast_observed_failures_total", bin="1.0") == 1
        assert value(metrics, "dagnosis_forecast_scored_total", bin="0.3") == 1
        assert value(metrics, "dagnosis_forecast_observed_failures_total", bin="0.3") == 0
        squared = value(metrics, "dagnosis_forecast_squared_error_total")
        assert squared == pytest.approx(0.1**2 + 0.2**2)
        assert value(metrics, "dagnosis_forecast_risk_ratio_count") == 3
        # a process that was not there then has the risks from the store
        fresh = Metrics()
        Seeds(fresh, settings, store)()
    for told in (metrics, fresh):
        assert value(told, "dagnosis_forecast_runs", band="high") == 1
        assert value(told, "dagnosis_forecast_runs", band="raised") == 1
        assert value(told, "dagnosis_forecast_runs", band="low") == 1
    made = value(fresh, "dagnosis_last_success_timestamp_seconds", activity="forecast")
    assert made == NOW.timestamp()


def checks(metrics: Metrics, status: str) -> float | None:
    return value(metrics, "dagnosis_checks_total", dataset="orders", status=status)


def test_checks_of_other_processes_are_counted_once(settings: Settings) -> None:
    store = ProfileStore(settings.profiles_place)

    def checked(day: int, run: str = "r") -> None:
        check(DuckDBEngine(tables.day(day, rows=52)), "orders", tables.partition(day), run, store)

    checked(0)
    metrics = Metrics()
    seeds = Seeds(metrics, settings)
    seeds()
    assert checks(metrics, "learning") == 0, "was made before"
    checked(1)
    checked(2)
    seeds()
    seeds()
    assert checks(metrics, "learning") == 2
    checked(2)  # again
    seeds()
    assert checks(metrics, "learning") == 3
    accept(DuckDBEngine(tables.day(2, rows=52)), "orders", tables.partition(2), "r", store)
    seeds()
    assert checks(metrics, "learning") == 3
    assert value(metrics, "dagnosis_check_duration_seconds_count") == 3


def refused(*arguments: str) -> bool:
    ran = CliRunner().invoke(app, list(arguments))
    return isinstance(ran.exception, UnreadableInput)


def test_a_check_by_command_that_cannot_be_made_is_told(settings: Settings, tmp_path: Path) -> None:
    assert refused("check", str(tmp_path / "no.parquet"), "--name", "orders")
    assert refused("check", str(tmp_path / "no.parquet"), "--name", "orders")
    with open_incidents(settings.store_place) as store:
        metrics = Metrics()
        seeds = Seeds(metrics, settings, store)
        seeds()
        seeds()
        assert checks(metrics, "error") == 2
        assert value(metrics, "dagnosis_activity_failures_total", activity="check") == 2
        told = said(store, "check")
        assert told
        assert "no.parquet" in told.last_error


def test_retrainings_are_told_by_model_and_outcome(settings: Settings) -> None:
    assert refused("retrain", "forecast")  # there is no history
    with working(settings, "retrain", "causes") as ended:
        ended("promoted")
    with pytest.raises(WrongUse), working(settings, "retrain", "causes"):
        raise WrongUse("a flag is wrong")
    with open_incidents(settings.store_place) as store:
        metrics = Metrics()
        Seeds(metrics, settings, store)()
    name = "dagnosis_retrainings_total"
    assert value(metrics, name, model="forecast", outcome="failed") == 1
    assert value(metrics, name, model="causes", outcome="promoted") == 1
    assert not value(metrics, name, model="causes", outcome="failed")
    assert value(metrics, "dagnosis_activity_failures_total", activity="retrain") == 1
    assert value(metrics, "dagnosis_last_success_timestamp_seconds", activity="retrain")


def test_without_a_store_a_command_makes_none(tmp_path: Path) -> None:
    settings = Settings(store=str(tmp_path / "store.db"))
    with working(settings, "check", "orders"):
        pass
    assert not (tmp_path / "store.db").exists()


def test_feedback_is_told_as_it_is_kept(settings: Settings) -> None:
    def feedback(incidents: Incidents) -> list[Any]:
        seeds = Seeds(metrics, settings, incidents)
        seeds()
        seeds()
        verdicts = ("confirm", "correct")
        return [value(metrics, "dagnosis_feedback_total", verdict=one) for one in verdicts]

    metrics = Metrics()
    with (
        open_incidents(settings.store_place) as incidents,
        open_store(settings.store_place) as store,
    ):
        for number in range(3):
            store.remember(remembered(number))
        assert feedback(incidents) == [0, 0]
        for number, verdict in enumerate(("confirm", "confirm", "correct")):
            store.label(f"{number:016x}", verdict, "network.dns", who="anna")  # type: ignore[arg-type]
        assert feedback(incidents) == [2, 1]
        store.forget(all_of_it=True)
        assert feedback(incidents) == [2, 1], "a counter never falls"
