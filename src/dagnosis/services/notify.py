"""Tell people what changed: fill the outbox, deliver what is due, once or again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Incident
from dagnosis.incidents.notifications import notifiers
from dagnosis.incidents.notifications.contract import Notice, Notifier, Undelivered
from dagnosis.incidents.notifications.message import airflow_url, incident_url
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef

if TYPE_CHECKING:
    from dagnosis.incidents.incidents import Incidents
    from dagnosis.incidents.outbox import Outbox
    from dagnosis.metrics.catalogue import Sent
    from dagnosis.settings import Settings


class Delivered(msgspec.Struct, frozen=True):
    """What became of the messages that were due: delivered, to be tried again, given up."""

    sent: int = 0
    waiting: int = 0
    dead: int = 0
    problems: tuple[str, ...] = ()


class Tried(msgspec.Struct, frozen=True):
    """What a notifier made of a sample; `problem` is empty where it was delivered."""

    notifier: str
    problem: str = ""


def outbox_of(incidents: Incidents, settings: Settings) -> Outbox:
    """The outbox, with the links that the settings give."""
    from dagnosis.incidents.outbox import Outbox

    return Outbox(incidents, most_an_hour=settings.notify_most_an_hour, link=linked(settings))


def linked(settings: Settings) -> Callable[[Incident | None], tuple[str, str]]:
    """The addresses of an incident's page, and of the page of its last try in Airflow."""
    airflow = settings.notify_airflow_url or settings.airflow_url

    def link(one: Incident | None) -> tuple[str, str]:
        page = incident_url(settings.notify_incident_url, one.id if one else None)
        failed = (one.last_failed or one.first_failed) if one else None
        return page, airflow_url(airflow, failed)

    return link


def deliver(
    outbox: Outbox,
    told: Sequence[Notifier],
    tell: Callable[[str, Sent, int], None] = lambda _notifier, _outcome, _count: None,
) -> Delivered:
    """Deliver everything that is due now, each message once.

    To be called every few seconds; costs two small queries where there is nothing to tell. `tell` is
    told at once what became of how many messages of a notifier (suppressed: held back, since there
    were too many within an hour); a message that fails three times is told three times.
    """
    by_name = {notifier.name: notifier for notifier in told}
    outbox.fill(list(by_name), lambda name, count: tell(name, "suppressed", count))
    sent = waiting = dead = 0
    problems: dict[str, None] = {}
    while letters := outbox.take(list(by_name)):
        for letter in letters:
            try:
                by_name[letter.notifier].notify(letter.notice)
            except Undelivered as error:
                problem = redact(
                    str(error)
                )  # what the other side answers may hold what it was sent
                problems[f"{letter.notifier}: {problem}"] = None
                tell(letter.notifier, "failed", 1)
                gone = outbox.failed(letter, problem, again=error.again, after=error.after)
                dead, waiting = dead + gone, waiting + (not gone)
            else:
                tell(letter.notifier, "sent", 1)
                outbox.sent(letter)
                sent += 1
    return Delivered(sent, waiting, dead, tuple(problems))


def rehearse(settings: Settings, only: str = "") -> list[Tried]:
    """Send a sample through each notifier that is set up, or through the one that is named.

    Raises `WrongUse` where none is.
    """
    found = [one for one in notifiers(settings) if only in ("", one.name)]
    if not found:
        raise WrongUse(
            f"no notifier{f' named {only}' if only else ''} is set up; see docs/howto/notifications.md"
        )
    notice = sample(settings)
    tried = []
    for notifier in found:
        try:
            notifier.notify(notice)
            tried.append(Tried(notifier.name))
        except Undelivered as error:
            tried.append(Tried(notifier.name, redact(str(error))))
    return tried


def sample(settings: Settings, now: datetime | None = None) -> Notice:
    """A notice of an incident that does not exist, and says so."""
    when = now or datetime.now(timezone.utc)
    task = TaskRef("dagnosis_test", "manual__test", "no_such_task")
    one = Incident(
        id=0,
        kind="failure",
        fingerprint="0" * 16,
        cause="missing_dependency",
        detail="missing_dependency.module_not_found",
        title="A test of dagnosis: nothing is broken",
        confidence=1.0,
        transience="permanent",
        message="ModuleNotFoundError: No module named 'pandas'",
        quote="ModuleNotFoundError: No module named 'pandas'",
        fix=("Nothing: this message only shows that notifications arrive.",),
        state="open",
        novelty="new",
        first_seen=when - timedelta(minutes=5),
        last_seen=when,
        count=3,
        tasks=1,
        runs=3,
        dags=1,
        blast=0,
        first_failed=task,
        last_failed=task,
    )
    page, airflow = linked(settings)(one)
    return Notice(
        key=f"test-{when:%Y%m%d%H%M%S}",
        reason="test",
        when=when,
        why="sent by dagnosis notify test",
        incident=one,
        incident_url=page,
        try_url=airflow,
    )
