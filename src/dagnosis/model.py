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

FAMILIES: tuple[str, ...] = (
    "code_error",
    "data_error",
    "missing_dependency",
    "dag_definition_error",
    "configuration_error",
    "authentication",
    "permission",
    "resource_not_found",
    "network",
    "timeout",
    "rate_limit_quota",
    "out_of_memory",
    "disk_full",
    "worker_lost",
    "scheduler_or_metadata_db",
    "external_service_error",
    "airflow_bug",
    "serialization_xcom",
    "dependency_version_conflict",
    "cancelled_or_upstream",
    "unknown",
)
"""The closed list of families of causes; the causes below them are open."""


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
