"""What a notice says: a headline, facts, the quoted line, the fix and the links, as safe plain texts.

The texts come from logs: they are redacted, without control codes, each on one line and cut to size.
Markup is added by the notifiers, which escape what stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote as in_url

import msgspec
import re2

from dagnosis.incidents.contract import Incident, Occurrence
from dagnosis.incidents.notifications.contract import Notice, Reason
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef

HEADLINE, LINE, STEPS = 140, 600, 3
"""Characters of a headline and of other texts; steps of a fix that are sent."""
_VERB: dict[Reason, str] = {
    "new": "New",
    "regressed": "Back again",
    "escalated": "Worse",
    "resolved": "Resolved",
    "overflow": "Too much to tell",
    "test": "Test",
}
_ESCAPES = re2.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a message. `links` are (name, address)."""

    headline: str
    facts: tuple[str, ...] = ()
    quote: str = ""
    fix: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        """All of it as plain text."""
        parts = [self.headline, "", *self.facts]
        if self.quote:
            parts += ["", f"    {self.quote}"]
        if self.fix:
            parts += ["", "What to do:", *(f"{n}. {step}" for n, step in enumerate(self.fix, 1))]
        if self.links:
            parts += ["", *(f"{name}: {address}" for name, address in self.links)]
        return "\n".join(parts) + "\n"


def safe(text: str, most: int = LINE) -> str:
    """One line that may be sent: redacted, printable, cut to `most` characters.

    >>> safe("\\x1b[31mpassword=hunter2\\x1b[0m\\r\\nBcc: all")
    'password=[redacted:password] Bcc: all'
    """
    text = _ESCAPES.sub("", text[: 4 * most].encode("utf-8", "replace").decode())
    line = " ".join(redact(text).split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= most else line[: most - 1] + "…"


def of_notice(notice: Notice) -> Message:
    """What is told of an incident."""
    one = notice.incident
    if one is None:
        return Message(
            headline=f"dagnosis: {_VERB[notice.reason]}",
            facts=(safe(notice.why),),
            links=_links(("Incidents", notice.incident_url)),
        )
    well = notice.reason == "resolved"
    return Message(
        headline=safe(f"{_VERB[notice.reason]}: {one.title}", HEADLINE),
        facts=tuple(_facts(notice, one)),
        quote="" if well else safe(one.quote or one.message),
        fix=() if well else tuple(safe(step) for step in one.fix[:STEPS]),
        links=_links(("Incident", notice.incident_url), ("Airflow", notice.try_url)),
    )


def _facts(notice: Notice, one: Incident) -> Iterable[str]:
    if notice.why:
        yield safe(notice.why[:1].upper() + notice.why[1:])
    yield safe(f"{one.detail}, {one.confidence:.0%} sure")
    failed = one.last_failed or one.first_failed
    if failed:
        yield safe(where(failed))
    yield f"{extent(one)}, since {clock(one.first_seen)}"
    if one.members:
        yield f"An outage: {number(one.members, 'more incident')} with it"


def extent(one: Incident) -> str:
    """How often and how wide: "12 failures in 3 DAGs, 4 tasks, 9 runs; 5 tasks blocked"."""
    what = {"failure": "failure", "import": "broken file"}.get(one.kind, f"{one.kind} finding")
    wide = f"{number(one.dags, 'DAG')}, {number(one.tasks, 'task')}, {number(one.runs, 'run')}"
    blocked = f"; {number(one.blast, 'task')} blocked by it" if one.blast else ""
    return f"{number(one.count, what)} in {wide}{blocked}"


def number(count: int, what: str) -> str:
    """A count with its noun.

    >>> number(1, "DAG"), number(1200, "DAG")
    ('1 DAG', '1,200 DAGs')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def clock(when: datetime) -> str:
    """A time to the minute, in UTC."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def where(task: TaskRef) -> str:
    """A try for people: "orders.load[3] · scheduled__2026-11-01 · try 2"."""
    mapped = f"[{task.map_index}]" if task.map_index >= 0 else ""
    name = f"{task.dag_id}.{task.task_id}" if task.task_id else task.dag_id
    parts = [f"{name}{mapped}", task.run_id, f"try {task.try_number}" if task.task_id else ""]
    return " · ".join(part for part in parts if part)


def of_try(one: Occurrence, *, incident_url: str = "", try_url: str = "") -> Message:
    """What is told of one failed try, as a notifier inside Airflow does it."""
    return Message(
        headline=safe(f"Failed: {one.title}", HEADLINE),
        facts=(safe(where(one.task)), safe(f"{one.detail}, {one.confidence:.0%} sure")),
        quote=safe(one.quote or one.message),
        fix=tuple(safe(step) for step in one.fix[:STEPS]),
        links=_links(("Diagnosis", incident_url), ("Airflow", try_url)),
    )


def _links(*links: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(link for link in links if link[1].startswith(("http://", "https://")))


def airflow_url(base: str, task: TaskRef | None, *, version: int = 3) -> str:
    """The page of a try in Airflow; empty without an address or a task.

    >>> airflow_url("http://airflow:8080/", TaskRef("a b", "r+1", "t", 2, 3))
    'http://airflow:8080/dags/a%20b/runs/r%2B1/tasks/t/mapped/2?try_number=3'
    """
    if not base or task is None or not task.task_id:
        return ""
    dag, run, name = (in_url(part, safe="") for part in (task.dag_id, task.run_id, task.task_id))
    if version < 3:
        mapped = f"&map_index={task.map_index}" if task.map_index >= 0 else ""
        return (
            f"{base.rstrip('/')}/dags/{dag}/grid?dag_run_id={run}&task_id={name}{mapped}&tab=logs"
        )
    mapped = f"/mapped/{task.map_index}" if task.map_index >= 0 else ""
    address = f"{base.rstrip('/')}/dags/{dag}/runs/{run}/tasks/{name}{mapped}"
    return f"{address}?try_number={task.try_number}"


def incident_url(base: str, incident_id: int | None) -> str:
    """The page of an incident (None: of all); empty without an address."""
    if not base:
        return ""
    return f"{base.rstrip('/')}/incidents" + (f"/{incident_id}" if incident_id else "")
