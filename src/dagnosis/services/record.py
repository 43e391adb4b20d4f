"""From a diagnosed try to what an incident counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from hashlib import blake2b
from typing import TYPE_CHECKING

from dagnosis.incidents.contract import FoundBy, Occurrence
from dagnosis.logs.reading import LogText, read_text
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.services.explain import Examined, examine
from dagnosis.services.remember import identity

if TYPE_CHECKING:
    from dagnosis.sources.contract import Attempt, BrokenDag

MESSAGE, QUOTE = 1000, 1000
"""Characters kept of a message and of a quoted line."""


def occurrence(
    attempt: Attempt,
    text: LogText,
    examined: Examined,
    *,
    found_by: FoundBy,
    in_log: bool = True,
    blast: Sequence[str] = (),
    risk: float | None = None,
) -> Occurrence:
    """What is counted of a failed try, from the text that explains it and the answer about it.

    `in_log` is False where the text is not the try's log: then no line of the log is quoted. A try that
    nothing explains gets a fingerprint of its own task, so that it is one incident with its like.
    """
    answer, finding = examined.answer, examined.finding
    cause = next((line for line in answer.evidence if line.role == "cause"), None)
    quoted = cause or next(iter(answer.evidence), None)
    duration = None
    if attempt.started and attempt.ended:
        duration = max(0.0, (attempt.ended - attempt.started).total_seconds())
    task = attempt.task
    return Occurrence(
        task=task,
        occurred=ended(attempt),
        found_by=found_by,
        fingerprint=answer.fingerprint or _unexplained(task),
        cause=answer.cause,
        detail=answer.detail,
        title=answer.title if finding else "Failed, and nothing says why",
        confidence=answer.confidence,
        transience=answer.transience,
        engine=answer.engine,
        message=redact(finding.message)[:MESSAGE] if finding else "",
        quote=quoted.text[:QUOTE] if quoted else "",
        quote_line=quoted.line if quoted and in_log else 0,
        fix=answer.fix,
        diagnosis_id=identity(text, task) if finding else "",
        final=attempt.state != "up_for_retry",
        operator=attempt.operator,
        hostname=attempt.hostname,
        duration=duration,
        dag_version=attempt.dag_version,
        risk=risk,
        blast=tuple(blast),
        lines_total=text.lines_total if in_log else 0,
    )


def broken_dag(broken: BrokenDag) -> Occurrence:
    """What is counted of a DAG file that cannot be imported: once for each text of its error."""
    text = read_text(broken.stack_trace, broken.file)
    examined = examine(text)
    answer, finding = examined.answer, examined.finding
    name = blake2b(redact(broken.stack_trace).encode(), digest_size=8).hexdigest()
    quoted = next(iter(answer.evidence), None)
    last = next((line for line in reversed(text.lines) if line.strip()), "")
    return Occurrence(
        task=TaskRef(broken.file, name, "", -1, 0),
        kind="import",
        occurred=broken.when,
        found_by="poll",
        fingerprint=answer.fingerprint or name,
        cause=answer.cause if finding else "dag_definition_error",
        detail=answer.detail if finding else "dag_definition_error.import_failed",
        title=answer.title if finding else "The DAG file cannot be imported",
        confidence=answer.confidence if finding else 0.9,
        transience=answer.transience if finding else "permanent",
        engine=answer.engine,
        message=redact(finding.message if finding else last)[:MESSAGE],
        quote=quoted.text[:QUOTE] if quoted else redact(last)[:QUOTE],
        fix=answer.fix,
    )


def ended(attempt: Attempt) -> datetime:
    """When a try failed: its end, else its last change, else now."""
    return attempt.ended or attempt.updated or datetime.now(timezone.utc)


def _unexplained(task: TaskRef) -> str:
    parts = f"unexplained\0{task.dag_id}\0{task.task_id}"
    return blake2b(parts.encode(), digest_size=8).hexdigest()
