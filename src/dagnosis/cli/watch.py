"""The command `watch`."""

from __future__ import annotations

import signal
import sys
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

import click

from dagnosis.cli.terminal import complain, print_json

if TYPE_CHECKING:
    from dagnosis.errors import DagnosisError
    from dagnosis.incidents.contract import Occurrence, Recorded
    from dagnosis.services.health import Pulse
    from dagnosis.services.watch.rounds import Round


@click.command()
@click.option("--once", is_flag=True, help="One look, then end: for cron.")
@click.option("--since", metavar="HOURS", type=float, help="How far back the first look goes (24).")
@click.option("--interval", metavar="SECONDS", type=float, help="Between looks (5; idle 50).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a failure.")
def watch(once: bool, since: float | None, interval: float | None, as_json: bool) -> None:
    """Follow an Airflow, and keep incidents current.

    Finds every failed try by its run history (REST API or metadata database) and, sooner, by the
    hints of the plugin; diagnoses it from its log and the event log; counts it once. It may be killed
    at any time and goes on where it stood.

    \b
    Examples:
      export DAGNOSIS_AIRFLOW_URL=http://airflow:8080 DAGNOSIS_AIRFLOW_USER=dagnosis
      export DAGNOSIS_AIRFLOW_PASSWORD_ENV=AIRFLOW_PASSWORD
      dagnosis watch                                   until Ctrl-C
      DAGNOSIS_AIRFLOW_DATABASE=postgresql://reader@db/airflow dagnosis watch
      dagnosis watch --once --json                     for cron: one line a new failure

    Exit code: 0 ended, 1 with --once where something new failed, 4 Airflow unreachable with --once.
    """
    from dagnosis import settings
    from dagnosis.services.health import Pulse
    from dagnosis.services.outlook import Renewal
    from dagnosis.services.watch.follow import follow
    from dagnosis.services.watch.wiring import wired

    chosen = settings.load(
        {"watch_since_hours": since, "watch_interval_seconds": interval}
    ).settings
    with wired(chosen) as parts:
        tell = _Teller(as_json)
        if once:
            done = parts.watch.round()
            parts.watch.look_at_running(done)
            tell(done)
            sys.exit(int(bool(done.new)))
        pulse = Pulse(parts.incidents, chosen.spool_folder)
        complain(f"watching {parts.history.name}; incidents in {parts.incidents.place.name}")
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        follow(
            parts.watch,
            interval=chosen.watch_interval_seconds,
            stop=stop,
            afterwards=(
                tell,
                pulse,
                Renewal(parts.incidents, chosen.runs_place, chosen.models_folder),
            ),
            trouble=lambda error, seconds: _trouble(pulse, error, seconds),
        )
        complain("ended; what was found is kept, and the next watch goes on from here")


class _Teller:
    """A line for each failure that was not known before, as it is found."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, done: Round) -> None:
        for occurrence, recorded in done.new:
            if self._as_json:
                print_json({"incident": recorded.incident_id, "transition": recorded.transition,
                            "occurrence": occurrence})  # fmt: skip
            else:
                click.echo(_line(occurrence, recorded))
        sys.stdout.flush()


def _line(one: Occurrence, recorded: Recorded) -> str:
    when = one.occurred.astimezone().strftime("%H:%M:%S")
    where = ".".join(filter(None, (one.task.dag_id, one.task.task_id)))
    if one.task.map_index >= 0:
        where += f"[{one.task.map_index}]"
    number = f" try {one.task.try_number}" if one.task.try_number else ""
    mark = {"new": "NEW", "regressed": "AGAIN", "escalated": "WORSE"}.get(
        recorded.transition or "", ""
    )
    retried = "" if one.final else ", Airflow retries"
    return (
        f"{when} {mark:<5} #{recorded.incident_id:<4} {where}{number}: {one.detail} "
        f"({one.confidence:.0%}){retried}: {one.title}"
    )


def _trouble(pulse: Pulse, error: DagnosisError, seconds: float) -> None:
    pulse.trouble(error)
    now = datetime.now().astimezone().strftime("%H:%M:%S")
    complain(f"{now} {error}; again in {seconds:.0f} s")
