"""Decisions about retries, without Airflow."""

from __future__ import annotations

import json
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis import explain_text
from dagnosis.errors import WrongUse
from dagnosis.logs.reading import read_text
from dagnosis.model import RetryAdvice
from dagnosis.raised import record_of
from dagnosis.services.retry import (
    REASON_CHARACTERS,
    Rules,
    check_causes,
    decide,
    examine_try,
    is_told,
)

RESET = ConnectionResetError(104, "Connection reset by peer")


def test_a_permanent_cause_fails_and_says_why() -> None:
    made = decide(explain_text("ModuleNotFoundError: No module named 'pandas'"))
    assert (made.action, made.delay_seconds, made.category) == ("fail", None, "permanent")
    assert "missing_dependency" in made.reason


def test_a_transient_one_waits_longer_each_time_within_bounds() -> None:
    answer = examine_try(RESET, None)
    delays = [
        decide(answer, try_number=number, seed="x", rules=Rules(longest=300)).delay_seconds
        for number in range(1, 8)
    ]
    assert all(delays)
    assert delays == sorted(delays, key=lambda delay: delay or 0)
    assert delays[-1] == 300


def test_tries_that_fail_together_do_not_come_back_together() -> None:
    answer = examine_try(RESET, None)
    delays = {decide(answer, seed=str(number)).delay_seconds for number in range(20)}
    assert len(delays) > 10
    assert len({decide(answer, seed="same").delay_seconds for _ in range(5)}) == 1


def test_a_stated_wait_is_kept_and_never_cut_short() -> None:
    error = RuntimeError("429 Too Many Requests")
    error.response = SimpleNamespace(headers={"Retry-After": "90"})  # type: ignore[attr-defined]
    made = decide(examine_try(error, None), errors=[error], try_number=5)
    assert made.delay_seconds
    assert 90 <= made.delay_seconds <= 99
    assert "Retry-After" in made.reason


def test_unsure_and_unknown_are_left_alone() -> None:
    answer = explain_text("ModuleNotFoundError: No module named 'pandas'")
    assert decide(answer, rules=Rules(confidence=1.0)).action == "default"
    assert decide(explain_text("")).action == "default"
    doubtful = msgspec.structs.replace(answer, transience="unknown")
    assert decide(doubtful).action == "default"


def test_causes_that_are_never_failed_at_once() -> None:
    answer = examine_try(FileNotFoundError(2, "No such file or directory", "/in/day.csv"), None)
    assert decide(answer).action == "fail"
    for name in ("resource_not_found", answer.detail):
        made = decide(answer, rules=Rules(never_fail=(name,)))
        assert made.action == "default"
        assert "as was set" in made.reason
    assert decide(answer, rules=Rules(never_fail=("network",))).action == "fail"
    check_causes(["resource_not_found", "network.vpn_down"])
    with pytest.raises(WrongUse, match="'file_not_found' is no cause"):
        check_causes(["file_not_found"])


def test_a_table_of_categories_goes_before_the_cause() -> None:
    keep = SimpleNamespace(retry=True, delay=None, min_confidence=None)
    strict = SimpleNamespace(retry=False, delay=None, min_confidence=1.0)
    answer = explain_text('psql: error: FATAL:  password authentication failed for user "etl"')
    assert decide(answer).action == "fail"
    assert decide(answer, rules=Rules(categories={"auth": keep})).action == "retry"
    assert decide(answer, rules=Rules(categories={"auth": strict})).action == "default"
    assert decide(answer, rules=Rules(categories={})).action == "default"
    guessed = msgspec.structs.replace(answer, retry=RetryAdvice("default"))
    assert decide(guessed, rules=Rules(categories={"auth": strict})).action == "default"
    assert decide(guessed, rules=Rules(categories={"auth": keep})).action == "default"


def test_the_exception_takes_the_place_of_its_line() -> None:
    try:
        raise KeyError("day")
    except KeyError as error:
        caught = error
    stated = {"event": "Task failed with exception", "level": "error", "logger": "task"}
    log = read_text(
        "\n".join(['{"event": "start"}', json.dumps(stated), '{"event": "::endgroup::"}'])
    )
    assert is_told(log)
    answer = examine_try(caught, log)
    assert answer.exception
    assert (answer.exception.type, answer.lines_total) == ("KeyError", 3)
    assert answer.evidence[0].line == 2
    started = read_text('{"event": "start"}')
    assert not is_told(started)
    assert examine_try(caught, started).evidence[0].line == 2


def test_our_own_reason_in_the_log_changes_no_verdict() -> None:
    reset = json.dumps(record_of(RESET))
    for said in (
        "dagnosis: another try cannot succeed. A module is not installed",
        "429 rate limit",
    ):
        line = {
            "event": "Retry policy decision",
            "level": "info",
            "logger": "task",
            "action": "fail",
            "reason": said,
        }
        answer = explain_text(f"{reset}\n{json.dumps(line)}")
        assert answer.detail == explain_text(reset).detail


def test_reasons_hold_no_secrets() -> None:
    error = RuntimeError("429 Too Many Requests for postgresql://etl:hunter2secret@db/x")
    assert "hunter2secret" not in decide(examine_try(error, None), errors=[error]).reason


@given(st.text(max_size=3000))
def test_reasons_fit_where_airflow_stores_them(text: str) -> None:
    made = decide(examine_try(RuntimeError("Connection reset by peer " + text), None))
    assert len(made.reason) <= REASON_CHARACTERS


@pytest.mark.parametrize(("code", "action"), [(None, "default"), (3, "default")])
def test_an_exit(code: int | None, action: str) -> None:
    assert decide(examine_try(SystemExit(code), None)).action == action
