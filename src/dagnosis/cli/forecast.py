"""The commands of `dagnosis forecast`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dagnosis.cli.terminal import CONTEXT, complain, print_json
from dagnosis.errors import UnreadableInput

RUNS = click.argument("runs", metavar="RUNS", type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.group(context_settings=CONTEXT)
def forecast() -> None:
    """How likely is a run to fail, said before it starts, and why.

    RUNS is a table of runs (.parquet, .csv, .jsonl), one row a try; docs/reference/runs.md has its
    columns. `dagnosis forecast pull` makes one from Airflow's metadata database.

    \b
    Examples:
      dagnosis forecast pull sqlite:////opt/airflow/airflow.db runs.parquet
      dagnosis forecast evaluate runs.parquet --html report.html
      dagnosis forecast train runs.parquet
      dagnosis forecast score runs.parquet
    """


@forecast.command()
@click.argument("url", metavar="URL")
@click.argument("runs", metavar="RUNS.parquet", type=Path)
@AS_JSON
def pull(url: str, runs: Path, as_json: bool) -> None:
    """Read Airflow's metadata database into RUNS, which grows; Airflow's own history is cleaned.

    The database is only read (Airflow 2.10 and later, SQLite and PostgreSQL). A second pull reads what
    changed since the first and replaces rows of the same try.

    \b
    Examples:
      dagnosis forecast pull sqlite:////opt/airflow/airflow.db runs.parquet
      dagnosis forecast pull postgresql://reader@db/airflow runs.parquet

    Exit code: 0 ok, 2 wrong use, 3 no Airflow database, 4 it does not answer.
    """
    from dagnosis.services.forecast import pull as pulled

    read, kept = pulled(url, runs)
    if as_json:
        print_json({"read": read, "kept": kept, "runs": str(runs)})
    else:
        click.echo(f"{read:,} tries read, {kept:,} kept in {runs}")


@forecast.command()
@RUNS
@click.option("--no-promote", is_flag=True, help="Train and judge, change nothing.")
@AS_JSON
def train(runs: Path, no_promote: bool, as_json: bool) -> None:
    """Train on RUNS, and use the model if it wins on the newest runs.

    It must beat the share of failures in the last ten outcomes, and the model in use, on the newest
    15 % of the runs, which it had not seen. `dagnosis models rollback forecast` takes it back.

    \b
    Examples:
      dagnosis forecast train runs.parquet
      dagnosis forecast train runs.parquet --no-promote --json

    Exit code: 0 it is in use, 1 it did not win (or --no-promote), 3 RUNS is unreadable or too short.
    """
    from dagnosis.services.forecast import train as trained

    with _steps(as_json) as step:
        report = trained(runs, promote=not no_promote, step=step)
    if as_json:
        print_json(report)
    else:
        from dagnosis import rendering_forecast

        rendering_forecast.training(report)
    sys.exit(0 if report.promoted else 1)


@forecast.command()
@RUNS
@click.option("--html", metavar="FILE", type=Path, help="Write a page with plots, too.")
@AS_JSON
def evaluate(runs: Path, html: Path | None, as_json: bool) -> None:
    """Judge every model on RUNS by time: learn from the older 70 %, forecast the rest.

    Beside the models: what one would do without one (previous state, last ten outcomes), and once what
    a split at random would have pretended.

    \b
    Examples:
      dagnosis forecast evaluate runs.parquet
      dagnosis forecast evaluate runs.csv --html report.html
      dagnosis forecast evaluate runs.parquet --json | jq '.scores[0].pr_auc'
    """
    from dagnosis.services.forecast import evaluate as evaluated

    with _steps(as_json) as step:
        found = evaluated(runs, step)
    if html is not None:
        from dagnosis.forecast.report import page

        try:
            html.write_text(page(found), "utf-8")
        except OSError as error:
            raise UnreadableInput(f"{html}: {(error.strerror or str(error)).lower()}") from None
    if as_json:
        print_json(found)
    else:
        from dagnosis import rendering_forecast

        rendering_forecast.evaluation(found)


@forecast.command()
@RUNS
@click.option(
    "--alerts",
    metavar="N",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    help="Mark so many a day at most, on average.",
)
@click.option(
    "--most",
    metavar="N",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Runs that are listed.",
)
@AS_JSON
def score(runs: Path, alerts: float, most: int, as_json: bool) -> None:  # fmt: skip
    """List the open runs of RUNS, and the next of each task, by risk and with the reasons.

    \b
    Examples:
      dagnosis forecast score runs.parquet
      dagnosis forecast score runs.parquet --alerts 2
      dagnosis forecast score runs.parquet --json | jq '.risks[] | select(.alert)'

    Exit code: 0 no alert, 1 alerts, 3 RUNS is unreadable.
    """
    from dagnosis.services.forecast import score as scored

    with _bar("Reading runs", as_json) as progress:
        found = scored(runs, alerts, most, progress=progress)
    _complain(found.troubles)
    if as_json:
        print_json(found)
    else:
        from dagnosis import rendering_forecast

        rendering_forecast.risks(found)
    sys.exit(int(any(risk.alert for risk in found.risks)))


@forecast.command()
@click.argument("events", metavar="EVENTS", type=Path)
@click.option("--out", metavar="PRED.csv", type=Path, required=True, help="Where forecasts go.")
@click.option("--model", default="blend", show_default=True, help="See docs/howto/forecast.md.")
@AS_JSON
def replay(events: Path, out: Path, model: str, as_json: bool) -> None:
    """Read a stream of requests and outcomes and write `run_uid,p_fail` for each request.

    EVENTS has the columns of RUNS, and `kind` (request, outcome) and `time`, in order of time. Each
    forecast is fixed at its request, before anything after it is read. A table of runs is brought in
    order of time first. Nothing is kept: the replay starts from the shipped prior.

    \b
    Examples:
      dagnosis forecast replay events.parquet --out pred.csv
      dagnosis forecast replay runs.csv --out pred.csv --model last-10
    """
    from dagnosis.services.forecast import replay as replayed

    with _bar("Replaying", as_json) as progress:
        done = replayed(events, out, model, progress)
    _complain(done.troubles)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{done.requests:,} forecasts in {out}; {done.labelled:,} outcomes seen, "
            f"fitted {done.fits} times"
        )


def _complain(lines: tuple[str, ...]) -> None:
    for line in lines:
        complain(line)


@contextmanager
def _bar(title: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def _steps(quiet: bool) -> Iterator[Callable[[str], None]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield status.update
