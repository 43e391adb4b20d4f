"""A check within a task: which batch and run it is, what is done with the finding.

Shared by `DataCheckOperator`, `DataResultsOperator` and `check_data`. Nothing here reads the metadata
database, which tasks may not: ids come from the context, connections from Airflow's supervisor, and
what is found goes to dagnosis's own profile store and into the `extra` of asset events.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import msgspec

from dagnosis import settings
from dagnosis.airflow.connections import SCHEME, engine_of, table_of
from dagnosis.data.profile import sources
from dagnosis.errors import DagnosisError, UnreadableInput
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.services.carried import KEY, carried, upstream_alarms

try:
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # Airflow 3.0 and 3.1
    from airflow.exceptions import AirflowFailException

if TYPE_CHECKING:
    from dagnosis.data.profile import Engine
    from dagnosis.data.profile.values import Profile
    from dagnosis.data.store import ProfileStore
    from dagnosis.services.check import Checked, Finding

Mode: TypeAlias = Literal["fail", "warn", "record"]
"""What an alarm does: fails the task, warns in its log, or is only recorded."""

log = logging.getLogger("dagnosis.airflow")


class DataCheckFailed(AirflowFailException):
    """The batch is an alarm, and the check was told to fail. Not retried: the data stays as it is
    until it is written again."""


class Terms(msgspec.Struct, frozen=True):
    """How batches are judged: `store` is a path, a URL or conn://ID (empty: the setting `profiles`),
    `false_alarms` a month (None: the setting), `holidays` as dates or texts like 2026-12-25."""

    store: str = ""
    false_alarms: float | None = None
    holidays: Collection[date | str] = ()

    def opened(self) -> ProfileStore:
        """The profile store; raises `WrongUse`, `ServiceUnreachable`."""
        from dagnosis.data.store import ProfileStore

        place = self.store or settings.load().settings.profiles_place
        return ProfileStore(engine_of(place) if place.startswith(SCHEME) else place)


def mode_of(given: str) -> Mode:
    """A mode, checked where a Dag is parsed; raises `ValueError`, as operators do."""
    if given not in get_args(Mode):
        raise ValueError(f"mode: {given!r} is none of {', '.join(get_args(Mode))}")
    return given  # type: ignore[return-value]


def check(
    context: Mapping[str, Any], engine: Engine, name: str, partition: str, terms: Terms
) -> Checked:
    """Check a batch, joined to the try that runs; profile and finding are in the store afterwards."""
    from dagnosis.services import check as service

    chosen = settings.load({"false_alarms": terms.false_alarms}).settings
    task = task_of(context)
    return service.check(
        engine,
        name,
        partition or partition_of(context),
        task.run_id,
        terms.opened(),
        false_alarms=chosen.false_alarms,
        holidays=frozenset(_day(day) for day in terms.holidays),
        task=task,
        upstream=upstream_alarms(_upstream_events(context)),
    )


@contextmanager
def opened(source: Any, table: str | None = None, where: str | None = None) -> Iterator[Engine]:
    """The engine that holds a batch: as `sources.engine_of`, and also conn://ID with a table, and
    files of object storage (s3://CONN@bucket/key), which are copied to this machine first."""
    if isinstance(source, str) and source.startswith(SCHEME):
        yield table_of(source, table or None, where or None)
        return
    remote = isinstance(source, str) and "://" in source and not table
    if not remote or source.startswith(("file://", "iceberg://")):
        yield sources.engine_of(source, table or None, where or None)
        return
    from airflow.sdk import ObjectStoragePath

    with tempfile.TemporaryDirectory(prefix="dagnosis-") as folder:
        local = Path(folder) / source.rstrip("/").rpartition("/")[2]
        try:
            with ObjectStoragePath(source).open("rb") as far, local.open("wb") as near:
                while block := far.read(1 << 22):
                    near.write(block)
        except (OSError, ValueError, ImportError) as error:
            raise UnreadableInput(f"{source}: cannot be fetched ({error})") from None
        yield sources.engine_of(local, where=where or None)


def settle(
    context: Mapping[str, Any],
    finding: Finding,
    profile: Profile | None,
    mode: Mode,
) -> dict[str, Any]:
    """Log a finding, keep it as an incident, hand it on in the events of the task's outlets, and fail
    where that is wanted.

    Returns what the events carry. Raises `DataCheckFailed` for an alarm in mode `fail`; the events of
    a failed task are not sent, so nothing downstream starts on such data.
    """
    told = carried(finding, profile)
    for asset in _assets(context):
        context["outlet_events"][asset].extra[KEY] = told
    level = logging.WARNING if finding.alarm and mode != "record" else logging.INFO
    for line in _lines(finding):
        log.log(level, "%s", line)
    _keep(finding)
    if finding.alarm and mode == "fail":
        raise DataCheckFailed(redact(_head(finding)))
    return told


def _keep(finding: Finding) -> None:
    """Count it among the incidents. The answer stands without them, so a store that does not answer
    only gives a warning."""
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.services.data_incidents import keep

    try:
        with open_incidents(settings.load().settings.store_place) as incidents:
            keep(finding, incidents, datetime.now(timezone.utc))
    except DagnosisError as error:
        log.warning("the finding is not among the incidents: %s", error)


def _assets(context: Mapping[str, Any]) -> list[Any]:
    """The outlets that are assets; an alias has no event of its own."""
    from airflow.sdk import Asset

    return [outlet for outlet in context["task"].outlets if isinstance(outlet, Asset)]


def withhold(context: Mapping[str, Any]) -> None:
    """Send no event for the outlets: the batch is in quarantine, nothing is to start on it."""
    context["task"].outlets = []


def task_of(context: Mapping[str, Any]) -> TaskRef:
    """The try that runs."""
    ti = context["ti"]
    index = -1 if ti.map_index is None else int(ti.map_index)
    return TaskRef(ti.dag_id, ti.run_id, ti.task_id, index, int(ti.try_number))


def partition_of(context: Mapping[str, Any]) -> str:
    """The batch of a run: its partition key, else the moment it stands for, as 2026-01-05 or, when
    not at midnight, 2026-01-05T10:30."""
    run = context["dag_run"]
    key = getattr(run, "partition_key", None)
    if key:
        return str(key)
    moment: datetime = getattr(run, "logical_date", None) or run.run_after
    whole = (moment.hour, moment.minute) == (0, 0)
    return moment.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M")


def _upstream_events(
    context: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """The events that started the run, and the newest of each inlet, with the names of their assets."""
    triggering = context.get("triggering_asset_events") or {}
    for asset in triggering:
        for event in triggering[asset]:
            yield str(asset.name), event.extra
    inlets = [inlet for inlet in context["task"].inlets if hasattr(inlet, "uri")]
    for asset in inlets:
        if asset in triggering:
            continue
        try:
            event = context["inlet_events"][asset][-1]
        except Exception as error:
            # an inlet without an event yet; Airflow's classes for that differ between versions
            log.debug("no event of inlet %s (%s)", asset.name, type(error).__name__)
            continue
        yield str(asset.name), event.extra


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _head(finding: Finding) -> str:
    name = " ".join(filter(None, (finding.dataset, finding.partition)))
    if finding.tool != "dagnosis":
        return f"{name}: {finding.summary} ({finding.tool})"
    told = f"score {finding.score:.1f}, an alarm above {finding.limit:.1f}"
    return f"{name}: {finding.summary} ({told})"


def _lines(finding: Finding) -> Iterator[str]:
    yield redact(f"{finding.status.capitalize()}. {_head(finding)}")
    for one in finding.differences[:5] if finding.alarm else ():
        place = "" if one.column == "*" or one.measure == "schema" else f"{one.column}: "
        yield redact(f"  {one.score:5.1f}  {place}{one.words}")
    for words in finding.upstream:
        yield redact(f"  Upstream, {words}")
    for gap in finding.gaps:
        yield redact(f"  ? {gap}")
