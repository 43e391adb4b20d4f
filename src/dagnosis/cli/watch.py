"""The command `watch`."""

from __future__ import annotations

import signal
import sys
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Protocol

import click

from dagnosis.cli.terminal import complain, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from dagnosis.errors import DagnosisError
    from dagnosis.incidents.contract import Occurrence, Recorded
    from dagnosis.metrics import Metrics
    from dagnosis.services.metrics import Telling
    from dagnosis.services.watch.notes import Notes
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
    from dagnosis.metrics import Metrics
    from dagnosis.services.watch.notes import Notes
    from dagnosis.services.watch.wiring import wired

    flags = {
        "watch_since_hours": since,
        "watch_interval_seconds": interval,
        "metrics_port": metrics_port,
    }
    chosen = settings.load(flags).settings
    notes = Notes()
    tell = _Reporter(chosen, notes) if rounds else _Teller(as_json)
    counts = bool(chosen.metrics_port) and not once and not rounds
    metrics = Metrics(dags=chosen.metrics_dags) if counts else None
    with wired(chosen, notes.consulted) as parts:
        if once:
            sys.exit(_once(parts, chosen, tell))
        _follow(parts, chosen, tell, notes, metrics)
    complain("ended; what was found is kept, and the next watch goes on from here")


def _once(parts: Wired, chosen: Settings, tell: _Told) -> int:
    from dagnosis.services.watch.once import once

    found = once(parts, chosen)
    tell(found.done)
    for problem in found.problems:
        complain(f"not delivered: {problem}")
    return int(bool(found.done.new))


def _follow(
    parts: Wired, chosen: Settings, tell: _Told, notes: Notes, metrics: Metrics | None
) -> None:
    from dagnosis.incidents.notifications import notifiers
    from dagnosis.services.health import Pulse
    from dagnosis.services.notify import outbox_of
    from dagnosis.services.outlook import Reckoning, Renewal
    from dagnosis.services.watch.afterwards import Closer, Historian, Investigator, Postman
    from dagnosis.services.watch.follow import follow

    pulse = Pulse(parts.incidents, chosen.spool_folder)
    telling = _telling(metrics, chosen, parts, notes)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def listened(say: Callable[[], None]) -> None:
        """Ends with whoever reads what is told: `serve --watch` that was killed, `watch | head`."""
        try:
            say()
        except BrokenPipeError:
            stop.set()

    def trouble(error: DagnosisError, seconds: float) -> None:
        pulse.trouble(error)
        listened(lambda: tell.trouble(error))
        if telling:
            telling.trouble()
        now = datetime.now().astimezone().strftime("%H:%M:%S")
        complain(f"{now} {error}; again in {seconds:.0f} s")

    complain(f"watching {parts.history.name}; incidents in {parts.incidents.place.name}")
    with Postman(outbox_of(parts.incidents, chosen), notifiers(chosen), notes.notified):
        follow(
            parts.watch,
            interval=chosen.watch_interval_seconds,
            stop=stop,
            afterwards=(
                Reckoning(parts.incidents, notes.came),
                lambda done: listened(lambda: tell(done)),
                pulse,
                *([telling] if telling else []),
                Investigator(parts.history, parts.logs, parts.incidents),
                Historian(parts.history, chosen.runs_place),
                Closer(parts.incidents, chosen.watch_expire_days),
                Renewal(
                    parts.incidents, chosen.runs_place, chosen.models_folder, tell=notes.foretold
                ),
            ),
            trouble=trouble,
        )


def _telling(
    metrics: Metrics | None, chosen: Settings, parts: Wired, notes: Notes
) -> Telling | None:
    """Metrics on their port, until the command ends."""
    if metrics is None:
        return None
    from dagnosis.services.metrics import Telling, listen

    telling = Telling(metrics, chosen, parts.incidents, parts.history.name, notes)
    end = listen(metrics, chosen.metrics_host, chosen.metrics_port)
    click.get_current_context().call_on_close(end)
    complain(f"metrics on http://{chosen.metrics_host}:{chosen.metrics_port}/metrics")
    return telling


class _Told(Protocol):
    def __call__(self, done: Round) -> None: ...

    def trouble(self, error: DagnosisError) -> None: ...


class _Reporter:
    """A line of JSON for each round, to a process that counts them."""

    def __init__(self, chosen: Settings, notes: Notes) -> None:
        self._spool, self._notes = chosen.spool_folder, notes

    def __call__(self, done: Round) -> None:
        from dagnosis.services.watch.measuring import report

        print_json(report(done, self._spool, self._notes.take()))
        sys.stdout.flush()

    def trouble(self, error: DagnosisError) -> None:
        from dagnosis.services.watch.measuring import Report

        print_json(Report(error=str(error), notes=self._notes.take()))
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
