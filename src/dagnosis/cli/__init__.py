"""The command line. Data goes to stdout, messages to stderr; one module a command.

Exit codes: 0 ok, 1 findings (a failure was explained), 2 wrong use, 3 an input was unreadable,
4 a service was unreachable.
"""

from __future__ import annotations

import sys
import warnings
from typing import TextIO

import click

from dagnosis import __version__
from dagnosis.cli.check import accept, check
from dagnosis.cli.digest import digest
from dagnosis.cli.explain import explain
from dagnosis.cli.feedback import feedback
from dagnosis.cli.forecast import forecast
from dagnosis.cli.incidents import incidents
from dagnosis.cli.lines import lines
from dagnosis.cli.mcp import mcp
from dagnosis.cli.metrics import metrics
from dagnosis.cli.notify import notify
from dagnosis.cli.results import results
from dagnosis.cli.retrain import models, retrain
from dagnosis.cli.retries import retries
from dagnosis.cli.serve import serve, token
from dagnosis.cli.setup import config, demo, doctor
from dagnosis.cli.terminal import CONTEXT, complain
from dagnosis.cli.watch import watch
from dagnosis.errors import DagnosisError, RefusedModelWarning


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="dagnosis", message="%(prog)s %(version)s")
def app() -> None:
    """Why did the Airflow run fail, is the data right, and what fails next?

    \b
    Start here:
      dagnosis demo                      bundled logs of a real Airflow, diagnosed
      dagnosis explain attempt=1.log     why this try failed
      dagnosis check day.parquet --history landed/    is the batch like its past
    """


for _command in (
    explain,
    lines,
    check,
    accept,
    results,
    forecast,
    feedback,
    retrain,
    models,
    watch,
    retries,
    incidents,
    notify,
    digest,
    metrics,
    mcp,
    doctor,
    config,
    demo,
    serve,
    token,
):
    app.add_command(_command)

_python_shows = warnings.showwarning


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Ours are messages to the user, without the line of code that gave them."""
    if issubclass(category, RefusedModelWarning):
        complain(message)
    else:
        _python_shows(message, category, filename, lineno, file, line)


def main() -> None:
    """Run the command line; errors that we raise on purpose are one line on stderr."""
    warnings.showwarning = _show_warning
    try:
        app(prog_name="dagnosis")
    except DagnosisError as error:
        complain(error)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # the reader of our output went away, as `head` does
        sys.stderr.close()
        raise SystemExit(0) from None
