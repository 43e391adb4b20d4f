"""The commands of `dagnosis forecast`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagnosis.cli.terminal import CONTEXT, complain, print_json
from dagnosis.errors import UnreadableInput

if TYPE_CHECKING:
    from dagnosis.services.history import Pulled

RUNS = click.argument("runs", metavar="RUNS", type=Path)
OUR_RUNS = click.argument("runs", metavar="[RUNS]", type=Path, required=False)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.group(context_settings=CONTEXT)
def forecast() -> None:
    """How likely is a run to fail, said before it starts, and why.

    RUNS is a table of runs (.parquet, .csv, .jsonl), one row a try; docs/reference/runs.md has its
    columns. `dagnosis forecast pull` makes one from Airflow's metadata database. Where RUNS may be left
    out, the setting `runs` says which it is.

    \b
    Examples:
      dagnosis forecast pull sqlite:////opt/airflow/airflow.db runs.parquet
      dagnosis forecast evaluate runs.parquet --html report.html
      dagnosis forecast train runs.parquet
      dagnosis forecast score runs.parquet
      dagnosis forecast drift runs.parquet
    """


def ours(runs: Path | None) -> Path:
    """The history that was named, else that of the settings."""
    from dagnosis import settings

    return runs or settings.load().settings.runs_place


@forecast.command()
@click.argument("url", metavar="[URL]", default="")
@click.argument("runs", metavar="[RUNS.parquet]", type=Path, required=False)
@AS_JSON
def pull(url: str, runs: Path | None, as_json: bool) -> None:
    """Read the runs of an Airflow into RUNS, which grows; Airflow's own history is cleaned.

    URL is its metadata database, which is only read (2.10 and later), or its address (2.10 and later;
    user or token as in the settings airflow_user, airflow_token_env); without one it is the Airflow of
    the settings. A second pull reads what changed since the first and replaces rows of the same try.
    Facts about the DAGs (new versions, what people did by hand; from a database failures upstream and
    assets, too) go beside it, into RUNS.facts.csv.

    \b
    Examples:
      dagnosis forecast pull sqlite:////opt/airflow/airflow.db runs.parquet
      dagnosis forecast pull postgresql://reader@db/airflow runs.parquet
      dagnosis forecast pull http://airflow:8080 runs.parquet

    Exit code: 0 ok, 2 wrong use, 3 no Airflow database, 4 it does not answer.
    """
    runs = ours(runs)
    done = _pulled(url, runs)
    if as_json:
        print_json({**done._asdict(), "runs": str(runs)})
    else:
        click.echo(f"{done.read:,} tries read, {done.kept:,} kept in {runs}, {done.facts:,} facts")


@forecast.command()
@OUR_RUNS
@click.option("--airflow", metavar="URL", help="Pull from this Airflow into RUNS first.")
@click.option("--database", metavar="URL", help="Pull from this metadata database into RUNS first.")
@click.option("--no-promote", is_flag=True, help="Train and judge, change nothing.")
@click.option("--signals", metavar="FILE", type=Path, help="What was seen of runs (JSON lines).")
@AS_JSON
def train(
    runs: Path | None,
    airflow: str | None,
    database: str | None,
    no_promote: bool,
    signals: Path | None,
    as_json: bool,
) -> None:
    """Train on RUNS, and use the model if it wins on the newest runs.

    It must beat the share of failures in the last ten outcomes on the newest 15 % of the runs, which it
    had not seen, and the model in use on those of them that came after that was trained. `dagnosis
    models rollback forecast` takes it back.

    \b
    Examples:
      dagnosis forecast train runs.parquet
      dagnosis forecast train --database postgresql://reader@db/airflow
      dagnosis forecast train --airflow http://airflow:8080
      dagnosis forecast train runs.parquet --no-promote --json

    Exit code: 0 it is in use, 1 it did not win (or --no-promote), 3 RUNS is unreadable or too short.
    """
    from dagnosis import settings
    from dagnosis.services.forecast_training import lines
    from dagnosis.services.forecast_training import train as trained

    runs = ours(runs)
    with _steps(as_json) as step:
        for url in filter(None, (airflow, database)):
            step("pulling")
            _pulled(url, runs)
        folder = settings.load().settings.models_folder
        report = trained(runs, folder, not no_promote, step, signals)
    if as_json:
        print_json(report)
    else:
        click.echo("\n".join(lines(report)))
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
@OUR_RUNS
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
@click.option(
    "--deadline",
    metavar="[DAG=]SPAN",
    multiple=True,
    help="Runs should have ended so long after they were asked for, as 90m or etl=2h.",
)
@click.option(
    "--signals", metavar="FILE", type=Path, help="What is seen of open runs (JSON lines)."
)
@AS_JSON
def score(
    runs: Path | None,
    alerts: float,
    most: int,
    deadline: tuple[str, ...],
    signals: Path | None,
    as_json: bool,
) -> None:
    """List the open runs of RUNS, and the next of each task, by risk and with the reasons.

    The risk of an open run is that before it started, moved by its age (and by what --signals says of
    its log and heartbeats). Beside it: how long it takes, when it ends, and with --deadline the chance
    that it is late.

    \b
    Examples:
      dagnosis forecast score runs.parquet
      dagnosis forecast score runs.parquet --alerts 2
      dagnosis forecast score runs.parquet --deadline 6h --deadline billing=90m
      dagnosis forecast score runs.parquet --json | jq '.risks[] | select(.alert)'

    Exit code: 0 no alert, 1 alerts, 3 RUNS is unreadable.
    """
    from dagnosis import settings
    from dagnosis.services.score import deadlines, read_signals
    from dagnosis.services.score import score as scored

    until = deadlines(deadline)
    seen = read_signals(signals) if signals else None
    folder = settings.load().settings.models_folder
    with _bar("Reading runs", as_json) as progress:
        found = scored(ours(runs), alerts, most, folder, progress, until, seen)
    _complain(found.troubles)
    if as_json:
        print_json(found)
    else:
        from dagnosis import rendering_forecast

        rendering_forecast.risks(found)
    sys.exit(int(any(risk.alert for risk in found.risks)))


@forecast.command()
@OUR_RUNS
@click.option(
    "--window",
    metavar="N",
    type=click.IntRange(50),
    default=1000,
    show_default=True,
    help="Runs that are judged together.",
)
@AS_JSON
def drift(runs: Path | None, window: int, as_json: bool) -> None:
    """Do the forecasts of the model in use still fit? Judged by runs that came after its training.

    A window has drifted where more or fewer runs failed than was forecast, beyond what whole days
    drawn at random show, and the calibration error is beyond chance. Then retrain.

    \b
    Examples:
      dagnosis forecast drift runs.parquet
      dagnosis forecast drift --window 200 --json

    Exit code: 0 they fit, 1 the newest window has drifted, 3 RUNS is unreadable or too short.
    """
    from dagnosis import settings
    from dagnosis.services.drift import watch

    with _steps(as_json) as step:
        found = watch(ours(runs), window, settings.load().settings.models_folder, step)
    if as_json:
        print_json(found)
    else:
        from dagnosis import rendering_forecast

        rendering_forecast.drift(found)
    sys.exit(int(found.drifted))


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


def _pulled(url: str, runs: Path) -> Pulled:
    from dagnosis.services.history import pull

    return pull(url, runs)


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
