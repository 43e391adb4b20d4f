"""`dagnosis incidents`: what is broken now, since when, how often, where, why, and what to do."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, get_args

import click

from dagnosis.cli.terminal import CONTEXT, complain, print_json
from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Kind, State

if TYPE_CHECKING:
    from dagnosis.incidents.incidents import Incidents

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")
_who = click.option("--who", metavar="NAME", default="", help="Who does it (default: you).")
_ids = click.argument("ids", metavar="ID…", nargs=-1, required=True, type=int)
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@click.group(context_settings=CONTEXT)
def incidents() -> None:
    """Failures grouped by what is wrong: one incident for the same failure, whatever DAG it is in.

    \b
    Examples:
      dagnosis incidents list
      dagnosis incidents list --dag orders_daily --state all --since 7d
      dagnosis incidents show 12
      dagnosis incidents ack 12 13
      dagnosis incidents mute 12 --for 2d
      dagnosis incidents resolve 12
    """


def _opened() -> Incidents:
    from dagnosis import settings
    from dagnosis.incidents.incidents import open_incidents

    opened = open_incidents(settings.load().settings.store_place)
    click.get_current_context().call_on_close(opened.close)
    return opened


@incidents.command("list")
@click.option(
    "--state", "states", multiple=True, type=click.Choice([*get_args(State), "all"]),
    help="May be given more than once (default: open and acknowledged).",
)  # fmt: skip
@click.option("--kind", "kinds", multiple=True, type=click.Choice(get_args(Kind)))
@click.option(
    "--cause", "causes", metavar="CAUSE", multiple=True, help="A family, or family.cause."
)
@click.option("--dag", metavar="DAG_ID", default="", help="With a failure in this DAG.")
@click.option("--task", metavar="TASK_ID", default="", help="With a failure of this task.")
@click.option("--run", metavar="RUN_ID", default="", help="With a failure in this run.")
@click.option("--text", metavar="TEXT", default="", help="With this in the answer or a DAG's name.")
@click.option("--since", metavar="TIME", default="", help="Seen since: 90m, 12h, 7d, or a time.")
@click.option("--members", is_flag=True, help="Also those that are part of an outage.")
@click.option(
    "--order", type=click.Choice(["last_seen", "first_seen", "count", "dags"]), default="last_seen"
)
@click.option("--limit", metavar="N", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--cursor", metavar="CURSOR", default="", help="The next page, as --json gives it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: a page.")
def incidents_list(**asked: Any) -> None:
    """List incidents, those seen last first.

    \b
    Examples:
      dagnosis incidents list
      dagnosis incidents list --cause network --since 12h --order dags
    """
    from dagnosis import rendering_incidents, settings
    from dagnosis.incidents.contract import Query

    states: tuple[Any, ...] = asked["states"] or ("open", "acknowledged")
    query = Query(
        states=() if "all" in states else states,
        kinds=asked["kinds"],
        causes=asked["causes"],
        dag_id=asked["dag"],
        task_id=asked["task"],
        run_id=asked["run"],
        text=asked["text"],
        since=_ago(asked["since"]) if asked["since"] else None,
        members=asked["members"],
        order=asked["order"],
        cursor=asked["cursor"],
        limit=asked["limit"],
    )
    page = _opened().find(query)
    if asked["as_json"]:
        print_json(page)
        return
    rendering_incidents.listed(page, settings.load().settings.colour)


@incidents.command("show")
@click.argument("id_", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def incidents_show(id_: int, as_json: bool) -> None:
    """Show one incident: what, since when, how often, where, why, what changed, what to do."""
    from dagnosis import rendering_incidents, settings
    from dagnosis.incidents.contract import Query

    opened = _opened()
    found = opened.incident(id_)
    if found is None:
        raise WrongUse(f"incident {id_}: there is none; see dagnosis incidents list")
    members = []
    if found.members:
        everybody = opened.find(Query(members=True, since=found.first_seen, limit=500)).incidents
        members = [one for one in everybody if one.outage_id == id_]
    shown = rendering_incidents.Shown(
        incident=found,
        occurrences=tuple(opened.occurrences(id_, limit=5)),
        timeline=tuple(opened.timeline(id_)),
        changes=tuple(opened.changes(id_)),
        members=tuple(members),
    )
    if as_json:
        print_json(shown)
    else:
        rendering_incidents.one(shown, settings.load().settings.colour)


@incidents.command("ack")
@_ids
@_who
@_as_json
def incidents_ack(ids: tuple[int, ...], who: str, as_json: bool) -> None:
    """Say that somebody looks at it."""
    _set(ids, "acknowledged", who, as_json)


@incidents.command("resolve")
@_ids
@_who
@_as_json
def incidents_resolve(ids: tuple[int, ...], who: str, as_json: bool) -> None:
    """Say that it is mended; should it occur again, it is told as one that came back."""
    _set(ids, "resolved", who, as_json)


@incidents.command("reopen")
@_ids
@_who
@_as_json
def incidents_reopen(ids: tuple[int, ...], who: str, as_json: bool) -> None:
    """Take back what was said: it is open again."""
    _set(ids, "open", who, as_json)


@incidents.command("mute")
@_ids
@click.option("--for", "span", metavar="SPAN", default="", help="90m, 12h, 2d (default: for good).")
@_who
@_as_json
def incidents_mute(ids: tuple[int, ...], span: str, who: str, as_json: bool) -> None:
    """Say nothing of it for a while; it is still counted.

    \b
    Examples:
      dagnosis incidents mute 12 --for 2d
    """
    until = datetime.now(timezone.utc) + _span(span, "--for") if span else None
    _set(ids, "muted", who, as_json, until)


def _set(
    ids: tuple[int, ...], state: State, who: str, as_json: bool, until: datetime | None = None
) -> None:
    from dagnosis.services.feedback import user

    opened = _opened()
    missing = [id_ for id_ in ids if opened.incident(id_) is None]
    if missing:
        raise WrongUse(f"incident {missing[0]}: there is none; see dagnosis incidents list")
    changed = opened.set_state(ids, state, who=who or user(), until=until)
    if as_json:
        print_json({"changed": changed})
    else:
        click.echo(f"{state}: {changed}" + (f", until {until:%Y-%m-%d %H:%M} UTC" if until else ""))


@incidents.command("assign")
@click.argument("id_", metavar="ID", type=int)
@click.argument("name", metavar="NAME", default="")
@_who
@_as_json
def incidents_assign(id_: int, name: str, who: str, as_json: bool) -> None:
    """Give an incident to somebody; without a NAME to nobody."""
    from dagnosis.services.feedback import user

    changed = _opened().assign([id_], name, who=who or user())
    if as_json:
        print_json({"changed": changed})
    else:
        click.echo(f"assigned to {name or 'nobody'}: {changed}")


@incidents.command("note")
@click.argument("id_", metavar="ID", type=int)
@click.argument("text", metavar="TEXT")
@_who
@_as_json
def incidents_note(id_: int, text: str, who: str, as_json: bool) -> None:
    """Add a note, for those who come after.

    \b
    Examples:
      dagnosis incidents note 12 "the vendor moved the column, ticket 4711"
    """
    from dagnosis.logs.redaction import redact
    from dagnosis.services.feedback import user

    _opened().note(id_, redact(text), who=who or user())
    if as_json:
        print_json({"noted": id_})
    else:
        click.echo(f"noted: {id_}")


@incidents.command("prune")
@click.option("--older", metavar="SPAN", default="90d", show_default=True, help="30d, 12w.")
@_as_json
def incidents_prune(older: str, as_json: bool) -> None:
    """Turn old failures into daily counts, and delete resolved incidents that have no others."""
    pruned = _opened().prune(_span(older, "--older"))
    if as_json:
        print_json(pruned)
    else:
        click.echo(
            f"pruned before {pruned.before:%Y-%m-%d}: {pruned.occurrences:,} failures became daily "
            f"counts, {pruned.incidents:,} resolved incidents are gone"
        )
        complain("SQLite gives the room to what comes next; run VACUUM to make the file smaller")


def _span(text: str, flag: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if not (number.isascii() and number.isdigit() and len(number) < 7 and unit in _UNITS):
        raise WrongUse(f"{flag} {text!r}: write a number with m, h, d or w, such as 12h or 90d")
    return timedelta(seconds=int(number) * _UNITS[unit])


def _ago(text: str) -> datetime:
    if text[-1:] in _UNITS and text[:-1].isdigit():
        return datetime.now(timezone.utc) - _span(text, "--since")
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise WrongUse(f"--since {text!r}: write 12h, 7d, or 2026-11-26T04:30") from None
    return when if when.tzinfo else when.astimezone()
