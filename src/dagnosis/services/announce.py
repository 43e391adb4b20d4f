"""Tell people of one failed try, from where it failed: what a callback in the task's process does.

Where the store can be reached the try is counted first, and people are told as a watch would tell them:
when it is new, back again or worse, each once, capped by the hour. Where it cannot, they are told of the
try itself: better twice than never.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import DagnosisError
from dagnosis.incidents.contract import Incident, Occurrence
from dagnosis.incidents.notifications import notifiers
from dagnosis.incidents.notifications.contract import Notice, Notifier, Undelivered
from dagnosis.services.notify import deliver, linked, outbox_of

if TYPE_CHECKING:
    from dagnosis.settings import Settings

_log = logging.getLogger(__name__)


class Announced(msgspec.Struct, frozen=True):
    """What became of it: the incident that it is counted in (0: no store), messages that were delivered,
    and why others were not."""

    incident_id: int = 0
    sent: int = 0
    problems: tuple[str, ...] = ()


def announce(one: Occurrence, settings: Settings, only: Sequence[str] = ()) -> Announced:
    """Count a failed try and tell people of it where it is news. `only` are the names of the notifiers
    that are asked (none named: all that are set up). Safe to repeat.

    Raises `WrongUse` for notifiers that are set up wrongly; nothing for what does not answer.
    """
    told = [notifier for notifier in notifiers(settings) if not only or notifier.name in only]
    try:
        return _counted(one, settings, told)
    except DagnosisError as error:
        _log.warning("the failure is not among the incidents: %s", error)
    return _alone(one, told, linked(settings))


def _counted(one: Occurrence, settings: Settings, told: Sequence[Notifier]) -> Announced:
    from dagnosis.incidents.incidents import open_incidents

    with open_incidents(settings.store_place) as incidents:
        (recorded,) = incidents.record([one])
        if not told:
            return Announced(recorded.incident_id)
        done = deliver(outbox_of(incidents, settings), told)
    return Announced(recorded.incident_id, done.sent, done.problems)


def _alone(
    one: Occurrence, told: Sequence[Notifier], link: Callable[[Incident | None], tuple[str, str]]
) -> Announced:
    notice = notice_of(one, link)
    sent, problems = 0, []
    for notifier in told:
        try:
            notifier.notify(notice)
            sent += 1
        except Undelivered as error:
            problems.append(f"{notifier.name}: {error}")
    return Announced(0, sent, tuple(problems))


def notice_of(
    one: Occurrence, link: Callable[[Incident | None], tuple[str, str]] = lambda _: ("", "")
) -> Notice:
    """A notice of one failed try, of an incident that has no number."""
    parts = (*msgspec.structs.astuple(one.task), one.kind)
    key = blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8).hexdigest()
    incident = Incident(
        id=0,
        state="open",
        novelty="new",
        first_seen=one.occurred,
        last_seen=one.occurred,
        count=1,
        tasks=1,
        runs=1,
        dags=1,
        blast=len(one.blast),
        first_failed=one.task,
        last_failed=one.task,
        **{name: getattr(one, name) for name in _SAME},
    )
    return Notice(
        key=f"try-{key}",
        reason="new",
        when=one.occurred,
        why="" if one.final else "Airflow retries it",
        incident=incident,
        try_url=link(incident)[1],
    )


_SAME = (
    "kind", "fingerprint", "cause", "detail", "title", "confidence", "transience", "message", "quote",
    "fix",
)  # fmt: skip
