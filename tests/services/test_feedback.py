"""A label is kept with its redacted log, and answers the next failure of the kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from dagnosis.errors import WrongUse
from dagnosis.incidents.memory import open_memory
from dagnosis.incidents.store import Store, open_store
from dagnosis.logs.reading import read_text
from dagnosis.services.explain import examine, explain_log
from dagnosis.services.feedback import NothingToLabel, give, known
from dagnosis.services.remember import WINDOW, remembered

FLANGE = (
    "[2026-11-22T08:45:51.459+0000] {{taskinstance.py:1308}} INFO - Executing <Task(PythonOperator): "
    "load> on {day}\n"
    "[2026-11-22T08:45:51.559+0000] {{etl.py:3}} INFO - Dependencies all met for "
    "<TaskInstance: {dag}.load {run} [running]>\n"
    "[2026-11-22T08:45:58.459+0000] {{taskinstance.py:3337}} ERROR - Task failed with exception\n"
    "Traceback (most recent call last):\n"
    '  File "/opt/airflow/dags/etl.py", line 3, in load\n'
    "    gizmo.run(password='hunter2hunter2')\n"
    "gizmo.FlangeError: unit {number} is wobbling, password=hunter2hunter2\n"
)


def log(dag: str = "orders", run: str = "r1", number: int = 7):  # type: ignore[no-untyped-def]
    return read_text(FLANGE.format(day="2026-11-22", dag=dag, run=run, number=number), "a.log")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "store.db")) as opened:
        yield opened


def test_a_correction_answers_the_next_failure(store: Store, tmp_path: Path) -> None:
    memory = open_memory(str(tmp_path / "store.db"))
    given = give(store, log(), cause="external_service_error.flange", who="ann", memory=memory)
    assert (given.verdict, given.new, given.answered) == ("correct", True, given.answer.detail)
    answer = explain_log(log("stock", "r2", 9), memory=memory)
    assert (answer.detail, answer.engine) == ("external_service_error.flange", "similar")
    assert answer.similar == (given.diagnosis_id,)
    again = give(store, log("stock", "r2", 9), who="bob", memory=memory)
    assert (again.verdict, again.detail) == ("confirm", "external_service_error.flange")
    assert len(store.labels()) == 2


def test_the_same_twice_is_one_label(store: Store) -> None:
    for _ in range(2):
        give(store, log(), cause="network", who="ann")
    assert [label.detail for label in store.labels()] == ["network.other"]


def test_what_is_kept_is_redacted_and_dated(store: Store) -> None:
    kept = remembered(log(), examine(log()))
    assert "hunter2" not in repr(kept)
    assert "is wobbling" in kept.message
    assert "7| gizmo.FlangeError" in kept.lines
    assert kept.occurred == datetime(2026, 11, 22, 8, 45, 58, 459000, timezone.utc)
    assert (kept.dag_id, kept.task_id, kept.run_id) == ("orders", "load", "r1")
    other = remembered(log(run="r2"), examine(log(run="r2")))
    assert other.id != kept.id
    assert other.fingerprint == kept.fingerprint


def test_a_log_without_times_is_dated_now_and_named_by_its_lines() -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    one, other = read_text("KeyError: 'a'"), read_text("KeyError: 'b'")
    kept = [remembered(text, examine(text), now) for text in (one, one, other)]
    assert kept[0] == kept[1]
    assert kept[0].id != kept[2].id
    assert kept[0].occurred == now


def test_the_reduced_log_is_bounded() -> None:
    text = read_text("\n".join(["x" * 3000] * 200 + ["KeyError: 'a'"] + ["y" * 3000] * 200))
    kept = remembered(text, examine(text))
    assert len(kept.lines) <= WINDOW
    assert "201| KeyError: 'a'" in kept.lines


def test_nothing_to_label(store: Store) -> None:
    with pytest.raises(NothingToLabel, match="states no failure"):
        give(store, read_text("all good"), cause="network")
    assert store.count() == 0


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        ("netwrk.refused", "did you mean network"),
        ("nonsense.column_not_found", "did you mean data_error.column_not_found"),
        ("", "no family to learn"),
        ("unknown.unknown", "no family to learn"),
        ("data_error.Bad name", "lower case"),
        ("data_error.column_not_fond", "did you mean data_error.column_not_found"),
        ("data_error.x; DROP TABLE", "lower case"),
    ],
)
def test_causes_that_cannot_be(cause: str, says: str) -> None:
    with pytest.raises(WrongUse, match=says):
        known(cause)


def test_causes_that_can_be() -> None:
    assert known("data_error.column_not_found") == "data_error.column_not_found"
    assert known("data_error") == "data_error.other"
    assert known("network.vpn_down") == "network.vpn_down"
    assert known("data_error.column_not_fond", new=True) == "data_error.column_not_fond"
