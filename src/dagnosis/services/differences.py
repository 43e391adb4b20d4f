"""What changed between the last green run of a task and its first red one. No source in here.

`differences` compares two tries and what surrounds them; most likely culprits come first: code, packages,
connections, then what may only be a consequence (hosts, durations).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import re2

from dagnosis.incidents.contract import Change
from dagnosis.logs.redaction import redact
from dagnosis.sources.contract import AssetEvent, Attempt, DagVersion, Event, Run

DIFF_LINES = 200
"""Lines of a diff that are kept."""
EDITS = 20
"""Edits of connections and variables that are kept, the newest."""
TIMES_LONGER, SECONDS_LONGER = 2.0, 60.0
"""An upstream task took notably longer, or shorter, by this factor and this time."""
_EDITED = re2.compile(
    r"(?i)\b(post|patch|put|delete|create|edit|add|set|import|bulk)[\w.]*(connection|variable|pool)s?\b"
)
_ORDER = (
    "version", "code", "package", "image", "connection", "variable", "data", "duration", "host",
    "operator", "schedule",
)  # fmt: skip

_PACKAGE = re2.compile(r"(?i)\b([a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*)==([0-9][a-z0-9.+!-]{0,30})\b")
_IMAGE = re2.compile(
    r"(?i)\b(?:pulling image|image:?|docker run(?: -\S+)*|container image)\s+[\"']?([\w./-]+(?:\.[\w/-]+)*(?::[\w.-]+|@sha256:[0-9a-f]{12,64}))"
)


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two: the try, its run, the tries of the tasks of that run, the assets it was given,
    the versions that its log states."""

    attempt: Attempt
    run: Run | None = None
    beside: Sequence[Attempt] = ()
    assets: Sequence[AssetEvent] = ()
    stated: Mapping[str, str] = {}


def differences(
    green: Side, red: Side, versions: Sequence[DagVersion] = (), events: Iterable[Event] = ()
) -> list[Change]:
    """All that differs, the likeliest culprit first. Every text is redacted."""
    found = [
        *_code(green, red, versions),
        *_plain(green, red),
        *_stated(green, red),
        *_edits(green, red, events),
        *_assets(green, red),
        *_durations(green, red),
        *_schedule(green, red),
    ]
    return [_clean(change) for change in sorted(found, key=lambda one: _ORDER.index(one.kind))]


def stated_versions(lines: Iterable[str]) -> dict[str, str]:
    """Packages and images whose versions a log states.

    >>> stated_versions(["Installed pandas==2.2.3", "Pulling image acme/etl:1.4"])
    {'pandas': '2.2.3', 'image acme/etl': '1.4'}
    """
    found: dict[str, str] = {}
    for line in lines:
        if "==" in line:
            found.update(_PACKAGE.findall(line[:2000]))
        if "mage" in line or "docker" in line:
            for image in _IMAGE.findall(line[:2000]):
                name, _, tag = image.rpartition("@" if "@" in image else ":")
                found[f"image {name}"] = tag
    return found


def _clean(change: Change) -> Change:
    texts = {name: redact(getattr(change, name)) for name in ("text", "before", "after", "detail")}
    return msgspec.structs.replace(change, **texts)


# ---------------------------------------------------------------- code


def _code(green: Side, red: Side, versions: Sequence[DagVersion]) -> Iterable[Change]:
    dag_id = red.attempt.task.dag_id
    before, after = (_version(side) for side in (green, red))
    known = {version.version: version for version in versions}
    if before and after and before != after:
        made = known.get(after)
        yield Change(
            kind="version",
            text=f"{dag_id} went from version {before} to {after}",
            when=made.created if made else None,
            before=before,
            after=after,
        )
        diff = _diff(known.get(before), made)
        if diff:
            added = sum(line[:1] == "+" for line in diff[2:])
            removed = sum(line[:1] == "-" for line in diff[2:])
            yield Change(
                kind="code",
                text=f"the code of {dag_id} changed: +{added} -{removed} lines",
                when=made.created if made else None,
                detail="\n".join(_cut(diff)),
            )
    bundles = [_bundle(side, known) for side in (green, red)]
    if all(bundles) and bundles[0] != bundles[1]:
        yield Change(
            kind="version",
            text=f"the bundle went from {bundles[0][:12]} to {bundles[1][:12]}",
            before=bundles[0],
            after=bundles[1],
        )


def _version(side: Side) -> str:
    return side.attempt.dag_version or (side.run.dag_version if side.run else "")


def _bundle(side: Side, known: Mapping[str, DagVersion]) -> str:
    version = known.get(_version(side))
    of_run = side.run.bundle_version if side.run else ""
    return side.attempt.bundle_version or of_run or (version.bundle_version if version else "")


