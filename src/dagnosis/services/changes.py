"""Ask a source what changed between the last green run of a task and its first red one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice

from dagnosis.incidents.contract import Change
from dagnosis.model import TaskRef
from dagnosis.services.differences import Side, differences, stated_versions
from dagnosis.sources.contract import AssetEvent, Attempt, Event, LogSource, Run, RunHistory

RUNS, ASKED = 50, 15
"""Newest runs that are looked at, and those of them whose tasks are asked for."""
EVENTS = 2000
"""Rows of the event log, and of asset events, that are read."""
LONGEST = timedelta(days=14)
"""A green run before that is too old to compare with."""


def what_changed(history: RunHistory, red: TaskRef, logs: LogSource | None = None) -> list[Change]:
    """What differs between a failed try and the last run before it in which the task was green.

    [] where there is no such run within `RUNS` runs and `LONGEST`, or the try is not known. Asks the
    source some twenty questions at most, whatever its size; logs, for the versions that they state,
    only where they are given. Raises what the source raises.
    """
    of_run = history.of_run(red.dag_id, red.run_id)
    failed = next((one for one in of_run if _same(one, red)), None)
    if failed is None:
        return []
    runs = history.of_dag(red.dag_id, RUNS)
    its_run = next((run for run in runs if run.run_id == red.run_id), None)
    found = _green(history, runs, its_run, failed)
    if found is None:
        return []
    green_run, green, beside = found
    since = green.ended or green.updated or green.started
    events: list[Event] = []
    assets: list[AssetEvent] = []
    if since is not None:
        events = list(islice(history.events(since=since), EVENTS))
        before = (green.started or since) - timedelta(days=1)
        assets = list(islice(history.asset_events(before), EVENTS))
    return differences(
        _side(green, green_run, beside, assets, logs),
        _side(failed, its_run, of_run, assets, logs),
        history.versions(red.dag_id),
        events,
    )


def _same(one: Attempt, task: TaskRef) -> bool:
    return (one.task.task_id, one.task.map_index) == (task.task_id, task.map_index)


def _green(
    history: RunHistory, runs: list[Run], its_run: Run | None, failed: Attempt
) -> tuple[Run, Attempt, list[Attempt]] | None:
    """The newest run before, its try of the task, and all its tries; a run that is not over counts
    too, since its task may be."""
    began = _begin(its_run) or failed.started or datetime.now(timezone.utc)
    earlier = [
        run
        for run in runs
        if run.run_id != failed.task.run_id
        and (when := _begin(run)) is not None
        and began - LONGEST <= when < began
    ]
    earlier.sort(key=lambda run: _begin(run) or began, reverse=True)
    for run in earlier[:ASKED]:
        beside = history.of_run(run.dag_id, run.run_id)
        for one in beside:
            if _same(one, failed.task) and one.state == "success":
                return run, one, beside
    return None


def _begin(run: Run | None) -> datetime | None:
    return (run.run_after or run.started or run.queued or run.logical_date) if run else None


def _side(
    one: Attempt,
    run: Run | None,
    beside: list[Attempt],
    assets: list[AssetEvent],
    logs: LogSource | None,
) -> Side:
    """The newest event of each asset before the task began."""
    until = one.started or one.queued or one.updated
    seen = [event for event in assets if until is None or event.when <= until]
    log = logs.read(one.task) if logs is not None else None
    return Side(
        attempt=one,
        run=run,
        beside=beside,
        assets=list({event.uri: event for event in seen}.values()),
        stated=stated_versions(log.lines) if log is not None else {},
    )
