"""Check an installation: what is there, what is missing, what to do about it."""

from __future__ import annotations

import importlib.util
import platform
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import DagnosisError, WrongUse
from dagnosis.extras import LEARN, lacking
from dagnosis.model import TaskRef

if TYPE_CHECKING:
    from dagnosis.settings import Settings

NEEDED = (
    "ahocorasick-rs",
    "alembic",
    "click",
    "duckdb",
    "fastapi",
    "google-re2",
    "httpx",
    "Jinja2",
    "msgspec",
    "numpy",
    "onnxruntime",
    "PyYAML",
    "rich",
    "SQLAlchemy",
    "tokenizers",
    "uvicorn",
)


class Check(msgspec.Struct, frozen=True):
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    advice: str = ""


def checks(*, llm: bool = False) -> list[Check]:
    """All checks, in the order a reader would want them; none of them raises.

    Nothing is sent anywhere but to the Airflow, database and store of logs that are set up; for `llm`
    the language model is asked one small question.
    """
    local = [
        _python(),
        *map(_library, NEEDED),
        _learn(),
        _causes(),
        _diagnosis(),
        _models(),
        _store(),
        _airflow(),
        *_sources(),
    ]
    return [*local, _language_model(llm)]


def _python() -> Check:
    ok = sys.version_info >= (3, 10)
    return Check("Python", ok, platform.python_version(), "Use Python 3.10 or newer.")


def _library(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "missing", f"Run: pip install {name}")


def _learn() -> Check:
    missing = lacking()
    told = (
        f"not installed: {', '.join(missing)} (to train forecasts, to find outlying rows: {LEARN})"
    )
    return Check("learn", True, told if missing else "scikit-learn, scipy and skops are installed")


def _causes() -> Check:
    from dagnosis.logs.causes.catalogue import catalogue

    try:
        known = catalogue().causes
    except DagnosisError as error:
        return Check("causes", False, str(error), "Correct the file, or reinstall dagnosis.")
    families = {cause.family for cause in known.values()}
    return Check("causes", True, f"{len(known)} causes in {len(families)} families")


def _diagnosis() -> Check:
    from dagnosis.services.explain import explain_text

    answer = explain_text("ModuleNotFoundError: No module named 'pandas'")
    ok = answer.cause == "missing_dependency"
    return Check(
        "diagnosis", ok, f"a missing module is explained as {answer.detail}", "Reinstall dagnosis."
    )


def _models() -> Check:
    from dagnosis.models import store

    advice = "Roll back (dagnosis models rollback NAME), retrain, or reinstall dagnosis."
    try:
        found = [version for name in store.names() for version in store.versions(name)]
    except (DagnosisError, OSError) as error:
        return Check("models", False, str(error), advice)
    refused = [version.trouble for version in found if version.trouble]
    used = [f"{version.name} {version.version}" for version in found if version.current]
    return Check("models", not refused, "; ".join(refused or used) or "none", advice)


def _store() -> Check:
    from dagnosis import settings
    from dagnosis.incidents.memory import open_memory
    from dagnosis.incidents.place import place

    advice = "Set store (DAGNOSIS_STORE) to a database that can be read; explain works without."
    try:
        setting = settings.load().settings.store_place
        memory = open_memory(setting)
        if memory is None:
            return Check("store", True, "none yet (dagnosis feedback makes one)")
        memory.lookup("")
        memory.close()
        return Check("store", True, place(setting).name)
    except DagnosisError as error:
        return Check("store", False, str(error), advice)


def _airflow() -> Check:
    found = importlib.util.find_spec("airflow") is not None
    return Check(
        "Airflow",
        True,
        "installed here" if found else "not installed here (not needed to read logs)",
    )


def _sources() -> list[Check]:
    """Whether runs and logs can be read from where the settings say."""
    from dagnosis import settings

    try:
        chosen = settings.load().settings
    except DagnosisError as error:
        return [Check("settings", False, str(error), "Correct the setting.")]
    wanted = {
        "runs": chosen.airflow_url or chosen.airflow_database or chosen.airflow_history_source,
        "logs": chosen.airflow_url or chosen.airflow_logs or chosen.airflow_log_source,
    }
    if not any(wanted.values()):
        return [Check("sources", True, "none set up (not needed to explain log files)")]
    looks = {"runs": _runs, "logs": _logs}
    return [_source(name, looks[name], chosen) for name, given in wanted.items() if given]


def _source(name: str, look: Callable[[Settings], str], chosen: Settings) -> Check:
    # Who asks what is wrong does not want to wait for a server that is down.
    impatient = msgspec.structs.replace(
        chosen, airflow_patience_seconds=min(chosen.airflow_patience_seconds, 3.0)
    )
    try:
        return Check(name, True, look(impatient))
    except DagnosisError as error:
        return Check(name, False, str(error), "See docs/howto/sources.md.")


def _runs(chosen: Settings) -> str:
    from dagnosis.sources.opening import open_history

    history = open_history(chosen)
    try:
        skew = (history.now() - datetime.now(timezone.utc)).total_seconds()
        running = len(history.running())
        broken = len(history.broken_dags())
        since = history.now() - timedelta(hours=1)
        next(iter(history.events(since=since)), None)
        changed = next(iter(history.runs(since)), None)
    finally:
        history.close()
    clock = "" if abs(skew) < _SKEW else f", its clock differs from ours by {skew:.0f} s"
    quiet = "" if changed else ", no run changed in the last hour"
    return (
        f"{history.name}: tries that run or wait {running}, broken DAG files {broken}{quiet}{clock}"
    )


def _logs(chosen: Settings) -> str:
    from dagnosis.sources.opening import open_logs

    logs = open_logs(chosen)
    try:
        walk = getattr(logs, "walk", None)
        if walk is None:
            logs.read(TaskRef("dagnosis_doctor", "none", "none"))
            return f"{logs.name}: through the API"
        first = next(iter(walk()), None)
    finally:
        logs.close()
    if first is None:
        raise WrongUse(
            f"{logs.name}: no log of a try in it; check airflow_logs (it holds dag_id=…) and"
            " airflow_log_template"
        )
    return f"{logs.name}: holds logs, such as that of {first.task.dag_id} {first.task.task_id}"


_SKEW = 30
"""Seconds by which clocks may differ without being told."""


def _language_model(ask: bool) -> Check:
    from dagnosis import settings
    from dagnosis.logs.llm.account import Account
    from dagnosis.logs.llm.levels import question

    name = "language model"
    try:
        chosen = settings.load().settings
        if not (chosen.llm_provider or ask):
            return Check(name, True, "none set up (not needed)")
        account = Account(chosen)
        if not ask:
            return Check(name, True, f"{account.name} (not asked; dagnosis doctor --llm does)")
        told = account.call(question(["could not connect to <host>"]))
    except DagnosisError as error:
        return Check(name, False, str(error), "See docs/howto/llm.md.")
    spent = account.budget.spent()
    return Check(
        name,
        True,
        f"{account.name} answered in {told.seconds:.1f} s with {told.tokens} tokens; "
        f"today {spent.calls} calls and {spent.tokens} tokens so far",
    )
