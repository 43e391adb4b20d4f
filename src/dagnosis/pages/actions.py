"""What somebody does on a page: change states, note, confirm or correct. Each checks what may be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import State
from dagnosis.logs.redaction import redact
from dagnosis.pages.stores import Stores

if TYPE_CHECKING:
    from dagnosis.incidents.store import Said

MOST = 1000
"""Incidents that one request may change."""
NOTE = 4000
"""Characters of a note."""
MUTED = timedelta(hours=24)
LONGEST = timedelta(days=366)

DONE = {
    "acknowledged": "Acknowledged.",
    "muted": "Muted.",
    "resolved": "Resolved.",
    "open": "Open again.",
    "noted": "The note was added.",
    "confirm": "Confirmed. The next failure like this is answered by it.",
    "correct": "Corrected. The next failure like this is answered by it.",
    "rolled": "Rolled back.",
    "promoted": "In use.",
}
"""What is said after a form was sent; the address carries the key alone."""


def set_state(
    stores: Stores,
    incident_ids: Sequence[int],
    state: State,
    *,
    who: str,
    hours: float | None = None,
    readable: frozenset[str] | None = None,
    now: datetime | None = None,
) -> int:
    """Change the state of incidents; how many changed. What may not be read is left alone.

    `hours` is how long a muted one stays so (24 where it is not given, a year at the most). Raises
    `WrongUse` for more than `MOST` at once or a time that is none.
    """
    if len(incident_ids) > MOST:
        raise WrongUse(f"at most {MOST:,} incidents can be changed at once")
    length = MUTED if hours is None else timedelta(hours=_hours(hours))
    until = (now or datetime.now(timezone.utc)) + length if state == "muted" else None
    mine = [
        one
        for one in dict.fromkeys(incident_ids)
        if readable is None or _readable(stores, one, readable)
    ]
    return stores.incidents.set_state(mine, state, who=who, until=until) if mine else 0


def _hours(hours: float) -> float:
    if not 0 < hours <= LONGEST.total_seconds() / 3600:
        raise WrongUse("hours: more than 0, at most 8784 (a year)")
    return hours


def note(
    stores: Stores,
    incident_id: int,
    text: str,
    *,
    who: str,
    readable: frozenset[str] | None = None,
) -> bool:
    """Add a note, redacted; False where there is no such incident. Raises `WrongUse` for an empty or
    too long one."""
    if not _readable(stores, incident_id, readable):
        return False
    text = text.strip()
    if not text:
        raise WrongUse("the note is empty")
    if len(text) > NOTE:
        raise WrongUse(f"a note has {NOTE:,} characters at the most")
    stores.incidents.note(incident_id, redact(text), who=who)
    return True


def give_feedback(
    stores: Stores,
    diagnosis_id: str,
    cause: str = "",
    *,
    who: str,
    text: str = "",
    readable: frozenset[str] | None = None,
) -> str | None:
    """Confirm a diagnosis, or correct it to `cause`; the cause that now stands, None where no such
    diagnosis is kept. Raises `WrongUse` for a cause that cannot be, and for a confirmation of an
    answer that names none."""
    from dagnosis.services.feedback import known

    kept = stores.diagnoses.remembered(diagnosis_id)
    if kept is None or not (readable is None or kept.dag_id in readable):
        return None
    detail = known(cause.strip()) if cause.strip() else kept.detail
    if detail == "unknown.unknown":
        raise WrongUse("the answer names no cause to confirm: choose the right one")
    verdict: Said = "confirm" if detail == kept.detail else "correct"
    stores.diagnoses.label(diagnosis_id, verdict, detail, who=who, note=redact(text[:NOTE]))
    return detail


def _readable(stores: Stores, incident_id: int, readable: frozenset[str] | None) -> bool:
    return stores.incidents.incident(incident_id, readable) is not None
