"""`dagnosis doctor`, `config` and `demo`: is it in order, how is it set, what does it look like?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    pass

from dagnosis.cli.terminal import CONTEXT, print_json


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
def demo() -> None:
    """Diagnose the logs bundled with the package: real tries of Airflow 3.3.2 and 2.11."""
    from dagnosis import rendering, settings
    from dagnosis.services.demo import answers

    rendering.demo(answers(), settings.load().settings.colour)
