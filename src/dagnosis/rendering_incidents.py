"""Incidents for the terminal: a list of what is broken, and one of them in full."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagnosis.incidents.contract import Change, Entry, Incident, Occurrence, Page
from dagnosis.incidents.notifications.message import extent, number
from dagnosis.model import TaskRef
from dagnosis.rendering import Colour, console, visible

_STATE = {"open": "bold red", "acknowledged": "yellow", "resolved": "green", "muted": "dim"}
_MOST_MEMBERS, _MOST_ENTRIES = 10, 12


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One incident with all that belongs to it."""

    incident: Incident
    occurrences: tuple[Occurrence, ...]
    timeline: tuple[Entry, ...]
    changes: tuple[Change, ...]
    members: tuple[Incident, ...]


def listed(page: Page, colour: Colour = "auto", out: Console | None = None) -> None:
    """A page, one incident in three lines at most."""
    out = out or console(colour)
    if not page.incidents:
        out.print(Text("✓ No such incidents", "green"))
        return
    now = datetime.now(timezone.utc)
    for one_ in page.incidents:
        _listed(out, one_, now)
    left = page.total - len(page.incidents)
    shown = f"{len(page.incidents)} of {page.total:,}{'+' if page.total >= 10_000 else ''}"
    hint = " · more with --limit, or --json and --cursor" if left > 0 else ""
    out.print(Text(f"{shown} · dagnosis incidents show ID{hint}", "dim"))


def _listed(out: Console, found: Incident, now: datetime) -> None:
    head = Text(f"#{found.id} ", "bold")
    head.append(f"{visible(found.title)}", _STATE[found.state])
    marks: list[str] = [found.state] if found.state != "open" else []
    marks += [found.novelty] if found.novelty != "known" else []
    marks += [f"outage with {found.members} more"] if found.members else []
    marks += [f"part of #{found.outage_id}"] if found.outage_id else []
    marks += [found.assignee] if found.assignee else []
    if marks:
        head.append(f"  {visible(', '.join(marks))}", "dim")
    out.print(head)
    last = found.last_failed
    where = f"{_name(last)}" if last else found.kind
    others = f" and {number(found.dags - 1, 'more DAG')}" if found.dags > 1 else ""
    long = f" for {_span(found.last_seen - found.first_seen)}" if found.count > 1 else ""
    out.print(
        Text(
            f"   {found.count:,}×{long}, last {_span(now - found.last_seen)} ago · {visible(where)}{others}"
        )
    )
    out.print(Text(f"   {found.detail} · {visible(found.quote or found.message)[:160]}", "dim"))


def one(shown: Shown, colour: Colour = "auto", out: Console | None = None) -> None:
    """An incident in full."""
    out = out or console(colour)
    found = shown.incident
    now = datetime.now(timezone.utc)
    out.print(Text(f"#{found.id} {visible(found.title)}", _STATE[found.state]))
    until = f" until {_when(found.muted_until)}" if found.muted_until else ""
    state = f"{found.state}{until}, {found.novelty}"
    holder = f" · {visible(found.assignee)}" if found.assignee else ""
    out.print(
        Text(f"  {found.detail} · confidence {found.confidence:.0%} · {state}{holder}", "dim")
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _facts(shown, now):
        table.add_row(f"  {name}", Text(visible(text)))
    out.print(table)
    if found.quote or found.message:
        out.print()
        out.print(Text(f"  {visible(found.quote or found.message)}", "bold"))
    _print_changes(out, shown.changes)
    if found.fix:
        out.print(Text("\n  What to do", "bold"))
        for place, step in enumerate(found.fix, 1):
            out.print(Text(f"  {place}. {visible(step)}"))
    _print_members(out, shown.members)
    _print_timeline(out, shown.timeline)


def _facts(shown: Shown, now: datetime) -> list[tuple[str, str]]:
    found = shown.incident
    seen = f"{_when(found.first_seen)} to {_when(found.last_seen)}"
    ago = f"{_span(now - found.last_seen)} ago"
    facts = [("seen", f"{seen} ({ago})"), ("how often", extent(found))]
    if found.outage_id:
        facts.append(("outage", f"part of #{found.outage_id}"))
    if found.first_failed:
        facts.append(("first", _full(found.first_failed)))
    facts += [("newest" if n == 0 else "", _full(o.task)) for n, o in enumerate(shown.occurrences)]
    helps = {"transient": "yes, it passes", "permanent": "no"}.get(found.transience, "not known")
    return [*facts, ("retry helps", helps)]


def _print_changes(out: Console, changes: tuple[Change, ...]) -> None:
    if not changes:
        return
    out.print(Text("\n  What changed since it was green", "bold"))
    for change in changes:
        when = f"{_when(change.when)}  " if change.when else ""
        out.print(Text(f"  {change.kind:<10} {when}{visible(change.text)}"))
        for line in change.detail.splitlines()[:30]:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
            out.print(Text(f"      {visible(line)}", style))


def _print_members(out: Console, members: tuple[Incident, ...]) -> None:
    if not members:
        return
    out.print(Text(f"\n  Failing with it ({len(members)})", "bold"))
    for member in members[:_MOST_MEMBERS]:
        text = f"  #{member.id} {member.title} · {member.count:,}× in {number(member.dags, 'DAG')}"
        out.print(Text(visible(text)))
    if len(members) > _MOST_MEMBERS:
        out.print(Text(f"  and {len(members) - _MOST_MEMBERS} more", "dim"))


def _print_timeline(out: Console, entries: tuple[Entry, ...]) -> None:
    out.print(Text("\n  What happened", "bold"))
    for entry in entries[-_MOST_ENTRIES:]:
        who = f" by {entry.who}" if entry.who else ""
        text = f": {entry.text}" if entry.text else ""
        out.print(Text(visible(f"  {_when(entry.when)}  {entry.what}{who}{text}")))


def _name(task: TaskRef) -> str:
    mapped = f"[{task.map_index}]" if task.map_index >= 0 else ""
    return f"{task.dag_id}.{task.task_id}{mapped}" if task.task_id else task.dag_id


def _full(task: TaskRef) -> str:
    return f"{_name(task)} · {task.run_id} · try {task.try_number}"


def _when(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}Z"


def _span(span: timedelta) -> str:
    """A span in its largest unit.

    >>> _span(timedelta(minutes=5)), _span(timedelta(hours=50)), _span(timedelta(seconds=-3))
    ('5 min', '2 days', '0 s')
    """
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((172_800, 86_400), (7200, 3600), (120, 60)):
        if seconds >= size:
            name = {86_400: "days", 3600: "h", 60: "min"}[unit]
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
