"""The notifier as Airflow calls it: with the context of a failed try, and with what is none."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("airflow.sdk", reason="Airflow is not installed")

from dagnosis.airflow import notifier
from dagnosis.airflow.notifier import NAMES, DagnosisNotifier, occurrence_of
from dagnosis.airflow.provider_info import get_provider_info
from dagnosis.incidents import notifications
from tests.incidents.notifications.servers import Web, web

MISSING = ModuleNotFoundError("No module named 'pandas'")


@pytest.fixture
def hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))
    monkeypatch.setenv("DAGNOSIS_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("DAGNOSIS_NOTIFY_ALLOW", "127.0.0.1")
    with web() as server:
        monkeypatch.setenv("DAGNOSIS_NOTIFY_WEBHOOK_URL", server.url)
        yield server


def context(error: Any = MISSING, run: str = "r1", **more: Any) -> dict[str, Any]:
    ti = SimpleNamespace(
        dag_id="orders", run_id=run, task_id="load", map_index=-1, try_number=1, state="failed"
    )
    return {"ti": ti, "exception": error, "task": None, **more}


def put_log(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dag_id=orders" / "run_id=r1" / "task_id=load" / "attempt=1.log"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")


def test_it_tells_the_cause_once(hook: Web) -> None:
    told = DagnosisNotifier()
    told(context())
    told(context(run="r2"))
    (request,) = hook.requests
    body = json.loads(request.body)
    assert body["incident"]["detail"] == "missing_dependency.module_not_found"
    assert "pandas" in body["quote"]
    assert body["fix"]


def test_the_log_of_the_try_says_more_than_the_exception(hook: Web, tmp_path: Path) -> None:
    put_log(
        tmp_path,
        '{"event":"psql: FATAL: password authentication failed for user \\"etl\\"","level":"info",'
        '"logger":"airflow.task.hooks.airflow.providers.standard.hooks.subprocess.SubprocessHook",'
        '"timestamp":"2026-11-26T04:00:00Z"}\n'
        '{"event":"Command exited with return code 2","level":"info","timestamp":"2026-11-26T04:00:01Z"}\n',
    )
    DagnosisNotifier()(context(RuntimeError("Bash command failed. exit code 2.")))
    body = json.loads(hook.requests[0].body)
    assert body["incident"]["cause"] == "authentication"


def test_a_try_that_is_retried_is_not_final(hook: Web) -> None:
    asked = context()
    asked["ti"].state = "up_for_retry"
    found = occurrence_of(asked)
    assert found is not None
    assert not found.final


class _Exits(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


@pytest.mark.parametrize(
    "given",
    [{}, {"ti": None}, None, "text", context(error="a text"), context(error=_Exits())],
    ids=["empty", "no try", "none", "text", "no exception", "one that exits"],
)
def test_nothing_is_raised(hook: Web, given: Any) -> None:
    DagnosisNotifier().notify(given)
    DagnosisNotifier()(given)


def test_wrong_settings_are_a_warning(
    hook: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DAGNOSIS_NOTIFY_MAIL_TO", "a@example.com")
    monkeypatch.setattr(notifier.log, "propagate", True)
    with caplog.at_level(logging.WARNING):
        DagnosisNotifier()(context())
    assert "notify_mail_to needs notify_mail_host" in caplog.text


def test_it_is_not_waited_for_long(
    hook: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW__DAGNOSIS__NOTIFIER_TIMEOUT_SECONDS", "0.2")

    class Hangs(Exception):
        def __str__(self) -> str:
            time.sleep(5)
            return ""

    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        DagnosisNotifier().notify(context(error=Hangs()))
    assert time.monotonic() - begun < 4  # the hang takes longer
    assert "longer than 0.2 s" in caplog.text


def test_names() -> None:
    assert NAMES == notifications.NAMES
    with pytest.raises(ValueError, match="'sms' is none of"):
        DagnosisNotifier(only="sms")
    named = f"{DagnosisNotifier.__module__}.{DagnosisNotifier.__name__}"
    assert get_provider_info()["notifications"] == [named]
