"""`dagnosis retries`: what deciding about retries would have done."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dagnosis.cli.terminal import CONTEXT, complain, print_json, showing
from dagnosis.errors import WrongUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dagnosis.settings import Settings
    from dagnosis.sources.contract import Attempt, LogSource


@click.group(context_settings=CONTEXT)
def retries() -> None:
    """Retry only what can succeed: look at what it would have done before you switch it on.

    docs/howto/retry-policy.md leads from the replay to `retry_policy=DiagnosedRetry()`.
    """


@retries.command()
@click.argument("history", metavar="[HISTORY]", required=False)
@click.option("--logs", metavar="DIR", help="Airflow's log folder; else the settings say where.")
@click.option("--template", metavar="TEXT", help="Airflow's log_filename_template, where changed.")
@click.option(
    "--confidence",
    metavar="SHARE",
    type=click.FloatRange(0, 1),
    default=0.8,
    show_default=True,
    help="Decide from this confidence on.",
)
@click.option(
    "--never-fail",
    metavar="CAUSE",
    multiple=True,
    help="A family or cause that is not failed at once; as often as needed.",
)
@click.option(
    "--days",
    metavar="N",
    type=click.FloatRange(0, min_open=True),
    help="Of a database, the last N.",
)
@click.option(
    "--cleared-after",
    metavar="HOURS",
    type=click.FloatRange(0, min_open=True),
    default=24.0,
    show_default=True,
    help="A try that starts later than this was started by a person, not by a retry.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def replay(
    history: str | None,
    logs: str | None,
    template: str | None,
    confidence: float,
    never_fail: tuple[str, ...],
    days: float | None,
    cleared_after: float,
    as_json: bool,
) -> None:
    """Decide the tries of the past again: what DiagnosedRetry would have saved, and broken.

    HISTORY is the URL of Airflow's metadata database (only read), or a CSV with one row a try (dag_id,
    task_id, run_id, try_number, state, start_time, end_time). Without it, the database of the settings,
    else what the logs themselves tell.

    \b
    Examples:
      dagnosis retries replay sqlite:////opt/airflow/airflow.db --logs /opt/airflow/logs
      dagnosis retries replay postgresql://reader@db/airflow --days 30
      dagnosis retries replay --logs /opt/airflow/logs --never-fail resource_not_found
      dagnosis retries replay history.csv --logs logs --json | jq '.harms'

    Exit code: 0 nothing that recovered would have been ended, 1 something would, 2 wrong use, 3 the
    history cannot be read, 4 a service does not answer.
    """
    from dagnosis.services.replay import replay as replayed
    from dagnosis.services.retry import Rules, check_causes
    from dagnosis.settings import load

    check_causes(never_fail)
    settings = load({"airflow_logs": logs, "airflow_log_template": template}).settings
    source = _logs(settings)
    with showing("Reading tries") as bar:
        attempts = _attempts(history, settings, source, days, _counting(bar))
    with showing("Deciding") as bar:
        report = replayed(
            attempts,
            source,
            rules=Rules(confidence, never_fail=never_fail),
            cleared=timedelta(hours=cleared_after),
            progress=_counting(bar),
        )
    source.close()
    for trouble in report.troubles[:5]:
        complain(trouble)
    if as_json:
        print_json(report)
    else:
        from dagnosis import rendering_retries

        rendering_retries.replayed(report)
    sys.exit(int(report.total.ended > 0))


def _logs(settings: Settings) -> LogSource:
    from dagnosis.sources.opening import open_logs

    return open_logs(settings)


def _attempts(
    history: str | None,
    settings: Settings,
    source: LogSource,
    days: float | None,
    progress: Callable[[int, int], None],
) -> Iterable[Attempt]:
    from dagnosis.services import replay as past
    from dagnosis.sources.log_files import LogFolder

    history = history or settings.airflow_database
    if history and "://" in history:
        since = datetime.now(timezone.utc) - timedelta(days=days) if days else None
        return list(past.from_database(history, since))
    if days:
        raise WrongUse("--days: only a database is read by time; give its URL")
    if history:
        return past.from_file(Path(history))
    if not isinstance(source, LogFolder):
        raise WrongUse("name the HISTORY (a database or a CSV), or a folder of --logs")
    return past.from_logs(source, progress)


def _counting(bar: Callable[[float, str], None]) -> Callable[[int, int], None]:
    return lambda done, of: bar(done / of if of else 1.0, f"{done:,} of {of:,}")
