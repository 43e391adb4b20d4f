"""The policy as Airflow asks it."""

from __future__ import annotations

import json
import logging
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip(
    "airflow.sdk.definitions.retry_policy", reason="Airflow 3.3 or later is not installed"
)

from airflow.sdk.definitions.retry_policy import RetryAction, RetryDecision, RetryPolicy

from dagnosis.airflow import retry_policy
from dagnosis.airflow.retry_policy import DiagnosedRetry
from dagnosis.airflow.retry_policy import log as policy_log

MISSING = ModuleNotFoundError("No module named 'pandas'")
LIMITED = RuntimeError("429 Too Many Requests: rate limit exceeded, try again in 20s")
OPEN = RuntimeError("the frobnicator refused to spin")


def decide(policy: DiagnosedRetry, error: BaseException, context: Any = None) -> RetryDecision:
    return policy.evaluate(error, 1, 3, context)


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of the try that `context` names."""
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))
    path = tmp_path / "dag_id=orders" / "run_id=r1" / "task_id=load" / "attempt=2.log"
    path.parent.mkdir(parents=True)
    return path


CONTEXT = {
    "ti": SimpleNamespace(dag_id="orders", run_id="r1", task_id="load", map_index=-1, try_number=2)
}


def test_permanent_fails() -> None:
    made = decide(DiagnosedRetry(), MISSING)
    assert made.action is RetryAction.FAIL
    assert made.reason
    assert made.reason.startswith("dagnosis: another try cannot succeed. ")
    assert "pandas" in made.reason


def test_transient_is_retried_when_the_service_says() -> None:
    made = decide(DiagnosedRetry(), LIMITED)
    assert made.action is RetryAction.RETRY
    assert made.retry_delay
    assert timedelta(seconds=20) <= made.retry_delay <= timedelta(seconds=22)
    longest = DiagnosedRetry(longest=timedelta(seconds=5))
    assert decide(longest, LIMITED).retry_delay == timedelta(seconds=5)


def test_open_is_left_to_the_task() -> None:
    assert decide(DiagnosedRetry(), OPEN).action is RetryAction.DEFAULT
    assert decide(DiagnosedRetry(confidence=1.0), MISSING).action is RetryAction.DEFAULT


def test_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = decide(DiagnosedRetry(mode="record"), MISSING)
    assert recorded.action is RetryAction.DEFAULT
    assert recorded.reason
    assert "would fail" in recorded.reason
    assert decide(DiagnosedRetry(mode="off"), MISSING) == RetryDecision.default()
    monkeypatch.setenv("AIRFLOW__DAGNOSIS__RETRY_MODE", "record")
    assert decide(DiagnosedRetry(), MISSING).action is RetryAction.DEFAULT
    assert decide(DiagnosedRetry(mode="off"), MISSING).reason is None
    monkeypatch.setenv("AIRFLOW__DAGNOSIS__RETRY_MODE", "loud")
    assert decide(DiagnosedRetry(), MISSING).action is RetryAction.FAIL


def test_causes_that_are_never_failed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = FileNotFoundError(2, "No such file or directory", "/in/day.csv")
    assert decide(DiagnosedRetry(), missing).action is RetryAction.FAIL
    spared = DiagnosedRetry(never_fail=["resource_not_found"])
    assert decide(spared, missing).action is RetryAction.DEFAULT
    monkeypatch.setenv("AIRFLOW__DAGNOSIS__RETRY_NEVER_FAIL", "network, resource_not_found")
    assert decide(DiagnosedRetry(), missing).action is RetryAction.DEFAULT
    assert decide(DiagnosedRetry(), MISSING).action is RetryAction.FAIL


def test_its_own_log_says_what_the_exception_does_not(task: Path) -> None:
    bash = RuntimeError("Bash command failed. The command returned a non-zero exit code 1.")
    lines = [
        {"event": "Running command: [...]", "level": "info", "logger": "task", "dag_id": "orders", "task_id": "load"},
        {"event": "psql: error: FATAL:  password authentication failed for user \"etl\"", "level": "info",
         "logger": "airflow.task.hooks.airflow.providers.standard.hooks.subprocess.SubprocessHook"},
        {"event": "Command exited with return code 1", "level": "info", "logger": "task"},
        {"event": "Task failed with exception", "level": "error", "logger": "task"},
    ]  # fmt: skip
    task.write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = decide(DiagnosedRetry(), bash, CONTEXT)
    assert made.action is RetryAction.FAIL
    assert made.reason
    assert "authentication." in made.reason
    assert decide(DiagnosedRetry(), bash).action is RetryAction.DEFAULT


def test_a_log_that_is_not_complete_is_waited_for_shortly(task: Path) -> None:
    task.write_text('{"event": "started"}\n')
    began = time.perf_counter()
    assert decide(DiagnosedRetry(), MISSING, CONTEXT).action is RetryAction.FAIL
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("context", [None, {}, {"ti": None}, {"ti": object()}, "odd", CONTEXT])
def test_without_a_log_the_exception_decides(context: Any) -> None:
    assert decide(DiagnosedRetry(), MISSING, context).action is RetryAction.FAIL


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt, MemoryError])
def test_an_error_that_cannot_be_printed(raised: type[BaseException]) -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise raised

    assert decide(DiagnosedRetry(), Hostile()).action is RetryAction.DEFAULT


def test_a_hang_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Exception):
        def __str__(self) -> str:
            time.sleep(5)
            return ""

    monkeypatch.setenv("AIRFLOW__DAGNOSIS__RETRY_TIMEOUT_SECONDS", "0.2")
    began = time.perf_counter()
    made = decide(DiagnosedRetry(), Hanging())
    assert made.action is RetryAction.DEFAULT
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize("raised", [ImportError, SystemExit, RecursionError])
def test_our_own_failure_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, raised: type[BaseException]
) -> None:
    def broken(*_: Any) -> None:
        raise raised("broken")

    monkeypatch.setattr(retry_policy.DiagnosedRetry, "_decide", broken)
    policy_log.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING, policy_log.name):
        assert decide(DiagnosedRetry(), MISSING).action is RetryAction.DEFAULT
    policy_log.removeHandler(caplog.handler)
    assert raised.__name__ in caplog.text


class Always(RetryPolicy):
    def __init__(self, breaks: bool = False) -> None:
        self.breaks = breaks

    def evaluate(self, exception: BaseException, *_: Any, **__: Any) -> RetryDecision:
        if self.breaks:
            raise RuntimeError("no model")
        return RetryDecision.retry(timedelta(seconds=7), "asked")


def test_the_policy_behind_is_asked_where_this_one_does_not_decide() -> None:
    policy = DiagnosedRetry(otherwise=Always())
    assert decide(policy, OPEN).reason == "asked"
    assert decide(policy, MISSING).action is RetryAction.FAIL
    assert decide(DiagnosedRetry(otherwise=Always(), mode="off"), MISSING).reason == "asked"
    assert decide(DiagnosedRetry(otherwise=Always(), mode="record"), MISSING).reason == "asked"
    assert decide(DiagnosedRetry(otherwise=Always(breaks=True)), OPEN) == RetryDecision.default()


def test_categories_of_common_ai_decide() -> None:
    retry = pytest.importorskip(
        "airflow.providers.common.ai.policies.retry", reason="common-ai is not installed"
    )
    policy = DiagnosedRetry(categories=retry.DEFAULT_CATEGORIES)
    assert decide(policy, MISSING).action is RetryAction.FAIL
    assert decide(policy, OPEN).action is RetryAction.DEFAULT
    reset = decide(policy, ConnectionResetError(104, "Connection reset by peer"))
    assert reset.retry_delay
    assert timedelta(seconds=10) <= reset.retry_delay <= timedelta(seconds=12)
    classifier = retry.ClassifierRetryPolicy(
        llm_conn_id="missing",
        categories=dict(retry.DEFAULT_CATEGORIES),
        fallback_policy=DiagnosedRetry(),
    )
    assert classifier.evaluate(MISSING, 1, 3).action is RetryAction.FAIL
    assert (
        decide(DiagnosedRetry(otherwise=retry.LLMRetryPolicy("missing")), OPEN)
        == RetryDecision.default()
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"confidence": 80}, "share from 0 to 1"),
        ({"shortest": timedelta(hours=2)}, "shortest"),
        ({"mode": "dry"}, "on, record, off"),
        ({"otherwise": 3}, "RetryPolicy"),
        ({"never_fail": ["file_not_found"]}, "no family of causes"),
    ],
)
def test_wrong_values_are_told_when_the_dag_is_parsed(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        DiagnosedRetry(**wrong)
