"""What is to be told is told: at least once, in order, and not too much of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents
from dagnosis.incidents.notifications.contract import Notice, Undelivered
from dagnosis.incidents.outbox import LEASE, TRIES, Outbox
from dagnosis.services.notify import deliver, linked
from dagnosis.settings import Settings
from tests.incidents.making import failed
from tests.incidents.test_incidents import Clock

HOUR = timedelta(hours=1)


class Told:
    """A notifier that keeps what it is told; `refuse` raises for what it does not take."""

    def __init__(self, name: str = "webhook") -> None:
        self.name = name
        self.notices: list[Notice] = []
        self.refuse: Callable[[Notice], None] = lambda notice: None

    def notify(self, notice: Notice) -> None:
        self.refuse(notice)
        self.notices.append(notice)

    @property
    def reasons(self) -> list[str]:
        return [notice.reason for notice in self.notices]


@pytest.fixture
def clock(incidents: Incidents) -> Clock:
    made = Clock(incidents)
    made.time = made.time.replace(minute=0)
    return made


def test_each_transition_is_told_once_to_each(incidents: Incidents, clock: Clock) -> None:
    outbox = Outbox(
        incidents,
        link=linked(
            Settings(notify_incident_url="https://d.example", airflow_url="https://a.example")
        ),
    )
    first, second = Told(), Told("slack")
    incidents.record([failed(n) for n in range(5)])
    done = deliver(outbox, [first, second])
    assert (done.sent, done.waiting, done.dead) == (2, 0, 0)
    assert deliver(outbox, [first, second]).sent == 0
    incidents.set_state([1], "resolved", who="ann")
    incidents.record([failed(3000)])
    deliver(outbox, [first, second])
    assert first.reasons == second.reasons == ["new", "resolved", "regressed"]
    notice = first.notices[0]
    assert notice.incident is not None
    assert notice.incident.count == 5
    assert notice.incident_url == "https://d.example/incidents/1"
    assert notice.try_url == "https://a.example/dags/orders/runs/run-4/tasks/load?try_number=1"
    assert len({n.key for n in first.notices}) == 3


def test_without_a_notifier_nothing_is_kept(incidents: Incidents, clock: Clock) -> None:
    incidents.record([failed(1)])
    outbox = Outbox(incidents)
    assert deliver(outbox, []).sent == 0
    told = Told()
    assert deliver(outbox, [told]).sent == 0
    assert outbox.letters() == []


def test_what_fails_is_tried_again_later_and_later(incidents: Incidents, clock: Clock) -> None:
    incidents.record([failed(1)])
    outbox, told = Outbox(incidents), Told()

    def down(notice: Notice) -> None:
        raise Undelivered("hooks.example: HTTP 503")

    told.refuse = down
    assert deliver(outbox, [told]).waiting == 1
    assert deliver(outbox, [told]).waiting == 0, "not at once"
    waits = []
    for _ in range(TRIES - 1):
        (letter,) = outbox.letters("waiting")
        assert letter.problem == "hooks.example: HTTP 503"
        waits.append(letter.due - clock.time)
        clock.time = letter.due
        deliver(outbox, [told])
    assert waits == sorted(waits)
    (letter,) = outbox.letters("dead")
    assert letter.tries == TRIES
    told.refuse = lambda notice: None
    assert outbox.again() == 1
    assert deliver(outbox, [told]).sent == 1


def test_what_is_refused_for_good_is_dead_at_once(incidents: Incidents, clock: Clock) -> None:
    incidents.record([failed(1)])
    outbox, told = Outbox(incidents), Told()

    def refuse(notice: Notice) -> None:
        raise Undelivered("HTTP 404", again=False)

    told.refuse = refuse
    done = deliver(outbox, [told])
    assert (done.dead, done.problems) == (1, ("webhook: HTTP 404",))


def test_the_other_side_may_ask_for_time(incidents: Incidents, clock: Clock) -> None:
    incidents.record([failed(1)])
    outbox, told = Outbox(incidents), Told()

    def busy(notice: Notice) -> None:
        raise Undelivered("HTTP 429", after=7200)

    told.refuse = busy
    deliver(outbox, [told])
    assert outbox.letters()[0].due - clock.time == 2 * HOUR


def test_who_dies_while_telling_tells_again(incidents: Incidents, clock: Clock) -> None:
    incidents.record([failed(1)])
    outbox, told = Outbox(incidents), Told()
    outbox.fill(["webhook"])
    (lost,) = outbox.take(["webhook"])
    assert deliver(outbox, [told]).sent == 0, "under a lease"
    clock.time += LEASE
    assert deliver(outbox, [told]).sent == 1
    assert told.notices[0].key == lost.notice.key
    outbox.failed(lost, "I am late")
    assert outbox.letters()[0].state == "sent"


def test_of_an_incident_none_overtakes_another(incidents: Incidents, clock: Clock) -> None:
    incidents.record([failed(1), failed(2, "f2")])
    outbox, told = Outbox(incidents), Told()

    def first(notice: Notice) -> None:
        if notice.incident and notice.incident.id == 1 and len(told.notices) < 2:
            raise Undelivered("not now")

    told.refuse = first
    deliver(outbox, [told])
    incidents.set_state([1, 2], "resolved", who="ann")
    deliver(outbox, [told])
    assert [(n.incident and n.incident.id, n.reason) for n in told.notices] == [
        (2, "new"), (2, "resolved"),
    ]  # fmt: skip
    clock.time += HOUR
    deliver(outbox, [told])
    assert [(n.incident and n.incident.id, n.reason) for n in told.notices[2:]] == [
        (1, "new"), (1, "resolved"),
    ]  # fmt: skip


def test_too_many_an_hour_are_one_message(incidents: Incidents, clock: Clock) -> None:
    outbox, told = Outbox(incidents, most_an_hour=3), Told()
    for start in (0, 10, 20):
        incidents.record(failed(n, f"f{n}") for n in range(start, start + 10))
        deliver(outbox, [told])
    assert told.reasons == ["new", "new", "new", "overflow"]
    assert "More than 3 notices" in told.notices[-1].why
    assert len(outbox.letters("held")) == 27
    clock.time += HOUR
    incidents.record([failed(99, "f99")])
    deliver(outbox, [told])
    assert told.reasons[4:] == ["new"]
    held = outbox.letters("held")[0]
    assert outbox.again([held.id]) == 1
    assert deliver(outbox, [told]).sent == 1
    assert incidents.find(Query()).total == 31
