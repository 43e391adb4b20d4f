"""`dagnosis doctor`, `config` and `demo`: is it in order, how is it set, what does it look like?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dagnosis.settings import Settings

from dagnosis.cli.terminal import CONTEXT, complain, print_json, showing


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--llm", is_flag=True, help="Ask the language model that is set up one question.")
def doctor(as_json: bool, llm: bool) -> None:
    """Check this installation: Python, libraries, the causes, and one diagnosis end to end."""
    from dagnosis.services.doctor import checks

    rows = checks(llm=llm)
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{'ok  ' if row.ok else 'FAIL'}  {row.name}: {row.found}")
        if not row.ok:
            click.echo(f"      {row.advice}")
    sys.exit(0 if all(row.ok for row in rows) else 1)


@click.group(context_settings=CONTEXT)
def config() -> None:
    """Settings, and where each came from."""


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def config_show(as_json: bool) -> None:
    """Show every setting, its value, where the value came from and what it means."""
    from dagnosis import settings

    loaded = settings.load()
    rows = [
        {
            "key": key,
            "value": _shown(getattr(loaded.settings, key)),
            "from": loaded.origins[key],
            "meaning": meaning,
        }
        for key, meaning in settings.DESCRIPTIONS.items()
    ]
    if as_json:
        print_json(rows)
        return
    width = max(len(f"{row['key']} = {row['value']}") for row in rows)
    for row in rows:
        value = f"{row['key']} = {row['value']}"
        click.echo(f"{value:<{width}}  ({row['from']})  {row['meaning']}")


def _shown(value: object) -> object:
    """A setting without the password of a URL."""
    if not (isinstance(value, str) and "://" in value):
        return value
    from dagnosis.logs.redaction import redact

    return redact(value)


@click.command()
@click.option(
    "--serve/--no-serve", "wanted", default=None, help="Serve the pages at the end (on a terminal)."
)
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), help="Port (default 8642).")
def demo(wanted: bool | None, port: int | None) -> None:
    """Diagnose the logs bundled with the package, and show them on pages.

    The logs are real tries of Airflow 3.3.2 and 2.11. The pages show them as if they had failed over
    two weeks, with a history of runs and two datasets, in a folder that is removed at the end; your
    own stores are not touched. Without a terminal nothing is served, unless --serve says so.

    \b
    Examples:
      dagnosis demo
      dagnosis demo --no-serve

    Exit code: 0 ended (Ctrl-C ends the pages), 2 wrong use.
    """
    from dagnosis import rendering, settings
    from dagnosis.services.demo import answers

    serving = sys.stdout.isatty() if wanted is None else wanted
    chosen = settings.load({"serve_port": port}).settings
    rendering.demo(answers(), chosen.colour)
    if serving:
        _serve_demo(chosen)
    else:
        complain("the same on pages: dagnosis demo --serve")


def _serve_demo(chosen: Settings) -> None:
    """Fill stores in a folder of our own, say what to open, serve until Ctrl-C."""
    import tempfile
    from pathlib import Path

    import msgspec

    from dagnosis import app
    from dagnosis.cli.serve import address
    from dagnosis.server.running import listening, run
    from dagnosis.services.staging import stage

    with tempfile.TemporaryDirectory(prefix="dagnosis-demo-") as name:
        folder = Path(name)
        own = msgspec.structs.replace(
            chosen,
            store=str(folder / "store.db"),
            profiles=str(folder / "profiles.db"),
            runs=str(folder / "runs.parquet"),
            tokens=str(folder / "tokens.json"),
            spool=str(folder / "spool"),
            serve_host="127.0.0.1",
            serve_auth="auto",
        )
        opened = listening(own.serve_host, own.serve_port, authenticated=False)
        with showing("Preparing pages") as step, app.opened(own) as found:
            staged = stage(found, folder, step=step)
            click.echo(
                f"\nOpen {address(opened)}\n"
                f"  {staged.incidents} incidents of {staged.failures} failures, {staged.risks} runs by"
                f" risk, {staged.datasets} datasets (one is bad). Ctrl-C ends it.\n"
            )
            run(app.web(own, found, app.measured(own, found)), opened)
