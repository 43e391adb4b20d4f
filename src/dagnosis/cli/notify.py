"""`dagnosis notify`: who is told of incidents, and what became of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from dagnosis.cli.terminal import CONTEXT, complain, print_json

if TYPE_CHECKING:
    from dagnosis.incidents.outbox import Letter

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")


@click.group(context_settings=CONTEXT)
def notify() -> None:
    """Tell people of incidents: new, back again, worse, resolved; nothing else.

    \b
    Examples:
      dagnosis notify test
      dagnosis notify send
      dagnosis notify list --state dead
      dagnosis notify again

    `dagnosis watch` delivers by itself; the settings notify_* say to whom.
    """


@notify.command("test")
@click.option("--only", metavar="NAME", default="", help="webhook, slack, mail or alertmanager.")
@_as_json
def notify_test(only: str, as_json: bool) -> None:
    """Send a sample through each notifier that is set up."""
    from dagnosis import settings
    from dagnosis.services.notify import rehearse

    tried = rehearse(settings.load().settings, only)
    for one in tried:
        if as_json:
            print_json(one)
        elif one.problem:
            complain(f"{one.notifier}: {one.problem}")
        else:
            click.echo(f"{one.notifier}: delivered")
    sys.exit(4 if any(one.problem for one in tried) else 0)


@notify.command("send")
@_as_json
def notify_send(as_json: bool) -> None:
    """Deliver what is due now, for those who run no watch."""
    from dagnosis import settings
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.incidents.notifications import notifiers
    from dagnosis.services.notify import deliver, outbox_of

    chosen = settings.load().settings
    told = notifiers(chosen)
    if not told:
        complain("no notifier is set up, so nobody is told; see dagnosis notify --help")
    with open_incidents(chosen.store_place) as incidents:
        done = deliver(outbox_of(incidents, chosen), told)
    if as_json:
        print_json(done)
    else:
        click.echo(f"sent: {done.sent}, to be tried again: {done.waiting}, given up: {done.dead}")
        for problem in done.problems:
            complain(problem)
    sys.exit(4 if done.waiting or done.dead else 0)


@notify.command("list")
@click.option("--state", type=click.Choice(["waiting", "sent", "dead", "held"]), default=None)
@click.option("--limit", metavar="N", type=click.IntRange(1, 10_000), default=50, show_default=True)
@_as_json
def notify_list(state: str | None, limit: int, as_json: bool) -> None:
    """List messages, the newest first: waiting, sent, dead (given up) or held (too many an hour)."""
    from dagnosis import settings
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.rendering import visible
    from dagnosis.services.notify import outbox_of

    chosen = settings.load().settings
    with open_incidents(chosen.store_place) as incidents:
        letters = outbox_of(incidents, chosen).letters(state, limit)  # type: ignore[arg-type]
    for letter in letters:
        if as_json:
            print_json(letter)
        else:
            click.echo(visible(_line(letter)))
    if not letters:
        complain("no such messages")


def _line(letter: Letter) -> str:
    one = letter.notice.incident
    about = f"#{one.id} {one.title}" if one else letter.notice.why
    problem = f"  ({letter.problem})" if letter.problem else ""
    return (
        f"{letter.id:>6}  {letter.made:%Y-%m-%d %H:%M}  {letter.state:<7}  {letter.notifier:<12}  "
        f"{letter.notice.reason:<9}  {about}{problem}"
    )


@notify.command("again")
@click.argument("ids", metavar="[ID]…", nargs=-1, type=int)
@_as_json
def notify_again(ids: tuple[int, ...], as_json: bool) -> None:
    """Try messages once more that were given up or held back; without an ID all that were given up."""
    from dagnosis import settings
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.services.notify import outbox_of

    chosen = settings.load().settings
    with open_incidents(chosen.store_place) as incidents:
        count = outbox_of(incidents, chosen).again(ids)
    if as_json:
        print_json({"again": count})
    else:
        click.echo(f"to be tried again: {count}")
