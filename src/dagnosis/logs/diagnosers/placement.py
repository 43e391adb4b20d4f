"""The same exception means something else where it was raised.

A `KeyError` in the user's function is a bug in it, while importing a DAG file it is a broken DAG,
and deep inside Airflow with none of the user's code on the stack it is Airflow's. Each rule below
reads the place, not the words; the first that applies gives the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import re2

from dagnosis.logs.causes.verdict import Verdict
from dagnosis.logs.evidence import Candidate
from dagnosis.logs.parsing import ParsedLog
from dagnosis.model import Frame, RetryAdvice

Owner: TypeAlias = Literal["user", "airflow", "provider", "library"]

GENERIC_WEIGHT = 3.0
"""Up to this weight a verdict rests on the exception's type alone: the place may say more."""

_LIBRARY = re2.compile(
    r"site-packages|dist-packages|/lib/python\d|<frozen|<string>|/usr/lib/|\.zip/"
)
_AIRFLOW = re2.compile(r"(?:^|/)airflow/(?:[\w]+/)*\w+\.py$|site-packages/airflow/")
_PROVIDER = re2.compile(r"airflow/(?:providers|contrib|operators|hooks|sensors|decorators)/")
_DAGS_FOLDER = re2.compile(r"/dags?[-_\w]*/|/plugins/")


def owner(frame: Frame) -> Owner:
    """Whose code a frame is: by its path alone.

    >>> owner(Frame("/opt/airflow/dags/etl.py", 3, "load"))
    'user'
    >>> owner(Frame("/venv/lib/python3.11/site-packages/airflow/models/dag.py", 3, "f"))
    'airflow'
    """
    path = frame.file
    if _AIRFLOW.search(path) and (_LIBRARY.search(path) or not _DAGS_FOLDER.search(path)):
        return "provider" if _PROVIDER.search(path) else "airflow"
    return "library" if _LIBRARY.search(path) or path.startswith("<") else "user"


def user_frame(frames: tuple[Frame, ...]) -> Frame | None:
    """The innermost frame in the user's own code, None when there is none."""
    return next((frame for frame in reversed(frames) if owner(frame) == "user"), None)


def place(candidate: Candidate, log: ParsedLog) -> Verdict | None:
    """The verdict on a candidate in its place; None when neither words nor place say anything."""
    for rule in _RULES:
        verdict = rule(candidate, log)
        if verdict:
            return verdict
    return candidate.verdict


def _generic(candidate: Candidate) -> bool:
    verdict = candidate.verdict
    return verdict is None or verdict.symptom or verdict.weight <= GENERIC_WEIGHT


# ---------------------------------------------------------------- while a DAG file is imported

_AUTHORING = frozenset({"code_error", "data_error", "unknown", "airflow_bug", "serialization_xcom"})
_CANNOT_IMPORT = re2.compile(
    r"cannot import name '[^']+' from (?:partially initialized module )?'([\w.]+)'(?: \(([^)]*)\))?"
)


def _while_importing(candidate: Candidate, log: ParsedLog) -> Verdict | None:
    if candidate.kind != "exception" or candidate.origin != "import":
        return None
    verdict = candidate.verdict
    moved = _CANNOT_IMPORT.search(candidate.message)
    if moved and (
        moved.group(1).startswith("airflow")
        or not _LIBRARY.search(moved.group(2) or "site-packages")
    ):
        return _definition(candidate, "The DAG file imports a name that its module does not have")
    if (
        verdict is None
        or verdict.family in _AUTHORING
        or (_generic(candidate) and verdict.family not in _SURE)
    ):
        return _definition(candidate, "The DAG file cannot be imported")
    return None


_SURE = frozenset(
    {
        "missing_dependency",
        "configuration_error",
        "timeout",
        "network",
        "permission",
        "resource_not_found",
        "dependency_version_conflict",
    }
)


def _definition(candidate: Candidate, title: str) -> Verdict:
    name = candidate.type.rpartition(".")[2] or "error"
    return Verdict(
        detail=f"dag_definition_error.import_{name.lower()}",
        family="dag_definition_error",
        title=f"{title} ({name})",
        weight=6,
        transience="permanent",
        retry=RetryAdvice("fail", None, "The file stays broken until it is changed."),
        fix=(
            "Open the DAG file at the quoted frame and correct what the quoted line names.",
            "Check it with `python your_dag.py` in the environment of the scheduler: it must end without an error.",
            "Watch the import error vanish from the list (`airflow dags list-import-errors`).",
        ),
    )


# ---------------------------------------------------------------- Airflow's own database

_DATABASE = re2.compile(
    r"(?i)sqlalchemy|psycopg|sqlite3|mysql|pymysql|OperationalError|ProgrammingError|IntegrityError|DBAPIError|StaleDataError"
)
_AIRFLOW_TABLES = re2.compile(
    r"(?i)(?:from|into|update|join|column|relation|table)\s+[\"'`]?(?:\w+\.)?(?:dag|dag_run|task_instance|task_fail|job|xcom|"
    r"serialized_dag|slot_pool|dag_tag|import_error|log|sla_miss|dag_code|rendered_task_instance_fields|"
    r"dag_version|task_reschedule|dagrun_asset_event|trigger|ab_user|ab_role|alembic_version|connection|variable|dag_pickle|dataset\w*|asset\w*)\b"
)


