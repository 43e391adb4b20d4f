"""What a process tells: bounded, well-formed, from memory alone."""

from __future__ import annotations

import shutil
import subprocess
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as parsed

from dagnosis.metrics import Metrics
from dagnosis.metrics.bounded import LONGEST, Names
from dagnosis.metrics.catalogue import CAPS, FAMILIES, most
from tests.metrics.filling import NOW, Kept, filled, occurrence, recorded

SERIES = 2000


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels) -> value of what is told."""
    text = metrics.render()[0].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parsed(text)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Of one series; None where it is not told."""
    return metrics.registry.get_sample_value(name, labels)


def test_every_family_is_told_and_nothing_else() -> None:
    told = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in parsed(filled().render()[0].decode())
        if family.name.startswith("dagnosis_") and family.samples
    }
    assert told == {family.name for family in FAMILIES}


def test_names_are_those_of_the_field() -> None:
    for family in FAMILIES:
        assert family.name.endswith("_total") == (family.type == "counter"), family.name
        assert family.meaning.endswith("."), family.name
        assert not family.name.endswith(("_ms", "_minutes", "_percent", "_count"))


def test_promtool_finds_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (apt install prometheus)")
    for metrics in (Metrics(), filled()):
        ran = subprocess.run(
            [promtool, "check", "metrics"], input=metrics.render()[0], capture_output=True
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_the_number_of_series_is_known_beforehand() -> None:
    assert most() <= SERIES
    assert most(dags=400) <= SERIES


def test_a_flood_of_names_stays_within_it() -> None:
    metrics = Metrics(dags=100, clock=NOW.timestamp)
    metrics.refresh(Kept())
    for number in range(5_000):
        name = f"name-{number}"
        metrics.recorded(occurrence(number, cause=f"cause-{number}"), recorded(number))
        metrics.checked(name, "alarm", rows=number, score=1.0, limit=2.0)
        metrics.watch_lag(1.0, name)
        metrics.polled(0.1, source=name)
        metrics.notified(name, "sent")
        metrics.requested(name, number % 700, 0.1)
        metrics.model(name, name, "promoted", NOW)
        metrics.retrained(name, "kept")
        metrics.diagnosed(name, 0.1, cause=name)
    told = samples(metrics)
    assert sum(name.startswith("dagnosis_") for name, _ in told) <= most(dags=100) <= SERIES
    dags = {labels for name, labels in told if name == "dagnosis_dag_failures_total"}
    assert len(dags) == 101
    assert value(metrics, "dagnosis_dag_failures_total", dag_id="other") == 4_900
    assert value(metrics, "dagnosis_label_overflows_total", label="dag_id") == 4_900
    assert value(metrics, "dagnosis_failures_total", cause="unknown", severity="failed") == 5_000
    assert value(metrics, "dagnosis_checks_total", dataset="other", status="alarm") == (
        5_000 - CAPS["dataset"]
    )


def test_dags_are_told_only_where_that_is_wanted() -> None:
    metrics = Metrics()
    metrics.recorded(occurrence(), recorded())
    assert b"dag_0" not in metrics.render()[0]


def test_a_counter_begins_at_zero() -> None:
    metrics = Metrics()
    assert value(metrics, "dagnosis_failures_total", cause="network", severity="failed") == 0
    assert value(metrics, "dagnosis_llm_calls_total", outcome="won") == 0


@pytest.mark.parametrize(
    ("changes", "severity"),
    [({}, "failed"), ({"final": False}, "retried"), ({"blast": ("a", "b")}, "blocking")],
)
def test_severity_is_what_a_failure_stopped(changes: dict[str, Any], severity: str) -> None:
    metrics = Metrics(clock=NOW.timestamp)
    metrics.recorded(occurrence(**changes), recorded())
    assert value(metrics, "dagnosis_failures_total", cause="network", severity=severity) == 1
    assert value(metrics, "dagnosis_blocked_tasks_total") == len(changes.get("blast", ()))


def test_what_was_recorded_before_is_not_counted_again() -> None:
    metrics = Metrics(clock=NOW.timestamp)
    metrics.recorded(occurrence(), recorded())
    before = samples(metrics)
    metrics.recorded(occurrence(), recorded(known=True, transition=None))
    after = samples(metrics)
    assert {k: v for k, v in after.items() if k[0].startswith("dagnosis_")} == {
        k: v for k, v in before.items() if k[0].startswith("dagnosis_")
    }


def test_incidents_follow_what_happens_to_them() -> None:
    metrics = Metrics(clock=NOW.timestamp)
    metrics.refresh(Kept())
    metrics.recorded(occurrence(), recorded())
    assert value(metrics, "dagnosis_incidents", cause="network", state="open") == 3
    metrics.recorded(occurrence(1), recorded(transition="regressed"))
    assert value(metrics, "dagnosis_incidents", cause="network", state="open") == 4
    assert value(metrics, "dagnosis_incidents", cause="network", state="resolved") == 1
    metrics.state_changed("network", "open", "acknowledged", 2)
    assert value(metrics, "dagnosis_incidents", cause="network", state="acknowledged") == 4
    metrics.refresh(Kept())
    assert value(metrics, "dagnosis_incidents", cause="network", state="open") == 2


def test_the_delay_is_from_the_failure_to_its_record() -> None:
    metrics = Metrics(clock=NOW.timestamp)
    metrics.recorded(occurrence(), recorded())
    assert value(metrics, "dagnosis_detection_delay_seconds_sum", found_by="poll") == 120
    early = occurrence(1, occurred=NOW.replace(hour=7))
    metrics.recorded(early, recorded(1))  # a worker's clock that goes before ours
    assert value(metrics, "dagnosis_detection_delay_seconds_sum", found_by="poll") == 120


def test_what_is_kept_comes_from_the_store_and_a_scrape_asks_nothing() -> None:
    store, metrics = Kept(), Metrics(clock=NOW.timestamp)
    metrics.refresh(store)
    asked = store.asked
    assert value(metrics, "dagnosis_incidents", cause="disk_full", state="muted") == 2
    assert value(metrics, "dagnosis_stored_occurrences", cause="disk_full") == 3
    # of a family that this version does not know
    assert value(metrics, "dagnosis_stored_occurrences", cause="unknown") == 6
    metrics.render()
    assert store.asked == asked


def test_calibration_compares_what_was_expected_with_what_came() -> None:
    metrics = Metrics()
    for failed in (True, False, False, False):
        metrics.outcome(0.25, failed)
    assert value(metrics, "dagnosis_forecast_scored_total", bin="0.3") == 4
    assert value(metrics, "dagnosis_forecast_expected_failures_total", bin="0.3") == 1
    assert value(metrics, "dagnosis_forecast_observed_failures_total", bin="0.3") == 1
    assert value(metrics, "dagnosis_forecast_squared_error_total") == 0.75


def test_an_earlier_success_does_not_hide_a_later_one() -> None:
    metrics = Metrics(clock=NOW.timestamp)
    metrics.succeeded("check")
    metrics.checked("orders", "healthy", when=1.0)
    name = "dagnosis_last_success_timestamp_seconds"
    assert value(metrics, name, activity="check") == NOW.timestamp()


def test_a_model_replaces_the_one_before_it() -> None:
    metrics = Metrics()
    metrics.model("causes", "1", "shipped", NOW)
    metrics.model("causes", "2", "promoted", NOW)
    assert (
        value(metrics, "dagnosis_model_info", model="causes", version="1", origin="shipped") is None
    )
    assert (
        value(metrics, "dagnosis_model_info", model="causes", version="2", origin="promoted") == 1
    )


def test_names_hold_no_secret_and_no_control_character() -> None:
    metrics = Metrics(dags=5)
    secret = "postgresql://etl:hunter2-canary@db/orders"
    metrics.checked(secret, "healthy", rows=1)
    metrics.notified("slack\x1b[31m\n\u202e", "sent")
    page = metrics.render()[0].decode()
    assert "hunter2-canary" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=1, max_size=20))
