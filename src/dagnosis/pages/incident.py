"""One incident: cause, evidence, fix, members, what changed, what happened to it, what users say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec

from dagnosis.incidents.contract import Change, Entry, Incident, Occurrence, Query
from dagnosis.model import RetryAdvice
from dagnosis.pages import words
from dagnosis.pages.evidence import Line, lines
from dagnosis.pages.links import Links
from dagnosis.pages.stores import Stores

SHOWN, SIMILAR = 25, 5


class Said(msgspec.Struct, frozen=True):
    """What a user said of this failure."""

    verdict: str
    detail: str
    who: str
    given: datetime
    note: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `diagnosis_id` is what feedback is given on; empty where no diagnosis is kept."""

    now: datetime
    incident: Incident
    retry: RetryAdvice
    lines: tuple[Line, ...]
    latest: Occurrence | None
    occurrences: tuple[Occurrence, ...]
    timeline: tuple[Entry, ...]
    changes: tuple[Change, ...]
    similar: tuple[Incident, ...]
    members: tuple[Incident, ...]
    outage: Incident | None
    said: tuple[Said, ...]
    diagnosis_id: str
    causes: tuple[str, ...]
    regular: str


def shown(
    stores: Stores,
    incident_id: int,
    links: Links,
    *,
    readable: frozenset[str] | None = None,
    now: datetime | None = None,
) -> Shown | None:
    """The page of an incident; None where there is none, or none that may be read."""
    now = now or datetime.now(timezone.utc)
    incident = stores.incidents.incident(incident_id, readable)
    if incident is None:
        return None
    found = stores.incidents.occurrences(incident_id, limit=SHOWN, readable=readable)
    latest = found[0] if found else None
    quoted = next((one for one in found if one.quote or one.diagnosis_id), latest)
    outage = stores.incidents.incident(incident.outage_id, readable) if incident.outage_id else None
    return Shown(
        now=now,
        incident=incident,
        retry=words.retry(incident.detail, incident.transience),
        lines=lines(stores, quoted, links) if quoted else (),
        latest=latest,
        occurrences=tuple(found),
        timeline=tuple(reversed(stores.incidents.timeline(incident_id, readable))),
        changes=tuple(stores.incidents.changes(incident_id, readable)),
        similar=similar(stores, incident, readable=readable),
        members=_members(stores, incident, readable),
        outage=outage,
        said=said(stores, incident.fingerprint, readable=readable),
        diagnosis_id=diagnosis_of(found),
        causes=known_causes(),
        regular=_regular(found),
    )


def said(stores: Stores, fingerprint: str, *, readable: frozenset[str] | None) -> tuple[Said, ...]:
    """What users said of a failure in DAGs that may be read, the newest first."""
    found = [
        one
        for one in (stores.diagnoses.feedback(fingerprint) if fingerprint else ())
        if readable is None or one.dag_id in readable
    ]
    return tuple(Said(one.verdict, one.detail, one.who, one.given, one.note) for one in found[:10])


def diagnosis_of(occurrences: list[Occurrence]) -> str:
    """The newest diagnosis on which feedback can be given."""
    return next((one.diagnosis_id for one in occurrences if one.diagnosis_id), "")


def similar(
    stores: Stores, incident: Incident, *, readable: frozenset[str] | None
) -> tuple[Incident, ...]:
    """Other incidents with the same cause, those seen last first; none for an unknown cause."""
    if incident.cause == "unknown":
        return ()
    found = stores.incidents.find(
        Query(causes=(incident.detail,), readable=readable, members=True, limit=SIMILAR + 1)
    )
    return tuple(one for one in found.incidents if one.id != incident.id)[:SIMILAR]


def known_causes() -> tuple[str, ...]:
    """Every cause that feedback can name, in order."""
    from dagnosis.logs.causes.catalogue import catalogue

    return tuple(sorted(catalogue().causes))


def _members(
    stores: Stores, incident: Incident, readable: frozenset[str] | None
) -> tuple[Incident, ...]:
    """The incidents that an outage holds, of those seen since it began."""
    if not incident.members:
        return ()
    asked = Query(
        since=incident.first_seen - timedelta(hours=1), readable=readable, members=True, limit=200
    )
    found = stores.incidents.find(asked).incidents
    return tuple(one for one in found if one.outage_id == incident.id)


def _regular(occurrences: list[Occurrence]) -> str:
    """A sentence about when it happens, where there is something to say."""
    times = [one.occurred for one in occurrences]
    if len(times) < 4:
        return ""
    hours = [when.hour for when in times]
    usual = max(set(hours), key=hours.count)
    if hours.count(usual) >= 0.8 * len(hours):
        return f"nearly always between {usual:02d}:00 and {(usual + 1) % 24:02d}:00 UTC"
    return ""
