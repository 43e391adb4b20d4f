"""The commands about data: `check` and `accept`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagnosis.cli.terminal import print_json, progress
from dagnosis.errors import UnreadableInput, WrongUse

if TYPE_CHECKING:
    from dagnosis.data.profile import Engine
    from dagnosis.services.check import Checked

_DATASET = click.argument("dataset", metavar="DATASET")
_TABLE = click.option("--table", metavar="[SCHEMA.]TABLE", help="Table of a database.")
_WHERE = click.option("--where", metavar="SQL", help="Rows of the table that are the batch.")
_PARTITION = click.option(
    "--partition", metavar="KEY", help="Name of the batch, best its date (default: of the file)."
)
_RUN = click.option("--run", default="", metavar="ID", help="Run that wrote the batch.")


@click.command()
@_DATASET
@click.option("--history", metavar="DIR", type=Path, help="Folder of earlier batches.")
@click.option("--name", metavar="NAME", help="Dataset under which profiles are stored.")
@_PARTITION
@_RUN
@_TABLE
@_WHERE
@click.option(
    "--false-alarms", metavar="N", type=float, help="False alarms accepted a month (default 0.25)."
)
@click.option(
    "--holidays", metavar="FILE", type=Path, help="Dates of holidays, one YYYY-MM-DD a line."
)
@click.option("--html", metavar="FILE", type=Path, help="Write a report with plots.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(
    dataset: str,
    history: Path | None,
    name: str | None,
    partition: str | None,
    run: str,
    table: str | None,
    where: str | None,
    false_alarms: float | None,
    holidays: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Say whether a batch of a dataset is like its past.

    DATASET is a file (Parquet, CSV, JSON; also .gz, .zst), the folder of a Delta or Iceberg table,
    the URL of a database or conn://ID, a connection of Airflow, both with --table.
    With --name the past is what was stored by earlier checks; with --history it is a folder of
    files, of which those are used whose names sort before this one.

    \b
    Examples:
      dagnosis check 2026-01-05.parquet --history landed/
      dagnosis check 2026-01-05.parquet --name orders --html report.html
      dagnosis check postgresql://me@host/shop --table orders \\
          --where "day = '2026-01-05'" --partition 2026-01-05 --name orders
      dagnosis check conn://warehouse --table shop.orders --partition 2026-01-05 --name orders
      dagnosis check export.csv --json | jq '.cells[]'

    Exit code: 0 healthy or still learning, 1 an alarm, 3 the dataset was unreadable.
    """
    from dagnosis import settings

    chosen = settings.load({"false_alarms": false_alarms}).settings
    if history is not None and name is not None:
        raise WrongUse("check: give --history or --name, not both")
    days = _holidays(holidays)
    if name is None and not (_is_url(dataset) or Path(dataset).is_dir() or where):
        from dagnosis.services.check import check_files

        checked = check_files(
            Path(dataset),
            history,
            partition=partition or "",
            false_alarms=chosen.false_alarms,
            holidays=days,
            progress=lambda paths: progress(list(paths), what="Reading history"),
        )
    else:
        checked = _check_stored(dataset, name, partition, run, table, where, days, chosen)
    if html is not None:
        from dagnosis.data.report import report

        _write(html, report(checked.finding, checked.profile, checked.past))
    if as_json:
        print_json(checked.finding)
    else:
        from dagnosis.rendering_check import show

        show(checked, chosen.colour)
    sys.exit(int(checked.finding.alarm))


def _check_stored(
    dataset: str,
    name: str | None,
    partition: str | None,
    run: str,
    table: str | None,
    where: str | None,
    holidays: frozenset[date],
    chosen: Any,
) -> Checked:
    from dagnosis.data.store import ProfileStore
    from dagnosis.services.check import check as check_batch
    from dagnosis.services.health import working

    if name is None:
        raise WrongUse("check: a table needs --name, under which its profiles are stored")
    store = ProfileStore(chosen.profiles_place)
    with working(chosen, "check", name):
        engine, key = _engine(dataset, table, where, partition)
        return check_batch(
            engine, name, key, run, store, false_alarms=chosen.false_alarms, holidays=holidays
        )


@click.command()
@_DATASET
@click.option("--name", metavar="NAME", required=True, help="Dataset of the stored profiles.")
@_PARTITION
@_RUN
@_TABLE
@_WHERE
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def accept(
    dataset: str,
    name: str,
    partition: str | None,
    run: str,
    table: str | None,
    where: str | None,
    as_json: bool,
) -> None:
    """Take a batch that was an alarm as the new normal.

    DATASET, --table and --where name the batch as for check, which is read once more.

    \b
    Examples:
      dagnosis accept 2026-01-05.parquet --name orders
    """
    from dagnosis import settings
    from dagnosis.data.store import ProfileStore
    from dagnosis.services.check import accept as accept_batch

    engine, key = _engine(dataset, table, where, partition)
    store = ProfileStore(settings.load().settings.profiles_place)
    made = accept_batch(engine, name, key, run, store)
    if as_json:
        print_json({"dataset": name, "partition": key, "rows": made.rows, "status": "accepted"})
    else:
        click.echo(f"{name} {key}: accepted, {made.rows:,} rows are the new normal")


def _is_url(dataset: str) -> bool:
    return "://" in dataset


def _engine(
    dataset: str, table: str | None, where: str | None, partition: str | None
) -> tuple[Engine, str]:
    """What holds the batch, and the name of its partition."""
    from dagnosis.data.profile.duckdb import source_name
    from dagnosis.data.profile.sources import engine_of

    if dataset.startswith("conn://"):
        from dagnosis.airflow.connections import table_of

        engine: Engine = table_of(dataset, table, where)
    else:
        engine = engine_of(dataset, table, where)
    if partition is None and (_is_url(dataset) or Path(dataset).is_dir()):
        raise WrongUse("a table holds many batches: name this one by --partition, best its date")
    engine.fields()
    return engine, partition or source_name(Path(dataset))


def _holidays(file: Path | None) -> frozenset[date]:
    if file is None:
        return frozenset()
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise UnreadableInput(f"{file}: {(error.strerror or str(error)).lower()}") from None
    days = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            days.add(date.fromisoformat(line.strip()))
        except ValueError:
            raise UnreadableInput(
                f"{file}: line {number}: {line.strip()!r} is no date like 2026-01-05"
            ) from None
    return frozenset(days)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be written ({(error.strerror or '').lower()})") from None
