"""`dagnosis feedback`: was the answer right?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    pass

from dagnosis.cli.terminal import CONTEXT, complain, print_json, progress, read, sources
from dagnosis.errors import DagnosisError, UnreadableInput, WrongUse


@click.group(context_settings=CONTEXT)
def feedback() -> None:
    """Say whether an answer was right; the next failure like it is answered by what you said.

    \b
    Examples:
      dagnosis feedback confirm attempt=1.log
      dagnosis feedback correct attempt=1.log --cause data_error.column_not_found
      dagnosis feedback list
      dagnosis feedback forget --dag orders_daily

    What is kept of a log is redacted and reduced; the setting `store` says where.
    """


_who = click.option("--who", metavar="NAME", default="", help="Who says so (default: you).")


_note = click.option("--note", metavar="TEXT", default="", help="Why, for those who come after.")


_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")


@feedback.command("confirm")
@click.argument("files", metavar="LOG…", nargs=-1, required=True)
@_note
@_who
@_as_json
def feedback_confirm(files: tuple[str, ...], note: str, who: str, as_json: bool) -> None:
    """Confirm the answers about logs: files, folders of logs, or - for standard input.

    \b
    Examples:
      dagnosis feedback confirm attempt=1.log
      dagnosis feedback confirm logs/dag_id=orders_daily
    """
    sys.exit(_label(files, as_json, note=note, who=who))


@feedback.command("correct")
@click.argument("file", metavar="LOG")
@click.option("--cause", metavar="FAMILY.CAUSE", required=True, help="What it was, in truth.")
@click.option("--new", is_flag=True, help="The cause is a new one, however like a known one.")
@_note
@_who
@_as_json
def feedback_correct(file: str, cause: str, new: bool, note: str, who: str, as_json: bool) -> None:
    """Say what the cause of a failure was.

    FAMILY is one of the closed list (see `docs/causes`); CAUSE is a known one, one of your own
    below the family, or left out.

    \b
    Examples:
      dagnosis feedback correct attempt=1.log --cause data_error.column_not_found
      dagnosis feedback correct attempt=1.log --cause network.vpn_down --note "the tunnel to Oslo"
    """
    from dagnosis.services.feedback import known

    sys.exit(_label((file,), as_json, cause=known(cause, new=new), new=True, note=note, who=who))


def _label(files: tuple[str, ...], as_json: bool, **said: Any) -> int:
    import msgspec

    from dagnosis import settings
    from dagnosis.incidents.memory import open_memory
    from dagnosis.incidents.store import open_store
    from dagnosis.services.feedback import NothingToLabel, give

    chosen = settings.load().settings
    found = list(sources(files))
    worst = healthy = 0
    with open_store(chosen.store_place) as store:
        memory = open_memory(chosen.store_place)
        assert memory is not None
        click.get_current_context().call_on_close(memory.close)
        for source in progress(found, len(found) > 1 and not as_json):
            try:
                if isinstance(source, UnreadableInput):
                    raise source
                given = give(store, read(source), memory=memory, **said)
            except NothingToLabel as error:
                healthy += 1
                if len(found) == 1:
                    raise error
                continue
            except DagnosisError as error:
                complain(error)
                worst = max(worst, error.exit_code)
                continue
            if as_json:
                print_json({**msgspec.to_builtins(given), "answer": given.answer.id})
            else:
                was = "" if given.verdict == "confirm" else f" (answered: {given.answered})"
                new = ", a cause of your own" if given.new else ""
                click.echo(f"{given.verdict}ed: {given.answer.id}: {given.detail}{new}{was}")
    if healthy:
        complain(f"{healthy} without a failure, so without a label")
    return worst


@feedback.command("list")
@click.option("--fingerprint", metavar="F", default="", help="Of one failure only.")
@_as_json
def feedback_list(fingerprint: str, as_json: bool) -> None:
    """List what was said, the newest first."""
    from dagnosis import settings
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store
    from dagnosis.rendering import visible

    chosen = settings.load().settings
    if not place(chosen.store_place).exists:
        complain(f"no feedback yet: {place(chosen.store_place).name} does not exist")
        return
    with open_store(chosen.store_place) as store:
        rows = store.feedback(fingerprint)
    for row in rows:
        if as_json:
            print_json(row)
            continue
        where = f"{row.dag_id}.{row.task_id}" if row.dag_id else row.source
        note = f"  {row.note}" if row.note else ""
        text = f"{row.given:%Y-%m-%d %H:%M}  {row.verdict:<7}  {row.detail}  {where}  by {row.who}"
        click.echo(visible(f"{text}  {row.fingerprint}{note}"))


@feedback.command("forget")
@click.option("--diagnosis", metavar="ID", default="", help="One diagnosis.")
@click.option("--fingerprint", metavar="F", default="", help="All of one failure.")
@click.option("--dag", metavar="DAG_ID", default="", help="All of one DAG.")
@click.option("--all", "all_of_it", is_flag=True, help="All that is kept.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def feedback_forget(
    diagnosis: str, fingerprint: str, dag: str, all_of_it: bool, as_json: bool
) -> None:
    """Delete diagnoses, what is kept of their logs, and what was said of them.

    \b
    Examples:
      dagnosis feedback forget --fingerprint 07e2c1c1c7a0f2b4
      dagnosis feedback forget --dag orders_daily
      dagnosis feedback forget --all
    """
    from dagnosis import settings
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store

    if not (diagnosis or fingerprint or dag or all_of_it):
        raise WrongUse("feedback forget: name --diagnosis, --fingerprint, --dag or --all")
    if all_of_it and (diagnosis or fingerprint or dag):
        raise WrongUse("feedback forget: --all goes with nothing else")
    chosen = settings.load().settings
    count = 0
    if place(chosen.store_place).exists:
        with open_store(chosen.store_place) as store:
            count = store.forget(
                diagnosis=diagnosis, fingerprint=fingerprint, dag_id=dag, all_of_it=all_of_it
            )
    if as_json:
        print_json({"forgotten": count})
    else:
        click.echo(f"forgotten: {count} {'diagnosis' if count == 1 else 'diagnoses'}")
