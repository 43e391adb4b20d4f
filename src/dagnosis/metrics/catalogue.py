"""Every family of metrics: its name, type, labels and meaning; what bounds its labels.

Names have the prefix `dagnosis_`, base units (seconds, bytes, ratio), and `_total` on counters. The
reference page is written from here, and the number of series is known before any is made.
"""

from __future__ import annotations

from math import prod
from typing import Literal, TypeAlias, get_args

import msgspec

from dagnosis.incidents.contract import FoundBy, Kind, State, Transition
from dagnosis.model import FAMILIES as CAUSES
from dagnosis.model import Engine

Type: TypeAlias = Literal["counter", "gauge", "histogram"]

Severity: TypeAlias = Literal["retried", "failed", "blocking"]
"""Of a failed try: Airflow tries it again; it was the last try; and other tasks could not run for it."""
Activity: TypeAlias = Literal[
    "watch", "check", "retrain", "evaluate", "forecast", "notify", "digest"
]
CheckStatus: TypeAlias = Literal["healthy", "alarm", "learning", "error"]
CallOutcome: TypeAlias = Literal["won", "stood", "kept", "refused", "failed"]
"""Of a language model: its answer won, the local one stood, an earlier one was used, the budget did
not allow a call, the call failed."""
Sent: TypeAlias = Literal["sent", "failed", "suppressed"]
Band: TypeAlias = Literal["low", "raised", "high"]
TryOutcome: TypeAlias = Literal["success", "failed", "other"]
Retrained: TypeAlias = Literal["promoted", "kept", "failed"]
Polled: TypeAlias = Literal["ok", "failed"]
Verdict: TypeAlias = Literal["confirm", "correct"]

