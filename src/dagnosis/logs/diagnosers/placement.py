"""What the place of an exception adds to its words: the same KeyError is a broken DAG while a file
is imported, a bug in the user's function, and Airflow's own when none of the user's code is on the
stack. The causes named here are the structural ones of the taxonomy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import re2

from dagnosis.logs.candidate import Candidate
from dagnosis.logs.causes.verdict import Verdict, structural
from dagnosis.model import Frame

Owner: TypeAlias = Literal["user", "airflow", "provider", "library"]

GENERIC_WEIGHT = 3.0
"""Up to this weight a verdict rests on the exception's type alone: the place may say more."""

_LIBRARY = re2.compile(
    r"site-packages|dist-packages|/lib/python\d|<frozen|<string>|/usr/lib/|\.zip/"
)
# installed, a checkout of Airflow itself, or a path cut off before the package: not /opt/airflow/include
_AIRFLOW = re2.compile(r"(?:site|dist)-packages/airflow/|/airflow/airflow/\w+|^airflow/\w+")
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
    if _AIRFLOW.search(path):
        return "provider" if _PROVIDER.search(path) else "airflow"
    return "library" if _LIBRARY.search(path) or path.startswith("<") else "user"


def user_frame(frames: tuple[Frame, ...]) -> Frame | None:
    """The innermost frame in the user's own code, None when there is none."""
    return next((frame for frame in reversed(frames) if owner(frame) == "user"), None)


def place(candidate: Candidate) -> Verdict | None:
    """The verdict on a candidate in its place; None when neither words nor place say anything."""
    if candidate.type or candidate.kind == "exception":
        for rule in _RULES:
            verdict = rule(candidate)
            if verdict:
                return verdict
    return candidate.verdict


def _generic(candidate: Candidate) -> bool:
    verdict = candidate.verdict
    return verdict is None or verdict.symptom or verdict.weight <= GENERIC_WEIGHT


_UNREAD = re2.compile(r"([\w./-]+\.py)\"?, line \d+")
_SYNTAX = frozenset("SyntaxError IndentationError TabError".split())


def _syntax_of_dag_file(candidate: Candidate) -> Verdict | None:
    """Python could not read a file of the dags folder: the frame or the message names it."""
    if candidate.type not in _SYNTAX:  # psycopg2.errors.SyntaxError is about SQL
        return None
    # Python's last "frame" of a SyntaxError is the file that it could not read, in no function
    unread = [frame.file for frame in candidate.frames[-1:] if not frame.function]
    named = _UNREAD.findall(candidate.message)
    if any(_DAGS_FOLDER.search(path) for path in (*unread, *named)):
        return structural("dag_definition_error.import_failed", candidate.name)
    return None


_AUTHORING = frozenset({"code_error", "unknown", "airflow_bug", "serialization_xcom"})
_CANNOT_IMPORT = re2.compile(
    r"cannot import name '[^']+' from (?:partially initialized module )?'([\w.]+)'(?: \(([^)]*)\))?"
)


def _while_importing(candidate: Candidate) -> Verdict | None:
    if candidate.origin != "import":
        return None
    verdict = candidate.verdict
    moved = _CANNOT_IMPORT.search(candidate.message)
    own = moved and (
        moved.group(1).startswith("airflow")
        or not _LIBRARY.search(moved.group(2) or "site-packages")
    )
    if verdict and verdict.family == "airflow_bug" and not _generic(candidate):
        return None
    if own or verdict is None or verdict.family in _AUTHORING:
        return structural("dag_definition_error.import_failed", candidate.name)
    if verdict.family == "data_error" and _generic(candidate):
        return structural("dag_definition_error.import_failed", candidate.name)
    return None


def _own_json(candidate: Candidate) -> Verdict | None:
    """`json.dumps` called by the user's own code, not by Airflow on what a task returned."""
    if "is not JSON serializable" not in candidate.message:
        return None
    owners = [o for frame in candidate.frames if (o := owner(frame)) != "library"]
    return structural("code_error.own_json_dumps") if owners[-1:] == ["user"] else None


_STORED = re2.compile(r"airflow/(?:\w+/)*(?:variable|connection)\.py$")


