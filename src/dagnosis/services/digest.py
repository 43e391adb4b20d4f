"""A digest of a day: what is broken, what is new, what is well again, and what is risky next.

Pure: a store in, a `Digest` out, and that as text and HTML. Everything told comes from logs, so it
goes through `message.safe`, and HTML escapes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Protocol

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Count, Incident, Page, Query, State
from dagnosis.incidents.notifications.message import clock, extent, number, safe, where
from dagnosis.services.health import Check, checks
from dagnosis.services.outlook import Ahead, kept

if TYPE_CHECKING:
    from dagnosis.settings import Settings

    Link = Callable[[Incident | None], tuple[str, str]]

MOST = 10
"""Incidents, and risks, that each part lists; how many more there are is said."""
READ = 500
"""Incidents of the period that are looked at."""
RISKY = 0.2
"""A run with such a chance to fail is listed even where the forecast raises no alert."""
STALE = timedelta(hours=6)
"""An outlook that is older tells of no risk."""


class Read(Protocol):
    """The part of an incident store that a digest reads."""

    def find(self, query: Query) -> Page:
        """Incidents by what is asked."""

    def counts(self, since: datetime, until: datetime, step_seconds: int) -> list[Count]:
        """Occurrences over time by family."""

    def cursor(self, source: str) -> str:
        """A text kept under a name."""

    def move(self, source: str, cursor: str) -> None:
        """Keep a text under a name."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Some incidents, those that matter most first, and how many there are in all."""

    incidents: tuple[Incident, ...] = ()
    total: int = 0


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of `since` to `until`. `failures` are the tries that failed, `causes` how many by
    family. `new` began in that time, `broken` are other ones that are open, `well` failed in that time
    and are resolved. `risky` are runs that may fail next, the likeliest first; `itself` is what is wrong
    with dagnosis itself. `links` are the pages of incidents by their id, and of all of them (0)."""

    since: datetime
    until: datetime
    failures: int
    causes: tuple[tuple[str, int], ...]
    new: Part
    broken: Part
    well: Part
    risky: tuple[Ahead, ...] = ()
    itself: tuple[Check, ...] = ()
    links: dict[int, str] = {}

    @property
    def subject(self) -> str:
        """One line: what there is.

        >>> from datetime import datetime, timezone
        >>> day = datetime(2026, 11, 26, tzinfo=timezone.utc)
        >>> Digest(since=day, until=day, failures=0, causes=(), new=Part(), broken=Part(), well=Part()).subject
        'Digest: nothing is broken'
        """
        told = [
            f"{count:,} {what}"
            for count, what in (
                (self.new.total, "new"),
                (self.broken.total, "still broken"),
                (self.well.total, "well again"),
                (len(self.risky), "at risk"),
            )
            if count
        ]
        if not (self.new.total or self.broken.total):
            told.insert(0, "nothing is broken")
        return f"Digest: {', '.join(told)}"


def digest(
    store: Read, until: datetime, period: timedelta = timedelta(days=1), link: Link | None = None
) -> Digest:
    """The digest of the time before `until`. `link` gives the pages of an incident (None: of all).

    Raises `WrongUse` for a period that is not above 0, and what the store raises.
    """
    if period <= timedelta(0):
        raise WrongUse("the period of a digest is above 0")
    since = until - period
    seen = store.find(Query(since=since, order="first_seen", limit=READ)).incidents
    new = [one for one in seen if one.first_seen >= since and one.state in ("open", "acknowledged")]
    unsolved: tuple[State, ...] = ("open", "acknowledged")
    still = store.find(Query(states=unsolved, until=since, limit=MOST))
    well = store.find(Query(states=("resolved",), since=since, limit=MOST))
    step = max(60, int(period.total_seconds()))
    causes: Counter[str] = Counter()
    for count in store.counts(since, until, step):
        causes[count.cause] += count.count
    told = Digest(
        since=since,
        until=until,
        failures=sum(causes.values()),
        causes=tuple(causes.most_common()),
        new=Part(incidents=tuple(sorted(new, key=_weight))[:MOST], total=len(new)),
        broken=Part(incidents=still.incidents, total=still.total),
        well=Part(incidents=well.incidents, total=well.total),
        risky=_risky(store, until),
        itself=tuple(one for one in checks(store, until) if one.grade in ("warn", "bad")),
    )
    if link is None:
        return told
    listed = (*told.new.incidents, *told.broken.incidents, *told.well.incidents)
    links = {one.id: link(one)[0] for one in listed} | {0: link(None)[0]}
    return msgspec.structs.replace(
        told, links={id_: url for id_, url in links.items() if _web(url)}
    )


def _weight(one: Incident) -> tuple[int, int, int]:
    """The widest first."""
    return (-one.dags, -one.blast, -one.count)


def _risky(store: Read, until: datetime) -> tuple[Ahead, ...]:
    outlook = kept(store)
    if outlook is None or until - outlook.made > STALE:
        return ()
    return tuple(one for one in outlook.risks if one.alert or one.p_fail >= RISKY)[:MOST]


def _web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


class _Line(msgspec.Struct, frozen=True):
    """A head with its page, and what is said below it."""

    head: str
    url: str = ""
    below: tuple[str, ...] = ()
    quote: str = ""


class _Section(msgspec.Struct, frozen=True):
    title: str
    lines: tuple[_Line, ...]
    more: int = 0


def _sections(told: Digest) -> Iterator[_Section]:
    for title, part, whole in (
        ("New", told.new, True),
        ("Still broken", told.broken, True),
        ("Well again", told.well, False),
    ):
        if part.total:
            lines = tuple(_line(told, one, whole) for one in part.incidents)
            yield _Section(f"{title} ({part.total:,})", lines, part.total - len(lines))
    if told.risky:
        yield _Section(f"At risk ({len(told.risky)})", tuple(map(_risk, told.risky)))
    if told.itself:
        lines = tuple(
            _Line(safe(f"{one.name}: {one.found}"), below=(safe(one.advice),))
            for one in told.itself
        )
        yield _Section("dagnosis itself", lines)


def _line(told: Digest, one: Incident, whole: bool) -> _Line:
    url = told.links.get(one.id, "")
    head = safe(f"#{one.id} {one.title}", 140)
    below = [f"{extent(one)}, since {clock(one.first_seen)}"]
    if not whole:
        return _Line(head, url, tuple(below))
    below.append(safe(f"{one.detail}, {one.confidence:.0%} sure"))
    if failed := one.last_failed or one.first_failed:
        below.append(safe(where(failed)))
    if one.fix:
        below.append(safe(f"What to do: {one.fix[0]}"))
    return _Line(head, url, tuple(below), safe(one.quote or one.message, 300))


def _risk(one: Ahead) -> _Line:
    name = ".".join(filter(None, (one.dag_id, one.task_id)))
    what = "runs now" if one.kind == "open" else f"next {clock(one.when)}"
    why = [reason.text for reason in one.reasons if reason.weight > 0][:2]
    late = ("may be late",) if one.late else ()
    return _Line(safe(f"{name}: {one.p_fail:.0%}, {what}"), below=(*map(safe, why), *late))


def _summary(told: Digest) -> str:
    if not told.failures:
        return "Nothing failed."
    causes = ", ".join(f"{count:,} {cause.replace('_', ' ')}" for cause, count in told.causes[:5])
    return safe(f"{number(told.failures, 'failure')}: {causes}")


def text(told: Digest) -> str:
    """As plain text."""
    parts = [f"{clock(told.since)} to {clock(told.until)}", _summary(told)]
    for section in _sections(told):
        parts += ["", section.title, "-" * len(section.title)]
        for line in section.lines:
            parts.append(line.head)
            parts += [f"   {said}" for said in line.below if said]
            if line.quote:
                parts.append(f"   > {line.quote}")
            if line.url:
                parts.append(f"   {line.url}")
        if section.more:
            parts.append(f"and {section.more:,} more")
    if told.links.get(0):
        parts += ["", f"All incidents: {told.links[0]}"]
    return "\n".join(parts) + "\n"


_BODY = "font-family:sans-serif;max-width:46em;color:#1b1f24"
_QUOTE = "white-space:pre-wrap;background:#f4f4f4;padding:6px;margin:4px 0"


def html(told: Digest) -> str:
    """As a page for mail: everything escaped, styles inline, nothing fetched."""
    parts = [
        f'<html><head><meta charset="utf-8"><title>{escape(told.subject)}</title></head>',
        f'<body style="{_BODY}">',
        f"<h2>{escape(told.subject)}</h2>",
        f"<p>{escape(clock(told.since))} to {escape(clock(told.until))}. {escape(_summary(told))}</p>",
    ]
    for section in _sections(told):
        parts += [f"<h3>{escape(section.title)}</h3>", "<ul>"]
        parts += [f"<li>{''.join(_item(line))}</li>" for line in section.lines]
        parts.append("</ul>")
        if section.more:
            parts.append(f"<p>and {section.more:,} more</p>")
    if told.links.get(0):
        parts.append(f'<p><a href="{escape(told.links[0])}">All incidents</a></p>')
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _item(line: _Line) -> Iterable[str]:
    head = escape(line.head)
    yield f'<a href="{escape(line.url)}"><b>{head}</b></a>' if line.url else f"<b>{head}</b>"
    yield from (f"<div>{escape(said)}</div>" for said in line.below if said)
    if line.quote:
        yield f'<pre style="{_QUOTE}">{escape(line.quote)}</pre>'


def made(settings: Settings, period: timedelta = timedelta(days=1)) -> Digest:
    """The digest of the store that the settings name, as of now."""
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.services.notify import linked

    with open_incidents(settings.store_place) as incidents:
        return digest(incidents, incidents.now(), period, linked(settings))


def send(told: Digest, settings: Settings) -> Sequence[str]:
    """Send a digest by e-mail; to whom. The same hour's digest, sent again, is the same message.

    Raises `WrongUse` where no e-mail is set up, `Undelivered` where the server does not take it.
    """
    from dagnosis.incidents.notifications import mail

    post = mail.configured(settings)
    if post is None:
        raise WrongUse(
            "no e-mail is set up: notify_mail_to, notify_mail_from and notify_mail_host;"
            " see docs/howto/notifications.md"
        )
    post.send(
        mail.written(
            told.subject, text(told), html(told),
            key=f"digest-{told.until:%Y%m%d%H}-{told.until - told.since}", when=told.until,
            sender=post.sender, to=post.to,
        )
    )  # fmt: skip
    return [str(one) for one in post.to]
