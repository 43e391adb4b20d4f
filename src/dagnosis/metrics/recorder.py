"""`Metrics`: the values of one process, and the methods by which services tell them."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder, write_to_textfile
from prometheus_client.metrics_core import Metric

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Count, Occurrence, Page, Query, Recorded, State
from dagnosis.metrics.bounded import Names
from dagnosis.metrics.catalogue import (
    BINS,
    CAPS,
    CLOSED,
    DETAILS,
    FAMILIES,
    KEPT,
    Activity,
    CallOutcome,
    CheckStatus,
    Family,
    Retrained,
    Sent,
    Severity,
    TryOutcome,
    Verdict,
)
from dagnosis.model import FAMILIES as CAUSES

if TYPE_CHECKING:
    from dagnosis.logs.llm.budget import Limits, Spent

EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)
"""Before every occurrence."""
STATES: tuple[State, ...] = get_args(State)


class Counted(Protocol):
    """What is asked of an `IncidentStore`."""

    def find(self, query: Query) -> Page:
        """Incidents by what is asked."""

    def counts(self, since: datetime, until: datetime, step_seconds: int) -> Sequence[Count]:
        """Occurrences over time by family."""


class _Registry(CollectorRegistry):
    """Without the `_created` series of prometheus-client, which double what a process tells."""

    def collect(self) -> Iterable[Metric]:
        for metric in super().collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric


class Metrics:
    """Counts, gauges and histograms of one process, in a registry of their own.

    Methods are quick (microseconds), may be called from any thread, and never raise for what a
    caller saw: an unknown family of causes is counted as `unknown`, a name beyond the cap of its
    label as `other`. `dags` is how many DAGs are told apart (0: none); `clock` gives Unix time;
    `process` adds memory and processor time of this process, as Prometheus names them.
    """

    def __init__(
        self, *, dags: int = 0, clock: Callable[[], float] = time.time, process: bool = True
    ) -> None:
        self.registry = _Registry()
        self._clock = clock
        self._dags = dags
        self._names = {label: Names(cap) for label, cap in {**CAPS, "dag_id": dags}.items()}
        self._models: dict[str, tuple[str, ...]] = {}
        self._last: dict[str, float] = {}
        self._totals: dict[tuple[str, ...], int] = {}
        self._of: dict[str, Any] = {family.name: self._made(family) for family in FAMILIES}
        if process:
            ProcessCollector(registry=self.registry)
        self._of["dagnosis_build_info"].labels(_version(), platform.python_version()).set(1)

    def _made(self, family: Family) -> Counter | Gauge | Histogram:
        name, meaning, labels = family.name, family.meaning, family.labels
        made: Counter | Gauge | Histogram
        if family.type == "counter":
            made = Counter(name, meaning, labels, registry=self.registry)
        elif family.type == "gauge":
            made = Gauge(name, meaning, labels, registry=self.registry)
        else:
            made = Histogram(name, meaning, labels, registry=self.registry, buckets=family.buckets)
        if family.type == "counter" and labels and all(map(family.values, labels)):
            _begin_at_zero(family, made)
        return made

    def _named(self, label: str, value: str) -> str:
        name, overflowed = self._names[label].name(value)
        if overflowed:
            self._of["dagnosis_label_overflows_total"].labels(label).inc()
        return name

    def _more(self, family: str, total: int | None, *labels: str, of: str = "") -> int:
        """Counts one more, or what a total that is kept elsewhere, `of` something, has grown by; how
        many. Where that falls (somebody deleted what was counted) the counter stands."""
        more = 1
        if total is not None:
            counted = self._totals.get((family, of, *labels), 0)
            more = max(total - counted, 0)
            self._totals[(family, of, *labels)] = counted + more
        self._of[family].labels(*labels).inc(more)
        return more

    # what fails

    def recorded(self, occurrence: Occurrence, recorded: Recorded) -> None:
        """An occurrence went to the store; one that was known there is not counted again.

        The gauge of incidents follows; what is changed elsewhere comes with the next `refresh`.
        """
        if recorded.known:
            return
        cause = _cause(occurrence.cause)
        self._of["dagnosis_occurrences_total"].labels(occurrence.kind).inc()
        self._of["dagnosis_stored_occurrences"].labels(cause).inc()
        if occurrence.kind == "failure":
            self._of["dagnosis_failures_total"].labels(cause, severity(occurrence)).inc()
            self._of["dagnosis_blocked_tasks_total"].inc(len(occurrence.blast))
            if self._dags:
                dag = self._named("dag_id", occurrence.task.dag_id)
                self._of["dagnosis_dag_failures_total"].labels(dag).inc()
        delay = max(self._clock() - occurrence.occurred.timestamp(), 0.0)
        self._of["dagnosis_detection_delay_seconds"].labels(occurrence.found_by).observe(delay)
        if recorded.transition is None:
            return
        self._of["dagnosis_incident_transitions_total"].labels(cause, recorded.transition).inc()
        if recorded.transition == "new":
            self._of["dagnosis_incidents"].labels(cause, "open").inc()
        elif recorded.transition == "regressed":
            self.state_changed(cause, "resolved", "open")

    def state_changed(self, cause: str, before: State, after: State, count: int = 1) -> None:
        """Incidents went from one state to another."""
        incidents = self._of["dagnosis_incidents"]
        incidents.labels(_cause(cause), before).dec(count)
        incidents.labels(_cause(cause), after).inc(count)
        if after == "resolved":
            self._of["dagnosis_incident_transitions_total"].labels(_cause(cause), after).inc(count)

    def tried(self, outcome: TryOutcome, count: int = 1) -> None:
        """The watch saw finished tries: how they ended."""
        self._of["dagnosis_tries_total"].labels(outcome).inc(count)

    def refresh(self, store: Counted) -> None:
        """Take what is kept from the store: at the start, and now and then by the process that
        watches. Asks some ninety short questions; a scrape asks none. Raises as the store does.
        """
        incidents = self._of["dagnosis_incidents"]
        totals = {
            (cause, state): store.find(
                Query(causes=(cause,), states=(state,), members=True, limit=1)
            ).total
            for cause, state in product(CAUSES, STATES)
        }
        until = datetime.fromtimestamp(self._clock(), timezone.utc) + timedelta(days=1)
        stored = dict.fromkeys(CAUSES, 0)
        for count in store.counts(EVER, until, int((until - EVER).total_seconds()) + 1):
            stored[_cause(count.cause)] += count.count
        for key, total in totals.items():
            incidents.labels(*key).set(total)
        for cause, total in stored.items():
            self._of["dagnosis_stored_occurrences"].labels(cause).set(total)

    # how it is diagnosed

    def diagnosed(
        self,
        engine: str,
        seconds: float,
        *,
        cause: str = "unknown",
        confidence: float | None = None,
    ) -> None:
        """A failed log was diagnosed: `engine`, `cause` and `confidence` as in a `Diagnosis`."""
        engine = engine if engine in CLOSED["engine"] else "rules"
        self._of["dagnosis_diagnoses_total"].labels(engine, _cause(cause)).inc()
        self._of["dagnosis_diagnosis_duration_seconds"].labels(engine).observe(seconds)
        if confidence is not None:
            self._of["dagnosis_diagnosis_confidence_ratio"].labels(engine).observe(confidence)

    def told(self, verdict: Verdict, total: int | None = None) -> None:
        """A user confirmed or corrected an answer; or, with `total`, so many are kept in all."""
        self._more("dagnosis_feedback_total", total, verdict)

    def llm(
        self, outcome: CallOutcome, *, tokens: int = 0, cost: float = 0.0, seconds: float = 0.0
    ) -> None:
        """A question to a language model, and what it took; nothing where no call was made."""
        self._of["dagnosis_llm_calls_total"].labels(outcome).inc()
        self._of["dagnosis_llm_tokens_total"].inc(tokens)
        self._of["dagnosis_llm_cost_total"].inc(cost)
        if outcome in ("won", "stood", "failed") and seconds:
            self._of["dagnosis_llm_duration_seconds"].observe(seconds)

    def llm_budget(self, spent: Spent, limits: Limits) -> None:
        """What today's budget of a language model has left; a limit of 0 on money is none."""
        for budget in CLOSED["budget"]:
            limit = getattr(limits, budget)
            used = getattr(spent, budget) / limit if limit else 0.0
            self._of["dagnosis_llm_budget_used_ratio"].labels(budget).set(used)

    # how it is found

    def watch_lag(self, seconds: float, source: str = "airflow") -> None:
        """How far the watch is behind its source."""
        name = self._named("source", source)
        self._of["dagnosis_watch_lag_seconds"].labels(name).set(max(seconds, 0.0))

    def polled(self, seconds: float | None, *, source: str = "airflow", ok: bool = True) -> None:
        """A poll of a source ended (None: its time is not known); one that was ok is a success of
        the watch."""
        name = self._named("source", source)
        self._of["dagnosis_watch_polls_total"].labels(name, "ok" if ok else "failed").inc()
        if seconds is not None:
            self._of["dagnosis_watch_poll_duration_seconds"].observe(seconds)
        (self.succeeded if ok else self.failed)("watch")

    def spool(self, entries: int, size: int, dropped: int = 0) -> None:
        """Hints that wait, their size in bytes, and how many more were dropped."""
        self._of["dagnosis_spool_entries"].set(entries)
        self._of["dagnosis_spool_bytes"].set(size)
        self._of["dagnosis_spool_dropped_total"].inc(dropped)

    # data

    def checked(
        self,
        dataset: str,
        status: CheckStatus,
        *,
        rows: int | None = None,
        score: float = 0.0,
        limit: float = 0.0,
        seconds: float | None = None,
        when: float | None = None,
        total: int | None = None,
    ) -> None:
        """A batch was checked: `score` and `limit` as in its finding, `when` in Unix time (now). With
        `total` so many checks of the dataset ended so in all."""
        name = self._named("dataset", dataset)
        when = self._clock() if when is None else when
        more = self._more("dagnosis_checks_total", total, name, status, of=dataset)
        if seconds is not None:
            self._of["dagnosis_check_duration_seconds"].observe(seconds)
        if status == "error":
            self.failed("check", more)
        else:
            self.dataset(dataset, when, rows=rows, score=score, limit=limit)

    def dataset(
        self,
        dataset: str,
        when: float,
        *,
        rows: int | None = None,
        score: float = 0.0,
        limit: float = 0.0,
    ) -> None:
        """How the last batch of a dataset was, checked at a Unix time."""
        name = self._named("dataset", dataset)
        for status in CLOSED["status"]:  # a series that begins with 1 has no increase
            self._of["dagnosis_checks_total"].labels(name, status)
        self._of["dagnosis_dataset_checked_timestamp_seconds"].labels(name).set(when)
        if rows is not None:
            self._of["dagnosis_dataset_rows"].labels(name).set(rows)
        if limit > 0:
            self._of["dagnosis_dataset_strangeness_ratio"].labels(name).set(score / limit)
        self.succeeded("check", when)

    # forecast

    def predicted(self, risk: float) -> None:
        """A risk in [0, 1] was given of a run."""
        self._of["dagnosis_forecast_risk_ratio"].observe(risk)

    def risks(self, risks: Iterable[float], threshold: float) -> None:
        """The risks of open and next runs, as they are now; `high` from the threshold of alerts on,
        `raised` from half of it."""
        bands = {"low": 0, "raised": 0, "high": 0}
        for risk in risks:
            bands[
                "high" if risk >= threshold else "raised" if risk >= threshold / 2 else "low"
            ] += 1
        for band, count in bands.items():
            self._of["dagnosis_forecast_runs"].labels(band).set(count)

    def outcome(self, risk: float, failed: bool) -> None:
        """What came of a run whose risk had been predicted."""
        edge = CLOSED["bin"][min(max(int(risk * BINS), 0), BINS - 1)]
        self._of["dagnosis_forecast_scored_total"].labels(edge).inc()
        self._of["dagnosis_forecast_expected_failures_total"].labels(edge).inc(risk)
        self._of["dagnosis_forecast_observed_failures_total"].labels(edge).inc(failed)
        self._of["dagnosis_forecast_squared_error_total"].inc((risk - failed) ** 2)

    # models

    def model(self, name: str, version: str, origin: str, trained: datetime) -> None:
        """A model is in use; the version before it is told no more."""
        named = self._named("model", name)
        series = (named, version[:80], origin[:20])
        info = self._of["dagnosis_model_info"]
        old = self._models.get(named)
        if old is not None and old != series:
            info.remove(*old)
        self._models[named] = series
        for outcome in get_args(Retrained):
            self._of["dagnosis_retrainings_total"].labels(named, outcome)
        info.labels(*series).set(1)
        self._of["dagnosis_model_trained_timestamp_seconds"].labels(named).set(trained.timestamp())

    def retrained(self, name: str, outcome: Retrained, total: int | None = None) -> None:
        """A retraining ended; all but a failed one are successes. With `total` so many ended so in
        all, and when the last one did is told by `succeeded`."""
        named = self._named("model", name)
        more = self._more("dagnosis_retrainings_total", total, named, outcome, of=name)
        if outcome == "failed":
            self.failed("retrain", more)
        elif total is None:
            self.succeeded("retrain")

    # dagnosis itself

    def succeeded(self, activity: Activity, when: float | None = None) -> None:
        """An activity succeeded, at a Unix time (now); an earlier one than the last changes nothing."""
        last = max(self._last.get(activity, 0.0), self._clock() if when is None else when)
        self._last[activity] = last
        self._of["dagnosis_last_success_timestamp_seconds"].labels(activity).set(last)

    def failed(self, activity: Activity, count: int = 1) -> None:
        """An activity failed, so many times."""
        self._of["dagnosis_activity_failures_total"].labels(activity).inc(count)

    def notified(self, notifier: str, outcome: Sent, count: int = 1) -> None:
        """Notifications were sent, failed or suppressed; a count of 0 makes the notifier known."""
        name = self._named("notifier", notifier)
        notifications = self._of["dagnosis_notifications_total"]
        for each in get_args(Sent):
            notifications.labels(name, each)
        notifications.labels(name, outcome).inc(count)
        if outcome == "sent" and count:
            self.succeeded("notify")
        elif outcome == "failed":
            self.failed("notify", count)

    def requested(self, route: str, status: int, seconds: float) -> None:
        """The server answered: the pattern of the route (never the path), and the HTTP status."""
        code = f"{min(max(status // 100, 1), 5)}xx"
        self._of["dagnosis_http_requests_total"].labels(self._named("route", route), code).inc()
        self._of["dagnosis_http_request_duration_seconds"].observe(seconds)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The page and its content type; `accept` is the header of the scrape."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def write_kept(self, path: Path) -> None:
        """Write what was taken from stores as a file for node_exporter, whole or not at all.

        Counts of this process are left out: they would begin anew with each file. Raises `WrongUse`
        for a file that cannot be written, or that node_exporter would not read.
        """
        if path.suffix != ".prom":
            raise WrongUse(f"{path}: node_exporter reads files named *.prom only")
        try:
            write_to_textfile(str(path), self.kept())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WrongUse(f"{path}: cannot be written ({reason})") from None

    def kept(self) -> CollectorRegistry:
        """The families that are taken from stores."""
        registry: CollectorRegistry = self.registry.restricted_registry(KEPT)  # type: ignore[assignment]
        return registry


def severity(occurrence: Occurrence) -> Severity:
    """How bad a failed try is; see `dagnosis_failures_total`."""
    if occurrence.blast:
        return "blocking"
    return "failed" if occurrence.final else "retried"


def _version() -> str:
    try:
        return version("dagnosis")
    except PackageNotFoundError:  # run from a folder of sources
        return "unknown"


def _cause(cause: str) -> str:
    return cause if cause in CAUSES else "unknown"


def _begin_at_zero(family: Family, made: Any) -> None:
    """A counter that appears with 1 has no increase that Prometheus could see."""
    values = [family.values(label) or () for label in family.labels if label not in DETAILS]
    for labels in product(*values):
        made.labels(*labels)