def _stored_value(candidate: Candidate) -> Verdict | None:
    """What an Airflow variable or connection holds could not be read as what was asked for."""
    if candidate.name not in ("JSONDecodeError", "ValueError"):
        return None
    known = [frame for frame in candidate.frames if owner(frame) != "library"]
    if known and _STORED.search(known[-1].file) and owner(known[-1]) == "airflow":
        return structural("configuration_error.stored_value_malformed")
    return None


_DATABASE = re2.compile(
    r"(?i)sqlalchemy|psycopg|sqlite3|mysql|pymysql|OperationalError|ProgrammingError|IntegrityError|DBAPIError|StaleDataError"
)
_AIRFLOW_TABLES = re2.compile(
    r"(?i)(?:from|into|update|join|column|relation|table)\s+[\"'`]?(?:\w+\.)?(?:dag|dag_run|task_instance|task_fail|job|xcom|"
    r"serialized_dag|slot_pool|dag_tag|import_error|log|sla_miss|dag_code|rendered_task_instance_fields|"
    r"dag_version|task_reschedule|dagrun_asset_event|trigger|ab_user|ab_role|alembic_version|connection|variable|dag_pickle|dataset\w*|asset\w*)\b"
)


def _in_metadata_database(candidate: Candidate) -> Verdict | None:
    if candidate.origin == "output" and not candidate.frames:
        return None
    if not _DATABASE.search(candidate.type or candidate.message[:200]):
        return None
    owners = [o for frame in candidate.frames if (o := owner(frame)) != "library"]
    if owners and owners[-1] != "airflow":
        return None
    message = candidate.message.partition("[SQL")[2] or candidate.message
    # without a stack nothing else tells whose database it is: SQLite is Airflow's own default
    locked = "database is locked" in candidate.message
    if not (owners or locked or _AIRFLOW_TABLES.search(message)):
        return None
    verdict = candidate.verdict
    if verdict and verdict.family in ("serialization_xcom", "scheduler_or_metadata_db"):
        return None
    transient = verdict is not None and verdict.transience == "transient"
    name = "query_interrupted" if transient else "query_failed"
    return structural(f"scheduler_or_metadata_db.{name}")


_BUG_TYPES = frozenset(
    "KeyError AttributeError TypeError IndexError AssertionError RuntimeError UnboundLocalError "
    "NameError ValueError DetachedInstanceError".split()
)


_OWN_LOOKUPS = frozenset("KeyError IndexError UnboundLocalError NameError".split())


def _inside_airflow(candidate: Candidate) -> Verdict | None:
    if not candidate.frames or not _generic(candidate) or candidate.origin == "import":
        return None
    if candidate.name not in _BUG_TYPES:
        return None
    owners = [owner(frame) for frame in candidate.frames if not frame.file.startswith("<")]
    lookup = candidate.name in _OWN_LOOKUPS  # of a key or name, which no caller can get wrong
    if owners[-1] == "provider" and lookup:
        return structural("airflow_bug.internal_error")
    if "user" in owners or "provider" in owners or owners[-1] != "airflow":
        return None
    return structural("airflow_bug.internal_error")


_RAISED = frozenset(
    "Exception ValueError RuntimeError AirflowException AirflowFailException AssertionError".split()
)
_ABOUT_DATA = re2.compile(
    r"(?i)\b(?:rows?|records?|columns?|data|values?|expected|missing|empty|insufficient|duplicate[sd]?|nulls?|schema|batch|"
    r"partition|quality|check|valid\w*|threshold|mismatch|out of range|negative|stale|not operational|freshness|count|"
    r"samples?|duplicad\w*|dados|datos|insuficient\w*|fehlt|ung[uü]ltig\w*|manquant\w*|faltan\w*|vac[ií]o)\b"
)


def _raised_by_author(candidate: Candidate) -> Verdict | None:
    if candidate.verdict and candidate.verdict.symptom:
        return None  # a summary: what it sums up is said elsewhere
    own_type = candidate.verdict is None
    if not _generic(candidate) or not (own_type or candidate.name in _RAISED):
        return None
    if not candidate.frames or owner(candidate.frames[-1]) != "user":
        return None
    if _ABOUT_DATA.search(candidate.value):
        return structural("data_error.check_of_author")
    return structural("code_error.raised_by_author")


Rule: TypeAlias = Callable[[Candidate], Verdict | None]
_RULES: tuple[Rule, ...] = (
    _syntax_of_dag_file,
    _while_importing,
    _own_json,
    _stored_value,
    _in_metadata_database,
    _inside_airflow,
    _raised_by_author,
)
