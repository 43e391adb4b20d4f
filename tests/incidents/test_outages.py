"""What fails in many DAGs within minutes for one reason is one outage, in whatever order it is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.incidents.contract import Occurrence, Query
from dagnosis.incidents.incidents import Incidents
from dagnosis.incidents.outages import places, signs
from tests.incidents.making import START, emptied, failed
from tests.incidents.test_incidents import one

REFUSED = 'connection to server at "db.acme.io" (10.1.2.3), port 5432 failed: Connection refused'


def down(number: float, fingerprint: str = "", **changes: Any) -> Occurrence:
    """A DAG of its own that does not reach a database."""
    values: dict[str, Any] = {
        "cause": "network", "detail": "network.connection_refused", "message": REFUSED, "quote": "",
        "dag": f"dag-{number}", **changes,
    }  # fmt: skip
    return failed(number, fingerprint or f"net-{number}", **values)


def groups(incidents: Incidents) -> set[frozenset[str]]:
    """Fingerprints of each outage."""
    found: dict[int, set[str]] = {}
    for f in incidents.find(Query(members=True, limit=500)).incidents:
        found.setdefault(f.outage_id or f.id, set()).add(f.fingerprint)
    return {frozenset(group) for group in found.values() if len(group) > 1}


@pytest.mark.parametrize("batched", [True, False])
def test_an_outage_is_one_incident_with_members(incidents: Incidents, batched: bool) -> None:
    failures = [down(n) for n in range(8)]
    if batched:
        incidents.record(failures)
    else:
        for failure in failures:
            incidents.record([failure])
    leader = one(incidents)
    assert (leader.fingerprint, leader.members) == ("net-0", 7)
    assert incidents.find(Query(members=True)).total == 8
    whats = [entry.what for entry in incidents.timeline(leader.id)]
    assert whats == ["new", "escalated"]
    told = incidents.rows("SELECT count(*) FROM incident_entry WHERE told = 0", {})[0][0]
    assert told <= 6, "five that were new before it was an outage, and the outage"


def test_a_service_that_messages_name_is_a_sign(incidents: Incidents) -> None:
    incidents.record(
        down(n, cause=("timeout", "network")[n % 2], detail=f"x.{n}", message=f"{n}: {REFUSED}")
        for n in range(6)
    )
    assert one(incidents).members == 5


def test_bugs_of_many_dags_are_no_outage(incidents: Incidents) -> None:
    incidents.record(down(n, cause="code_error", detail="code_error.key_error") for n in range(9))
    assert groups(incidents) == set()


def test_few_dags_or_a_long_time_are_no_outage(incidents: Incidents) -> None:
    incidents.record(down(n) for n in range(4))
    incidents.record(down(100 + n * 30) for n in range(9))
    assert groups(incidents) == set()


def test_what_failed_before_is_no_member(incidents: Incidents) -> None:
    old = down(0, "old", dag="old")
    incidents.record([old])
    incidents.record([down(600, "old", dag="old"), *(down(600 + n) for n in range(6))])
    (group,) = groups(incidents)
    assert "old" not in group


def test_who_may_not_read_the_leader_sees_the_member(incidents: Incidents) -> None:
    incidents.record(down(n) for n in range(6))
    seen = one(incidents, Query(readable=frozenset(["dag-3"])))
    assert (seen.fingerprint, seen.outage_id, seen.members) == ("net-3", None, 0)
    both = one(incidents, Query(readable=frozenset(["dag-0", "dag-3", "dag-4"])))
    assert (both.fingerprint, both.members) == ("net-0", 2)


def test_the_one_that_began_first_leads_even_when_it_is_heard_of_late(incidents: Incidents) -> None:
    for number in range(12, 27):
        incidents.record([down(number)])
    assert one(incidents).fingerprint == "net-12"
    incidents.record([down(-60, "net-13", dag="dag-13")])
    incidents.record([down(31)])  # joins by those that failed shortly before, not by the first ones
    leader = one(incidents)
    assert (leader.fingerprint, leader.members) == ("net-13", 15)


def test_two_outages_become_one_with_all_their_members(incidents: Incidents) -> None:
    other = {"detail": "network.dns", "message": "Name or service not known"}
    incidents.record(down(n) for n in range(6))
    incidents.record(down(n, f"b-{n}", dag=f"b-{n}", **other) for n in range(6))
    assert {len(group) for group in groups(incidents)} == {6}
    incidents.record([down(4, "b-4", dag="b-4", run="again")])  # as the others, but of the database
    (group,) = groups(incidents)
    assert len(group) == 12
    leader = one(incidents)
    assert (leader.fingerprint, leader.members) == ("b-0", 11)


def test_an_outage_that_nobody_hears_of_any_more_is_told_once(incidents: Incidents) -> None:
    incidents.record(down(n) for n in range(6))
    incidents.now = lambda: START + timedelta(days=50)
    assert len(incidents.expire(timedelta(days=45))) == 6
    resolved = "SELECT count(*) FROM incident_entry WHERE what = 'resolved' AND told = 0"
    assert incidents.rows(resolved, {})[0][0] == 1


def test_what_is_done_to_an_outage_is_done_to_its_members(incidents: Incidents) -> None:
    incidents.record(down(n) for n in range(6))
    assert incidents.set_state([one(incidents).id], "acknowledged", who="ann") == 6


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_order_does_not_matter(two: tuple[Incidents, Incidents], data: st.DataObject) -> None:
    failures = [down(n) for n in range(6)]
    failures += [
        down(n, f"b-{n}", detail="network.dns", message="Name or service not known", dag=f"b-{n}")
        for n in range(6)
    ]
    failures += [
        down(n, f"c-{n}", cause="code_error", detail="code_error.x", dag=f"c-{n}") for n in range(3)
    ]
    shuffled = data.draw(st.permutations(failures))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(shuffled) - 1), max_size=6)))
    incidents = emptied(two[0])
    for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
        incidents.record(shuffled[start:end])
    assert groups(incidents) == {
        frozenset(f"net-{n}" for n in range(6)),
        frozenset(f"b-{n}" for n in range(6)),
    }
    leaders = {f.fingerprint for f in incidents.find(Query()).incidents if f.members}
    assert leaders == {"net-0", "b-0"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (REFUSED, ["db.acme.io"]),
        ("could not translate host name 'Mart.internal.' to address", ["mart.internal"]),
        ("HTTPConnectionPool(host='api.acme.io', port=80): Max retries", ["api.acme.io"]),
        ("https://me:pw@api.acme.io/v1?x=1 gave 503", ["api.acme.io"]),
        ("s3://lake-raw/orders/1.csv", ["lake-raw"]),
        ("The conn_id `warehouse` isn't defined", ["warehouse"]),
        ("dial tcp: lookup 'queue.acme.io'", ["queue.acme.io"]),
        ("broker kafka-1.acme.io:9092 is gone", ["kafka-1.acme.io"]),
        ("(Background on this error at: https://sqlalche.me/e/20/e3q8)", []),
        ("http://localhost:8080 and http://127.0.0.1:80 and host='localhost'", []),
        ("at 10:30:15 line 40:12", []),
        ("", []),
    ],
)
def test_places(text: str, found: list[str]) -> None:
    assert places(text) == found


@given(st.text(max_size=400))
def test_any_text_has_few_places(text: str) -> None:
    assert len(places(text)) <= 4


def test_the_worker_is_a_sign_of_its_own_troubles() -> None:
    lost = failed(1, cause="worker_lost", detail="worker_lost.sigkill", hostname="w1", message="")
    assert "worker:w1" in signs(lost)
    assert signs(failed(1, hostname="w1")) == frozenset()
    assert signs(failed(1, kind="late", cause="network")) == frozenset()