def _diff(before: DagVersion | None, after: DagVersion | None) -> list[str]:
    if before is None or after is None or before.source == after.source:
        return []
    if not before.source or not after.source:
        return []
    names = (f"version {before.version}", f"version {after.version}")
    return list(
        difflib.unified_diff(
            before.source.splitlines()[:20_000],
            after.source.splitlines()[:20_000],
            *names,
            lineterm="",
        )
    )


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= DIFF_LINES:
        return lines
    return [*lines[:DIFF_LINES], f"… {len(lines) - DIFF_LINES} more lines"]


# ---------------------------------------------------------------- the try


def _plain(green: Side, red: Side) -> Iterable[Change]:
    for kind, name in (
        ("host", "hostname"), ("operator", "operator"), ("host", "queue"), ("host", "pool"),
        ("host", "executor"),
    ):  # fmt: skip
        before, after = getattr(green.attempt, name), getattr(red.attempt, name)
        if before and after and before != after:
            yield Change(
                kind=kind, text=f"{name} was {before}, now {after}", before=before, after=after
            )


def _stated(green: Side, red: Side) -> Iterable[Change]:
    for name in sorted(set(green.stated) & set(red.stated)):
        before, after = green.stated[name], red.stated[name]
        if before != after:
            kind = "image" if name.startswith("image ") else "package"
            yield Change(
                kind=kind, text=f"{name} went from {before} to {after}", before=before, after=after
            )


# ---------------------------------------------------------------- around it


def _edits(green: Side, red: Side, events: Iterable[Event]) -> Iterable[Change]:
    """Connections, variables and pools that somebody edited in between."""
    since, until = _end(green.attempt), _end(red.attempt)
    found = []
    for event in events:
        match = _EDITED.search(event.event)
        if match is None or (since and event.when < since) or (until and event.when > until):
            continue
        what = match.group(2).lower()
        name = _named(event.extra)
        who = f" by {event.owner}" if event.owner else ""
        found.append(
            Change(
                kind="connection" if what == "connection" else "variable",
                text=f"{what} {name or '(not named)'}: {event.event}{who}",
                when=event.when,
            )
        )
    return found[-EDITS:]


def _named(extra: str) -> str:
    """The name in the text of an event; nothing else of it, since it may hold the value."""
    try:
        told = msgspec.json.decode(extra) if extra else {}
    except msgspec.DecodeError:
        return ""
    if not isinstance(told, dict):
        return ""
    names = ("connection_id", "conn_id", "variable_key", "key", "pool_name", "name")
    return next((str(told[name])[:100] for name in names if told.get(name)), "")


def _assets(green: Side, red: Side) -> Iterable[Change]:
    """What was said of upstream assets: numbers and texts that differ."""
    before = {event.uri: _extra(event) for event in green.assets}
    for event in {event.uri: event for event in red.assets}.values():
        was, now = before.get(event.uri), _extra(event)
        if was is None or was == now:
            continue
        names = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)][:5]
        yield Change(
            kind="data",
            text=f"{event.uri}: "
            + ", ".join(f"{n} was {was.get(n)}, now {now.get(n)}" for n in names),
            when=event.when,
            before=_json(was),
            after=_json(now),
        )


def _extra(event: AssetEvent) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(event.extra or "{}")
    except msgspec.DecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()[:500]


def _durations(green: Side, red: Side) -> Iterable[Change]:
    """Tasks of the run that ended before this one began, and took much longer or shorter."""
    began = red.attempt.started
    before = {(one.task.task_id, one.task.map_index): _seconds(one) for one in green.beside}
    for one in red.beside:
        if one.task.task_id == red.attempt.task.task_id or not one.ended:
            continue
        if began is not None and one.ended > began:
            continue
        was, now = before.get((one.task.task_id, one.task.map_index)), _seconds(one)
        if was is None or now is None or abs(now - was) < SECONDS_LONGER:
            continue
        if max(now, was) >= TIMES_LONGER * min(now, was):
            yield Change(
                kind="duration",
                text=f"{one.task.task_id} took {_short(now)}, before {_short(was)}",
                before=f"{was:.0f}",
                after=f"{now:.0f}",
            )


def _seconds(one: Attempt) -> float | None:
    if one.started is None or one.ended is None:
        return None
    return (one.ended - one.started).total_seconds()


def _short(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _schedule(green: Side, red: Side) -> Iterable[Change]:
    if green.run is None or red.run is None:
        return
    for name, what in (("run_type", "run type"), ("triggered_by", "trigger")):
        before, after = getattr(green.run, name), getattr(red.run, name)
        if before and after and before != after:
            text = f"{what} was {before}, now {after}"
            yield Change(kind="schedule", text=text, before=before, after=after)


def _end(one: Attempt) -> datetime | None:
    return one.ended or one.updated or one.started
