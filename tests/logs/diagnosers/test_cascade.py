"""Who answers, and how sure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis import explain_text
from dagnosis.errors import RefusedModelWarning
from dagnosis.logs.diagnosers import cascade
from dagnosis.logs.diagnosers.calibration import CEILING, calibrated
from dagnosis.logs.parsing import parse
from dagnosis.logs.reading import read_text
from dagnosis.models import store

OWN = "RuntimeError: portal lost the link to the ledger host and gave up; connection closed"


def _log(message: str) -> str:
    return (
        "[2026-01-05, 10:00:00 UTC] {taskinstance.py:2306} INFO - Starting attempt 1 of 1\n"
        "[2026-01-05, 10:00:01 UTC] {taskinstance.py:2905} ERROR - Task failed with exception\n"
        "Traceback (most recent call last):\n"
        '  File "/opt/airflow/dags/a.py", line 4, in load\n    raise RuntimeError(text)\n'
        f"{message}\n"
    )


def test_the_model_reads_what_an_author_raised() -> None:
    answer = explain_text(_log(OWN))
    assert (answer.engine, answer.cause, answer.detail) == (
        "model",
        "network",
        "network.by_its_words",
    )
    assert answer.evidence[0].text == OWN
    assert answer.ranked[0].confidence == answer.confidence
    assert any("model" in gap for gap in answer.gaps)


@pytest.mark.parametrize(
    "words", ["the disk of the mart is full", "connection closed by the ledger"]
)
def test_the_model_alone_never_ends_the_retries(words: str) -> None:
    answer = explain_text(_log(f"RuntimeError: portal says {words}"))
    assert answer.engine == "model"
    assert answer.retry.action in ("retry", "default")


def test_sure_rules_load_no_model() -> None:
    def explode() -> None:
        raise AssertionError("the model was asked for")

    log = parse(read_text(_log('psycopg2.errors.UndefinedTable: relation "a" does not exist'), "a"))
    finding = cascade.diagnose(log, model=explode).finding
    assert finding is not None
    assert finding.engine == "rules"


def test_without_a_model_the_rules_answer() -> None:
    log = parse(read_text(_log(OWN), "a"))
    finding = cascade.diagnose(log, model=lambda: None).finding
    assert finding is not None
    assert finding.engine == "rules"


def test_a_refused_model_is_said_once_and_the_rules_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "causes").mkdir()
    (tmp_path / "causes" / "manifest.json").write_text("{", "utf-8")
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    with pytest.warns(RefusedModelWarning, match="the rules answer alone"):
        assert explain_text(_log(OWN)).engine == "rules"


def test_a_kill_names_memory_second() -> None:
    answer = explain_text("Task exited with return code -9")
    assert [ranked.cause for ranked in answer.ranked[:2]] == ["worker_lost", "out_of_memory"]
    assert answer.confidence < 0.8


@given(st.floats(0, 1), st.floats(0, 1))
def test_calibration_keeps_the_order_and_the_range(one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert 0 <= calibrated(low) <= calibrated(high) <= CEILING