def _in_metadata_database(candidate: Candidate, log: ParsedLog) -> Verdict | None:
    if candidate.origin == "output" and not candidate.frames:
        return None
    if not _DATABASE.search(candidate.type or candidate.message[:200]):
        return None
    owners = {owner(frame) for frame in candidate.frames}
    within = "airflow" in owners and not owners & {"user", "provider"}
    statement = candidate.message.partition("[SQL")[2] or candidate.message
    if not within and not (
        _AIRFLOW_TABLES.search(statement) and "user" not in owners and "provider" not in owners
    ):
        return None
    if candidate.verdict and candidate.verdict.family in (
        "serialization_xcom",
        "scheduler_or_metadata_db",
    ):
        return None
    transient = candidate.verdict is not None and candidate.verdict.transience == "transient"
    return Verdict(
        detail="scheduler_or_metadata_db.query_failed",
        family="scheduler_or_metadata_db",
        title="Airflow's own metadata database refused a query",
        weight=6,
        transience="transient" if transient else "unknown",
        retry=RetryAdvice("retry", 120, "The metadata database may answer again.")
        if transient
        else RetryAdvice("default", None, "It depends on the state of the metadata database."),
        fix=(
            "This is not your task's database: look at the health of the metadata database first (`airflow db check`).",
            "A missing column or table means that the schema is older or newer than this Airflow: run `airflow db migrate` with the version that runs.",
            "Deadlocks and locks: SQLite serves one writer only, so use PostgreSQL; else look for long transactions.",
        ),
    )


# ---------------------------------------------------------------- Airflow itself

_ENTRY = frozenset(
    {
        "task_runner.py",
        "taskinstance.py",
        "dagbag.py",
        "standard_task_runner.py",
        "local_task_job.py",
    }
)
_BUG_TYPES = frozenset(
    {
        "KeyError",
        "AttributeError",
        "TypeError",
        "IndexError",
        "AssertionError",
        "RuntimeError",
        "UnboundLocalError",
        "NameError",
        "ValueError",
        "DetachedInstanceError",
    }
)


def _inside_airflow(candidate: Candidate, log: ParsedLog) -> Verdict | None:
    if candidate.kind != "exception" or not candidate.frames or not _generic(candidate):
        return None
    if candidate.type.rpartition(".")[2] not in _BUG_TYPES or candidate.origin == "import":
        return None
    owners = [owner(frame) for frame in candidate.frames]
    if "user" in owners or "provider" in owners or "airflow" not in owners:
        return None
    return Verdict(
        detail="airflow_bug.internal_error",
        family="airflow_bug",
        title="Airflow failed in its own code: none of yours is on the stack",
        weight=4,
        transience="unknown",
        fix=(
            "Search Airflow's issue tracker for the quoted line together with your version.",
            "Try the newest patch release of your minor version.",
            "If it is new, report it with the whole traceback and the versions of Airflow and providers.",
        ),
    )


# ---------------------------------------------------------------- raised on purpose by the author

_RAISED = frozenset(
    {
        "Exception",
        "ValueError",
        "RuntimeError",
        "AirflowException",
        "AirflowFailException",
        "AssertionError",
    }
)
_ABOUT_DATA = re2.compile(
    r"(?i)\b(?:rows?|records?|columns?|data|values?|expected|missing|empty|insufficient|duplicate[sd]?|nulls?|schema|batch|"
    r"partition|quality|check|valid\w*|threshold|mismatch|out of range|negative|stale|not operational|freshness|count|"
    r"samples?|duplicad\w*|dados|datos|insuficient\w*|fehlt|ung[uü]ltig\w*|manquant\w*|faltan\w*|vac[ií]o)\b"
)


def _raised_by_author(candidate: Candidate, log: ParsedLog) -> Verdict | None:
    if candidate.kind != "exception" or not _generic(candidate):
        return None
    name = candidate.type.rpartition(".")[2]
    if name not in _RAISED or not candidate.value or not candidate.frames:
        return None
    if owner(candidate.frames[-1]) != "user" or candidate.origin == "import":
        return None
    about_data = bool(_ABOUT_DATA.search(candidate.value))
    return Verdict(
        detail="data_error.check_of_author" if about_data else "code_error.raised_by_author",
        family="data_error" if about_data else "code_error",
        title="A check that the author wrote stopped the task",
        weight=3.5,
        transience="unknown" if not about_data else "permanent",
        fix=(
            "Read the quoted message: the author of the task raised it on purpose at the quoted frame.",
            "Look at the input of that check for this data interval before you retry.",
        ),
    )


Rule: TypeAlias = Callable[[Candidate, ParsedLog], Verdict | None]
_RULES: tuple[Rule, ...] = (
    _while_importing,
    _in_metadata_database,
    _inside_airflow,
    _raised_by_author,
)
