"""The history of runs, kept as our own: read from Airflow, and from what we found out ourselves.

Runs go into a Parquet file that grows (`forecast.kept`), facts about their DAGs into a CSV beside it
(`forecast.facts.place`). Reading twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

if TYPE_CHECKING:
    from dagnosis.forecast.facts import Fact
    from dagnosis.incidents.contract import Occurrence
    from dagnosis.settings import Settings
    from dagnosis.sources.contract import RunHistory

_START = datetime(1970, 1, 1, tzinfo=timezone.utc)
_AGAIN = timedelta(days=1)
"""So far before the newest end is read again: rows change after their run has ended, too."""


class Pulled(NamedTuple):
    """Tries that were read, tries and facts that are kept."""

    read: int
    kept: int
    facts: int


def pull(url: str, runs: Path, settings: Settings | None = None) -> Pulled:
    """Read what changed in an Airflow into the history.

    `url` is a metadata database (sqlite://, postgresql://; mysql:// without what is known about
    assets) or the address of Airflow (http://, https://; user or token as in `settings`); empty: the
    Airflow of the settings. Raises `WrongUse` for a URL that is none, `ServiceUnreachable` for what
    does not answer, `UnreadableInput` for a database that is not Airflow's and a damaged history.
    """
    from dagnosis import settings as configured

    chosen = settings or configured.load().settings
    url = url or chosen.airflow_database
    if url.startswith(("http://", "https://")):
        chosen = replace(chosen, airflow_url=url, airflow_history_source="airflow_api")
    elif url.startswith("mysql"):
        chosen = replace(chosen, airflow_database=url, airflow_history_source="airflow_db")
    elif url:
        return _pull_database(url, runs)
    from dagnosis.sources.opening import open_history

    source = open_history(chosen)
    try:
        return pull_from(source, runs)
    finally:
        source.close()


def _pull_database(url: str, runs: Path) -> Pulled:
    from dagnosis.forecast import facts, kept
    from dagnosis.forecast.airflow_history import read_attempts, read_facts

    since = _since(kept.newest(runs))
    read, total = kept.add(runs, read_attempts(url, since))
    return Pulled(read, total, facts.keep(facts.place(runs), read_facts(url, since)))


def pull_from(source: RunHistory, runs: Path) -> Pulled:
    """Read what changed in a source of runs (REST v1 and v2, a database) into the history.

    Raises what the source raises.
    """
    from dagnosis.forecast import facts, kept

    since = _since(kept.newest(runs)) or _START
    dags: set[str] = set()

    def rows() -> Iterator[dict[str, Any]]:
        for row in attempts(source, since):
            dags.add(row["dag_id"])
            yield row

    read, total = kept.add(runs, rows())
    found = facts.keep(facts.place(runs), around(source, since, dags))
    return Pulled(read, total, found)


def attempts(source: RunHistory, since: datetime) -> Iterator[dict[str, Any]]:
    """Rows of the run table: every try of the task instances that changed since then."""
    from dagnosis.forecast.attempts import row

    for last in source.attempts(since):
        earlier = source.tries(last.task) if last.task.try_number > 1 else []
        yield from (row(one) for one in earlier if one.task != last.task)
        yield row(last)


def around(source: RunHistory, since: datetime, dags: Iterable[str]) -> Iterator[Fact]:
    """Facts about these DAGs: new versions, and what people did by hand."""
    from dagnosis.forecast.attempts import change, touch

    found = [change(version) for dag_id in sorted(dags) for version in source.versions(dag_id)]
    found += [touch(event) for event in source.events(since=since)]
    yield from (fact for fact in found if fact is not None)


def remember(runs: Path, occurrences: Iterable[Occurrence]) -> int:
    """Keep what we found ourselves as facts: failures by whether their cause passes, data findings.

    Returns how many facts there are then.
    """
    from dagnosis.forecast import facts

    found = (fact(one) for one in occurrences)
    return facts.keep(facts.place(runs), [one for one in found if one is not None])


def fact(occurrence: Occurrence) -> Fact | None:
    """The fact that an occurrence is; None for one that says nothing about later runs of a DAG.

    A failure counts by its transience; one of unknown transience does not, since the run table has
    the failure itself.
    """
    from dagnosis.forecast.facts import Fact

    kind = "finding" if occurrence.kind == "data" else None
    if occurrence.kind == "failure" and occurrence.transience != "unknown":
        kind = occurrence.transience
    if kind is None or not occurrence.task.dag_id:
        return None
    task = occurrence.task
    return Fact(kind, task.dag_id, task.task_id, occurrence.occurred.timestamp())


def _since(newest: datetime | None) -> datetime | None:
    return newest - _AGAIN if newest else None