OTHER = "other"
"""Where the values of an open label go that came after its cap was reached."""
BINS = 10
"""Bins of equal width that predicted risks are counted in, to compare them with what came."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
MINUTES = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21_600.0)
SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
RISKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)

CAPS: dict[str, int] = {
    "dataset": 50,
    "source": 5,
    "model": 10,
    "notifier": 20,
    "route": 40,
}
"""Labels that users name things by, and how many names are told apart; the rest is `other`."""
CLOSED: dict[str, tuple[str, ...]] = {
    "cause": CAUSES,
    "severity": get_args(Severity),
    "kind": get_args(Kind),
    "state": get_args(State),
    "transition": get_args(Transition),
    "engine": get_args(Engine),
    "found_by": get_args(FoundBy),
    "activity": get_args(Activity),
    "status": get_args(CheckStatus),
    "band": get_args(Band),
    "bin": tuple(f"{n / BINS:.1f}" for n in range(1, BINS + 1)),
    "verdict": get_args(Verdict),
    "budget": ("calls", "tokens", "seconds", "cost"),
    "label": (*CAPS, "dag_id"),
    "code": ("1xx", "2xx", "3xx", "4xx", "5xx"),
}
"""Labels whose values are known beforehand; `bin` is the upper edge."""
CLOSED_OUTCOMES: dict[str, tuple[str, ...]] = {
    "dagnosis_tries_total": get_args(TryOutcome),
    "dagnosis_watch_polls_total": get_args(Polled),
    "dagnosis_llm_calls_total": get_args(CallOutcome),
    "dagnosis_retrainings_total": get_args(Retrained),
    "dagnosis_notifications_total": get_args(Sent),
}
"""Values of the label `outcome`, which each family has its own of."""
DETAILS = ("version", "origin", "python")
"""Labels that say more of the one thing that the series is about: they add no series."""


class Family(msgspec.Struct, frozen=True):
    """One family of metrics. `buckets` are those of a histogram."""

    name: str
    type: Type
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    def values(self, label: str) -> tuple[str, ...] | None:
        """The values that a label may have; None where users name them."""
        return CLOSED_OUTCOMES[self.name] if label == "outcome" else CLOSED.get(label)

    def most(self, dags: int = 0) -> int:
        """Series at most; `dags` is the cap of `dag_id`, 0 where it is not told."""
        sizes = [
            len(values) if values else _cap(label, dags)
            for label in self.labels
            if label not in DETAILS
            for values in [self.values(label)]
        ]
        return prod(sizes) * (len(self.buckets) + 3 if self.type == "histogram" else 1)


def _cap(label: str, dags: int) -> int:
    if label == "dag_id":
        return dags + 1 if dags else 0
    return CAPS[label] + 1


def most(dags: int = 0) -> int:
    """Series of one process at most, whatever happens to it."""
    return sum(family.most(dags) for family in FAMILIES)


FAMILIES: tuple[Family, ...] = (
    # what fails
    Family("dagnosis_failures_total", "counter", "Failed tries that were recorded, by family of cause and by what they stopped: retried (Airflow tries again), failed (the last try), blocking (other tasks could not run).", ("cause", "severity")),
    Family("dagnosis_occurrences_total", "counter", "Everything that was recorded, by kind: failures, broken DAG files, findings about data, silent and late runs.", ("kind",)),
    Family("dagnosis_dag_failures_total", "counter", "Failed tries that were recorded, by DAG. Told only where the setting metrics_dags allows it.", ("dag_id",)),
    Family("dagnosis_blocked_tasks_total", "counter", "Task instances that could not run because of a recorded failure."),
    Family("dagnosis_tries_total", "counter", "Finished tries that the watch saw, by how they ended.", ("outcome",)),
    Family("dagnosis_incidents", "gauge", "Incidents in the store, by family of cause and state.", ("cause", "state")),
    Family("dagnosis_incident_transitions_total", "counter", "Incidents that began, came back, escalated or were resolved.", ("cause", "transition")),
    Family("dagnosis_stored_occurrences", "gauge", "Occurrences kept in the store, by family of cause; it falls where old ones are cleaned.", ("cause",)),
    # how it is diagnosed
    Family("dagnosis_diagnoses_total", "counter", "Failed logs that were diagnosed, by the engine that answered and the family that it named.", ("engine", "cause")),
    Family("dagnosis_diagnosis_duration_seconds", "histogram", "Time from a log that was read to its diagnosis.", ("engine",), SECONDS),
    Family("dagnosis_diagnosis_confidence_ratio", "histogram", "Confidence of the diagnoses.", ("engine",), SHARES),
    Family("dagnosis_feedback_total", "counter", "Answers that users confirmed or corrected.", ("verdict",)),
    Family("dagnosis_llm_calls_total", "counter", "Questions to a language model: its answer won, the local one stood, an earlier answer was kept, the budget refused, the call failed.", ("outcome",)),
    Family("dagnosis_llm_tokens_total", "counter", "Tokens sent to and answered by a language model."),
    Family("dagnosis_llm_cost_total", "counter", "Money spent on a language model, in the currency of the settings llm_price_input and llm_price_output."),
    Family("dagnosis_llm_duration_seconds", "histogram", "Time that calls of a language model took.", (), (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0)),
    Family("dagnosis_llm_budget_used_ratio", "gauge", "Part of today's budget of a language model that is spent, over all processes of this user.", ("budget",)),
    # how it is found
    Family("dagnosis_watch_lag_seconds", "gauge", "How far the watch is behind its source: its clock less the newest change that was read.", ("source",)),
    Family("dagnosis_watch_polls_total", "counter", "Polls of a source.", ("source", "outcome")),
    Family("dagnosis_watch_poll_duration_seconds", "histogram", "Time that a poll took, with all that it found.", (), SECONDS),
    Family("dagnosis_detection_delay_seconds", "histogram", "Time from a failure to its record, by what found it. Failures from before the start of the watch are in it.", ("found_by",), MINUTES),
    Family("dagnosis_spool_entries", "gauge", "Hints of Airflow's workers that wait in the spool."),
    Family("dagnosis_spool_bytes", "gauge", "Size of the spool."),
    Family("dagnosis_spool_dropped_total", "counter", "Hints that were dropped: the spool was full, or they could not be read. The poll finds these failures all the same."),
    # data
    Family("dagnosis_checks_total", "counter", "Batches that were checked, by what came of it; alarm is one finding, error a check that could not be made.", ("dataset", "status")),
    Family("dagnosis_check_duration_seconds", "histogram", "Time that the check of a batch took.", (), (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)),
    Family("dagnosis_dataset_checked_timestamp_seconds", "gauge", "When a batch of the dataset was last checked (Unix time).", ("dataset",)),
    Family("dagnosis_dataset_rows", "gauge", "Rows of the batch that was checked last.", ("dataset",)),
    Family("dagnosis_dataset_strangeness_ratio", "gauge", "Score of the batch that was checked last over the limit of its dataset; above 1 is an alarm.", ("dataset",)),
    # forecast
    Family("dagnosis_forecast_risk_ratio", "histogram", "Risks that were predicted of runs.", (), RISKS),
    Family("dagnosis_forecast_runs", "gauge", "Open and next runs by predicted risk, of the 200 with the highest: low, raised, and high where alerts begin.", ("band",)),
    Family("dagnosis_forecast_scored_total", "counter", "Predicted runs whose outcome came, by bin of the predicted risk (its upper edge).", ("bin",)),
    Family("dagnosis_forecast_expected_failures_total", "counter", "Failures that were expected of them: the sum of their risks.", ("bin",)),
    Family("dagnosis_forecast_observed_failures_total", "counter", "Failures that came of them.", ("bin",)),
    Family("dagnosis_forecast_squared_error_total", "counter", "Sum of the squared errors; over the runs that were scored it is the Brier score."),
    # models
    Family("dagnosis_model_info", "gauge", "The model in use; always 1.", ("model", "version", "origin")),
    Family("dagnosis_model_trained_timestamp_seconds", "gauge", "When the model in use was trained (Unix time).", ("model",)),
    Family("dagnosis_retrainings_total", "counter", "Retrainings of a model: the new one was promoted, the old one kept, or it failed.", ("model", "outcome")),
    # dagnosis itself
    Family("dagnosis_last_success_timestamp_seconds", "gauge", "When an activity last succeeded (Unix time).", ("activity",)),
    Family("dagnosis_activity_failures_total", "counter", "Activities that failed.", ("activity",)),
    Family("dagnosis_notifications_total", "counter", "Notifications by notifier: sent, failed, or suppressed by a mute, a limit or a repetition.", ("notifier", "outcome")),
    Family("dagnosis_http_requests_total", "counter", "Requests that the server answered, by the pattern of their route.", ("route", "code")),
    Family("dagnosis_http_request_duration_seconds", "histogram", "Time to an answer of the server.", (), SECONDS),
    Family("dagnosis_label_overflows_total", "counter", "Values that were counted under `other`, because their label has its full number of names.", ("label",)),
    Family("dagnosis_build_info", "gauge", "The version of dagnosis and of Python; always 1.", ("version", "python")),
)  # fmt: skip
"""All of them, in the order of the reference page."""

KEPT = (
    "dagnosis_incidents",
    "dagnosis_stored_occurrences",
    "dagnosis_llm_budget_used_ratio",
    "dagnosis_dataset_checked_timestamp_seconds",
    "dagnosis_dataset_rows",
    "dagnosis_dataset_strangeness_ratio",
    "dagnosis_forecast_runs",
    "dagnosis_model_info",
    "dagnosis_model_trained_timestamp_seconds",
    "dagnosis_last_success_timestamp_seconds",
    "dagnosis_build_info",
)
"""What is taken from stores, and so can be told by any process, one that runs from cron too."""
