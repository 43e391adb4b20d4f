"""The command `watch`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Protocol

import click

from dagnosis.cli.terminal import complain, print_json
from dagnosis.errors import WrongUse

if TYPE_CHECKING:
    from dagnosis.errors import DagnosisError
    from dagnosis.incidents.contract import Occurrence, Recorded
    from dagnosis.services.watch.rounds import Round
    from dagnosis.services.watch.wiring import Wired
    from dagnosis.settings import Settings


@click.command()
@click.option("--once", is_flag=True, help="One look, then end: for cron.")
@click.option("--since", metavar="HOURS", type=float, help="How far back the first look goes (24).")
@click.option("--interval", metavar="SECONDS", type=float, help="Between looks (5; idle 50).")
@click.option("--metrics-port", metavar="N", type=int, help="Metrics for Prometheus, on loopback.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a failure.")
@click.option("--rounds", is_flag=True, help="One JSON object a look: what `serve --watch` reads.")
def watch(
    once: bool,
    since: float | None,
    interval: float | None,
    metrics_port: int | None,
    as_json: bool,
    rounds: bool,
) -> None:
    """Follow an Airflow, and keep incidents current.

    Finds every failed try by its run history (REST API or metadata database) and, sooner, by the
    hints of the plugin; diagnoses it from its log and the event log; counts it once; tells people
    where notify_* settings say so. It may be killed at any time and goes on where it stood.

    \b
    Examples:
      export DAGNOSIS_AIRFLOW_URL=http://airflow:8080 DAGNOSIS_AIRFLOW_USER=dagnosis
      export DAGNOSIS_AIRFLOW_PASSWORD_ENV=AIRFLOW_PASSWORD
      dagnosis watch                                   until Ctrl-C
      DAGNOSIS_AIRFLOW_DATABASE=postgresql://reader@db/airflow dagnosis watch
      dagnosis watch --once --json                     for cron: one line a new failure
      dagnosis serve --watch                           with pages and metrics

    Exit code: 0 ended, 1 with --once where something new failed, 4 Airflow unreachable with --once.
    """
    from dagnosis import settings
    from dagnosis.services.watch.wiring import wired

    chosen = settings.load(
        {"watch_since_hours": since, "watch_interval_seconds": interval}
    ).settings
    tell = _Reporter() if rounds else _Teller(as_json)
    with wired(chosen) as parts:
        if once:
            sys.exit(_once(parts, chosen, tell))
        _follow(parts, chosen, tell, metrics_port)
    complain("ended; what was found is kept, and the next watch goes on from here")


def _once(parts: Wired, chosen: Settings, tell: _Told) -> int:
    from dagnosis.incidents.notifications import notifiers
    from dagnosis.services.notify import deliver, outbox_of
    from dagnosis.services.watch.afterwards import Investigator

    done = parts.watch.round()
    parts.watch.look_at_running(done)
    tell(done)
    Investigator(parts.history, parts.logs, parts.incidents)(done)
    if told := notifiers(chosen):
        for problem in deliver(outbox_of(parts.incidents, chosen), told).problems:
            complain(f"not delivered: {problem}")
    return int(bool(done.new))


def _follow(parts: Wired, chosen: Settings, tell: _Told, metrics_port: int | None) -> None:
    from dagnosis.incidents.notifications import notifiers
    from dagnosis.services.health import Pulse
    from dagnosis.services.notify import outbox_of
    from dagnosis.services.outlook import Renewal
    from dagnosis.services.watch.afterwards import Historian, Investigator, Postman
    from dagnosis.services.watch.follow import follow

    pulse = Pulse(parts.incidents, chosen.spool_folder)
    measured, missed = _metrics(parts, chosen, metrics_port)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def trouble(error: DagnosisError, seconds: float) -> None:
        pulse.trouble(error)
        tell.trouble(error)
        missed(error)
        now = datetime.now().astimezone().strftime("%H:%M:%S")
        complain(f"{now} {error}; again in {seconds:.0f} s")

    complain(f"watching {parts.history.name}; incidents in {parts.incidents.place.name}")
    with Postman(outbox_of(parts.incidents, chosen), notifiers(chosen)):
        follow(
            parts.watch,
            interval=chosen.watch_interval_seconds,
            stop=stop,
            afterwards=(
                tell,
                pulse,
                measured,
                Investigator(parts.history, parts.logs, parts.incidents),
                Historian(parts.history, chosen.runs_place),
                Renewal(parts.incidents, chosen.runs_place, chosen.models_folder),
            ),
            trouble=trouble,
        )


def _metrics(
    parts: Wired, chosen: Settings, port: int | None
) -> tuple[Callable[[Round], None], Callable[[DagnosisError], None]]:
    """What counts a round, and one that failed; nothing where no port is asked for."""
    if port is None:
        return lambda done: None, lambda error: None
    from prometheus_client import start_http_server

    from dagnosis.metrics import Metrics
    from dagnosis.services.metrics import seed
    from dagnosis.services.watch.measuring import Report, measure, report

    metrics = Metrics(dags=chosen.metrics_dags)
    seed(metrics, chosen, parts.incidents)
    try:
        start_http_server(port, "127.0.0.1", metrics.registry)
    except OSError as error:
        raise WrongUse(f"watch: --metrics-port {port}: {(error.strerror or '').lower()}") from None
    return (
        lambda done: measure(metrics, report(done)),
        lambda error: measure(metrics, Report(error=str(error))),
    )


class _Told(Protocol):
    def __call__(self, done: Round) -> None: ...

    def trouble(self, error: DagnosisError) -> None: ...


class _Reporter:
    """A line of JSON for each round, to a process that counts them."""

    def __call__(self, done: Round) -> None:
        from dagnosis.services.watch.measuring import report

        print_json(report(done))
        sys.stdout.flush()

    def trouble(self, error: DagnosisError) -> None:
        from dagnosis.services.watch.measuring import Report

        print_json(Report(error=str(error)))
        sys.stdout.flush()


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

    def trouble(self, error: DagnosisError) -> None:
        """Said on stderr."""


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
