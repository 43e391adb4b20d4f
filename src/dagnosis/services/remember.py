"""From a diagnosis to what is kept of it: redacted, reduced, dated, with the vector of its message."""

from __future__ import annotations

from datetime import datetime, timezone
from hashlib import blake2b

from dagnosis.incidents.store import Remembered
from dagnosis.logs.dating import last_time
from dagnosis.logs.diagnosers.vectors import VERSION, vector
from dagnosis.logs.llm.window import reduce
from dagnosis.logs.reading import LogText
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.services.explain import Examined

MESSAGE, WINDOW = 2000, 8000
"""Characters kept of the failing message and of the reduced log."""


def remembered(
    log: LogText, examined: Examined, now: datetime | None = None, task: TaskRef | None = None
) -> Remembered:
    """What the store keeps of a failure; the examined log must state one. `task` is the try, where it
    is known from elsewhere than the log.

    The id is the same each time that the log of a try is read, and another for another try.
    """
    answer, finding = examined.answer, examined.finding
    assert finding is not None
    now = now or datetime.now(timezone.utc)
    stated = last_time(log.lines)
    task = task or answer.task or TaskRef("", "", "", -1, 0)
    message = redact(finding.message)[:MESSAGE]
    pointing = vector(message)
    return Remembered(
        id=identity(log, task),
        fingerprint=answer.fingerprint,
        cause=answer.cause,
        detail=answer.detail,
        title=answer.title,
        confidence=answer.confidence,
        transience=answer.transience,
        engine=answer.engine,
        message=message,
        lines=reduce(examined.parsed, WINDOW).text(),
        source=log.name,
        occurred=min(stated, now) if stated else now,
        diagnosed=now,
        vector=pointing.tobytes() if pointing else None,
        vector_version=VERSION,
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=task.map_index,
        try_number=task.try_number,
    )


def identity(log: LogText, task: TaskRef | None) -> str:
    """The id of the diagnosis of a log: over the try and its time, since the logs of Airflow 2 do not
    name the number of the try; over the lines where the log names no try or no time."""
    task = task or TaskRef("", "", "", -1, 0)
    stated = last_time(log.lines)
    digest = blake2b(digest_size=8)
    key = (task.dag_id, task.run_id, task.task_id, task.map_index, task.try_number, stated)
    digest.update(repr(key).encode("utf-8", "replace"))
    if not task.dag_id or stated is None:
        digest.update("\n".join(log.lines).encode("utf-8", "replace"))
    return digest.hexdigest()
