"""`dagnosis mcp`: answers for an assistant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagnosis import __version__
from dagnosis.errors import WrongUse

if TYPE_CHECKING:
    from dagnosis.data.store import ProfileStore
    from dagnosis.incidents.contract import IncidentStore


@click.command()
@click.option(
    "--logs",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Folder of logs that may be read; may be given more than once.",
)
@click.option(
    "--runs",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Table of runs, as forecast pull writes it: for risks and history.",
)
def mcp(logs: tuple[Path, ...], runs: Path | None) -> None:
    """Serve an assistant over the Model Context Protocol, on standard input and output.

    Read-only: incidents, single tries, logs below the folders named, findings about data, risks and
    history of runs. Answers are redacted and small; texts from logs are marked as untrusted.

    \b
    Add it to an assistant's configuration:
      {"mcpServers": {"dagnosis": {
        "command": "dagnosis",
        "args": ["mcp", "--logs", "/opt/airflow/logs", "--runs", "runs.parquet"]}}}

    \b
    Needs the extra: pip install 'dagnosis[mcp]'. The store and the profiles are those of the settings
    (DAGNOSIS_STORE, DAGNOSIS_PROFILES).
    """
    from dagnosis import settings
    from dagnosis.mcp.answers import Answers

    try:
        from dagnosis.mcp.server import server
    except ModuleNotFoundError as error:
        raise WrongUse(f"mcp: needs {error.name}; run pip install 'dagnosis[mcp]'") from None
    if runs is not None and not runs.is_file():
        raise WrongUse(f"--runs {runs}: no such file")
    chosen = settings.load().settings
    answers = Answers(
        incidents=_incidents(chosen.store_place),
        profiles=_profiles(chosen.profiles_place),
        logs=logs,
        runs=runs,
    )
    server(answers, __version__).run("stdio")


def _incidents(setting: str) -> IncidentStore | None:
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.incidents.place import place

    return open_incidents(setting) if place(setting).exists else None


def _profiles(setting: str) -> ProfileStore | None:
    from dagnosis.data.store import ProfileStore

    if "://" not in setting and not Path(setting).is_file():
        return None
    return ProfileStore(setting)
