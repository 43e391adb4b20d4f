"""A watch tells what it does, on a port of its own."""

from __future__ import annotations

import urllib.request
from datetime import datetime, timezone
from pathlib import Path

import pytest

from dagnosis.errors import ServiceUnreachable, WrongUse
from dagnosis.incidents.incidents import open_incidents
from dagnosis.logs.llm.consult import Consultation
from dagnosis.metrics import Metrics
from dagnosis.model import TaskRef
from dagnosis.services.metrics import Telling, consulted, listen, now_and_then
from dagnosis.services.watch.rounds import Round
from dagnosis.settings import Settings
from dagnosis.sources.contract import Attempt
from tests.incidents.making import failed


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_round_is_told_and_the_store_now_and_then(tmp_path: Path) -> None:
    settings = Settings(
        profiles=str(tmp_path / "none.db"), models_dir=str(tmp_path), spool=str(tmp_path / "spool")
    )
    clock = [0.0]
    metrics = Metrics(clock=datetime.now(timezone.utc).timestamp)
    with open_incidents(str(tmp_path / "store.db")) as store:
        telling = Telling(metrics, settings, store, "airflow", now=lambda: clock[0])
        one = failed(1)
        (recorded,) = store.record([one])
        done = Round(lag=4.0, seconds=0.5, recorded=[(one, recorded)])
        done.succeeded = [Attempt(task=TaskRef("orders", "r", "t"), state="success")] * 3
        done.dropped_hints = 2
        telling(done)
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
    metrics = Metrics()
    tell = consulted(metrics)
    tell(Consultation(None, note="not asked: no failure in this log"))
    tell(Consultation(None, won=True, tokens=900, cost=0.5, seconds=1.0))
    tell(Consultation(None, tokens=100))
    tell(Consultation(None, won=True, kept=True))
    tell(Consultation(None, note="The language model was not used: no answer."))
    for outcome, count in {"won": 1, "stood": 1, "kept": 1, "failed": 1, "refused": 0}.items():
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
