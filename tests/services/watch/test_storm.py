"""Failures by the hundred through a whole watch; `benchmarks/storm.py` has them by the thousand."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec
import pytest

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.outbox import Outbox
from dagnosis.services.watch.diagnosing import Diagnosed, Known, diagnosed
from dagnosis.services.watch.rounds import Watch
from tests.services.watch.storms import CAUSES, Storm, StormLogs, originals

DAGS = 50


def test_twenty_causes_are_twenty_incidents_with_exact_counts_and_few_words(tmp_path: Path) -> None:
    airflow = Storm(originals(), DAGS)
    with open_incidents(str(tmp_path / "store.db")) as incidents:
        watch = Watch(airflow, StormLogs(airflow), incidents)
        for _ in range(2):
            airflow.fail(len(CAUSES) * 2)
            watch.round()
        for _ in range(3):
            airflow.green()
            watch.round()
        assert _counts(incidents) == [4] * len(CAUSES)
        assert Outbox(incidents, most_an_hour=1000).fill(["webhook"]) <= 3 * len(CAUSES)


def test_a_storm_of_equal_failures_is_one_incident_told_twice(tmp_path: Path) -> None:
    airflow = Storm(originals(("reset_by_peer",)), DAGS)
    with open_incidents(str(tmp_path / "store.db")) as incidents:
        for _ in range(3):
            airflow.fail(60)
            Watch(airflow, StormLogs(airflow), incidents).round()  # each a new process, as it were
        assert _counts(incidents) == [180]
        assert Outbox(incidents, most_an_hour=1000).fill(["webhook"]) == 2
        rows = Outbox(incidents).letters()
        assert [one.notice.reason for one in rows] == ["escalated", "new"]


def test_a_storm_asks_a_language_model_once(tmp_path: Path) -> None:
    pytest.importorskip("pydantic_ai", reason="pydantic-ai (the extra llm) is not installed")
    from dagnosis.logs.llm.account import Account
    from dagnosis.logs.llm.consult import Consultant
    from dagnosis.settings import Settings
    from evals.doubles import Server, answer, says

    airflow = Storm(originals(("reset_by_peer",)), DAGS)
    with Server(says(answer("network", 1, "x"))) as model:
        chosen = Settings(
            llm_provider="openai-compatible", llm_model="double", llm_base_url=model.url,
            llm_when="always", llm_timeout_seconds=60,
        )  # fmt: skip
        consultant = Consultant(chosen, Account(chosen, folder=tmp_path))
        with open_incidents(str(tmp_path / "store.db")) as incidents:
            asking = partial(diagnosed, consultant=consultant)
            airflow.fail(20)
            Watch(airflow, StormLogs(airflow), incidents, diagnose=asking).round()
            assert _counts(incidents) == [20]
        assert len(model.requests) == 1


def test_what_is_said_again_is_answered_as_if_it_were_said_once() -> None:
    """Judging is remembered: another try's answer quotes its own words, not those of the first."""
    airflow = Storm(originals(("open_files",)), 3)
    airflow.fail(3)
    logs = StormLogs(airflow)
    quotes = set()
    for task in airflow.of:
        log = logs.read(task)
        assert log is not None
        row = airflow.last[msgspec.structs.replace(task, try_number=0)]
        answer: Diagnosed = diagnosed(Known(attempt=row, log=log))
        (quote,) = [line for line in answer.examined.answer.evidence if line.role == "cause"]
        assert quote.text in log.lines[quote.line - 1]
        quotes.add(quote.text)
    assert len(quotes) == 3


def _counts(incidents: Incidents) -> list[int]:
    return [one.count for one in incidents.find(Query(members=True, limit=200)).incidents]