def test_any_name_gives_a_page_that_can_be_read(names: list[str]) -> None:
    metrics = Metrics(dags=5)
    for name in names:
        metrics.checked(name, "alarm")
        metrics.requested(name, 200, 0.1)
    told = samples(metrics)
    assert sum(v for (n, _), v in told.items() if n == "dagnosis_checks_total") == len(names)


def test_names_are_given_in_the_order_they_come() -> None:
    names = Names(2)
    assert [names.name(one) for one in "abcab"] == [
        ("a", False), ("b", False), ("other", True), ("a", False), ("b", False),
    ]  # fmt: skip
    assert len(Names(1).name("x" * 10_000)[0]) == LONGEST


def test_threads_count_together() -> None:
    metrics = Metrics(dags=5, clock=NOW.timestamp)

    def work() -> None:
        for number in range(200):
            metrics.recorded(occurrence(number), recorded(number))
            metrics.checked(f"t{number}", "healthy")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(metrics, "dagnosis_failures_total", cause="network", severity="failed") == 800
    told = samples(metrics)
    assert len({labels for name, labels in told if name == "dagnosis_dag_failures_total"}) == 6


def test_the_page_says_what_it_is() -> None:
    page, content_type = Metrics().render()
    assert content_type.startswith("text/plain")
    assert b"_created" not in page
    page, content_type = Metrics().render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert page.endswith(b"# EOF\n")


def test_processes_of_one_interpreter_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.told("confirm")
    assert value(other, "dagnosis_feedback_total", verdict="confirm") == 0
