"""A finding about data as what an incident counts, joined to the try that made it."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from dagnosis.incidents.contract import Occurrence
from dagnosis.logs.redaction import redact

if TYPE_CHECKING:
    from dagnosis.incidents.incidents import Incidents
    from dagnosis.model import TaskRef
    from dagnosis.services.check import Finding

TITLE, MESSAGE = 200, 1000
"""Characters kept of a title and of a message."""


def keep(finding: Finding, incidents: Incidents, when: datetime) -> None:
    """Record an alarm; a healthy batch of the same task resolves what was open of its data.

    A finding of no task, and one that is still learning, changes nothing. Safe to repeat.
    """
    if finding.task is None or finding.status == "learning":
        return
    if finding.alarm:
        incidents.record([occurrence(finding, finding.task, when)])
    else:
        incidents.green(finding.task.dag_id, finding.task.task_id, when, "data")


def occurrence(finding: Finding, task: TaskRef, when: datetime) -> Occurrence:
    """What is counted of an alarm. The same column of the same dataset, out of line in the same way, is
    the same incident, whatever the batch."""
    first = finding.differences[0] if finding.differences else None
    column = finding.blamed[0].column if finding.blamed else "*"
    told = next((one for one in finding.differences if one.column == column), first)
    name = "\0".join(("data", finding.dataset, column, told.measure if told else ""))
    words = [finding.summary, *(one.words for one in finding.differences[:5]), *finding.upstream]
    message = "\n".join(dict.fromkeys(words))
    return Occurrence(
        task=task,
        kind="data",
        subject=finding.dataset,
        occurred=when,
        found_by="check",
        fingerprint=blake2b(name.encode("utf-8", "replace"), digest_size=8).hexdigest(),
        cause="data_error",
        detail="data_error.quality_check_failed",
        title=redact(f"{finding.dataset}: {finding.summary}"[: 4 * TITLE])[:TITLE],
        confidence=finding.confidence,
        transience="permanent",
        message=redact(message[: 4 * MESSAGE])[:MESSAGE],
        fix=_fix(finding),
    )


def _fix(finding: Finding) -> tuple[str, ...]:
    first = "Look at the rows of the blamed columns, and at what wrote them; load the batch again."
    if finding.tool != "dagnosis":
        return (first, f"If the data is right, mend the expectation in {finding.tool}.")
    said = f"dagnosis accept, --name {finding.dataset} --partition {finding.partition}"
    return (first, f"If the data is right, say so: {said}; the next batch is expected like it.")
