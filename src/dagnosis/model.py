"""The frozen values that every room shares.

They are `msgspec` structs: immutable, typed, and encodable as JSON without further code.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Level: TypeAlias = Literal["INFO", "WARNING", "ERROR"]
Role: TypeAlias = Literal["cause", "symptom", "context"]
Transience: TypeAlias = Literal["transient", "permanent", "unknown"]
RetryAction: TypeAlias = Literal["retry", "fail", "default"]
Engine: TypeAlias = Literal["rules", "similar", "model", "llm"]

SCHEMA_VERSION = 1
"""Version of the published JSON of a `Diagnosis`."""

FAMILY_MEANINGS: dict[str, str] = {
    "code_error": "A bug in the user's code or SQL.",
    "data_error": "Bad or missing data, a schema mismatch, a violated constraint.",
    "missing_dependency": "A module, command or provider is not installed.",
    "dag_definition_error": "The DAG file cannot be imported or parsed: wrong operator arguments, templates, names.",
    "configuration_error": "A connection, variable, parameter, endpoint or setting is missing or wrong.",
    "authentication": "Who we are is not accepted: passwords, keys, tokens.",
    "permission": "We are known, and not allowed.",
    "resource_not_found": "A file, table, bucket, image or address that should exist does not.",
    "network": "No connection: names, ports, resets, TLS.",
    "timeout": "It took longer than it may: tasks, sensors, imports, queries, reads.",
    "rate_limit_quota": "Too many or too much: throttling, quotas, connection limits.",
    "out_of_memory": "Memory ran out, and the log says so.",
    "disk_full": "A disk or its quota is full.",
    "worker_lost": "The process, worker or host went away: zombies, heartbeats, signals from outside.",
    "scheduler_or_metadata_db": "Airflow's scheduler or its own database is in trouble.",
    "external_service_error": "Another service failed: 5xx, a remote job, a lock held by others.",
    "airflow_bug": "Airflow or a provider failed in its own code.",
    "serialization_xcom": "A value cannot be stored, sent or read back.",
    "dependency_version_conflict": "Installed versions do not fit each other.",
    "cancelled_or_upstream": "Stopped from outside, skipped, or failed because something upstream did.",
    "unknown": "Nothing known was stated; the answer says what would settle it.",
}
"""The closed list of families of causes and their meaning; the causes below them are open."""

FAMILIES: tuple[str, ...] = tuple(FAMILY_MEANINGS)


class TaskRef(msgspec.Struct, frozen=True):
    """The key of one try of a task instance. `map_index` is -1 where the task is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One line of a log, parsed.

    `number` is 1-based in the file; `text` is the line as it stands there; `message` is what is
    left without time stamp, level and logger; `level` is the level that the line itself states,
    None where it states none.
    """

    number: int
    text: str
    message: str
    level: Level | None = None
    logger: str = ""


class Frame(msgspec.Struct, frozen=True):
    """One stack frame: file as printed, 1-based line (0 when not printed), function."""

    file: str
    line: int
    function: str


class ExceptionInfo(msgspec.Struct, frozen=True):
    """The exception that a diagnosis rests on; `type` with its module where the log prints it."""

    type: str
    message: str
    frame: Frame | None = None


class Evidence(msgspec.Struct, frozen=True):
    """A quoted line: 1-based number, the text verbatim (redacted), its role, a score in [0, 1]."""

    line: int
    text: str
    role: Role
    score: float


class RankedCause(msgspec.Struct, frozen=True):
    """One hypothesis; `detail` is `family.cause`, confidence in [0, 1]."""

    cause: str
    detail: str
    confidence: float


class RetryAdvice(msgspec.Struct, frozen=True):
    """What a retry policy should do. `delay_seconds` is None unless the action is `retry`."""

    action: RetryAction
    delay_seconds: int | None = None
    reason: str = ""


class Diagnosis(msgspec.Struct, frozen=True):
    """The answer about one log; see docs/reference for every key.

    `failed` is False for a log without a failure in it: then `cause` is "unknown", `confidence` 0
    and `evidence` empty.
    """

    id: str
    cause: str
    detail: str
    title: str
    confidence: float
    ranked: tuple[RankedCause, ...]
    transience: Transience
    retry: RetryAdvice
    evidence: tuple[Evidence, ...]
    fix: tuple[str, ...]
    gaps: tuple[str, ...]
    fingerprint: str
    engine: Engine
    lines_total: int
    truncated: bool
    levels: dict[str, int]
    failed: bool = True
    task: TaskRef | None = None
    exception: ExceptionInfo | None = None
    similar: tuple[str, ...] = ()
    elapsed_ms: float = 0.0
    schema: int = SCHEMA_VERSION
