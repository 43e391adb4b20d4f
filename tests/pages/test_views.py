"""What each page says, from what the stores hold, and to whom."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.errors import WrongUse
from dagnosis.model import TaskRef
from dagnosis.pages import actions, data, health, incident, incidents, models, overview, risk, task
from dagnosis.pages.links import Links
from dagnosis.pages.stores import Stores
from dagnosis.services.check import check
from dagnosis.services.health import Status, say
from tests.pages.making import NOW, fill, occurrence, outlook

LINKS = Links(airflow="http://airflow")
ONLY = frozenset({"billing"})


def test_the_first_day_has_nothing(empty: Stores) -> None:
    found = overview.overview(empty, now=NOW)
    assert (found.broken, found.open, found.risks, found.suspects, found.watch) == (
        (),
        0,
        (),
        (),
        None,
    )
    assert found.trend.total == 0
    assert not found.risk_known
    assert risk.page(empty).outlook is None
    assert data.datasets(empty).rows == ()
    assert incident.shown(empty, 1, LINKS) is None


def test_overview_tells_what_is_broken_and_ahead(stores: Stores) -> None:
    found = overview.overview(stores, now=NOW)
    assert [one.title for one in found.broken] == [
        "A column is not in the frame",
        "The connection is refused",
    ]
    assert found.open == found.fresh == 2
    assert [one.dag_id for one in found.risks] == ["orders"]
    assert found.trend.total == 3
    assert not found.behind


def test_a_silent_watch_is_told(stores: Stores) -> None:
    assert overview.overview(stores, now=NOW + timedelta(minutes=10)).behind


def test_only_what_may_be_read_is_told(stores: Stores) -> None:
    found = overview.overview(stores, readable=ONLY, now=NOW)
    assert [one.cause for one in found.broken] == ["network"]
    assert found.risks == ()
    assert found.trend.total == 1
    first = incidents.listed(stores, incidents.asked({}), readable=None).groups[0].incidents[0]
    assert incident.shown(stores, first.id, LINKS, readable=ONLY) is None
    assert task.dag(stores, "orders", readable=ONLY) is None
    assert task.run(stores, "orders", "run-0", readable=ONLY) is None
    assert task.task(stores, TaskRef("orders", "run-0", "load"), LINKS, readable=ONLY) is None
    assert actions.set_state(stores, [first.id], "resolved", who="eve", readable=ONLY) == 0
    assert not actions.note(stores, first.id, "x", who="eve", readable=ONLY)
    assert actions.give_feedback(stores, f"{0:016x}", who="eve", readable=ONLY) is None


def test_feedback_on_dags_of_others_is_not_told(stores: Stores) -> None:
    theirs = occurrence(5, task=TaskRef("secret", "run-5", "load"), diagnosis_id="c" * 16)
    (number,) = fill(stores, theirs)
    actions.give_feedback(stores, theirs.diagnosis_id, who="eve", text="about the merger")
    for asked, told in ((None, 1), (frozenset({"orders"}), 0), (frozenset({"secret"}), 1)):
        found = incident.shown(stores, number, LINKS, readable=asked)
        assert found
        assert len(found.said) == told
        assert {one.task.dag_id for one in found.occurrences} <= (asked or {"orders", "secret"})


def test_the_filter_reads_what_it_knows_and_ignores_the_rest() -> None:
    found = incidents.asked(
        {"state": ["muted", "x"], "kind": ["nonsense"], "order": ["count"], "days": ["7"]}
    )
    assert (found.state, found.kind, found.order, found.days) == (("muted",), "", "count", "7")
    assert incidents.asked({}).state == ("open", "acknowledged")
    assert incidents.asked({"state": ["any"]}).state == incidents.STATES


@pytest.mark.parametrize(
    ("by", "titles"), [("cause", {"data error", "network"}), ("dag", {"orders", "billing"})]
)
def test_incidents_are_grouped(stores: Stores, by: str, titles: set[str]) -> None:
    found = incidents.listed(stores, incidents.asked({"group": [by]}))
    assert {group.title for group in found.groups} == titles


def test_search_and_pages(stores: Stores) -> None:
    found = incidents.listed(stores, incidents.asked({"text": ["refused"]}))
    assert [one.cause for group in found.groups for one in group.incidents] == ["network"]
    fill(
        stores,
        *(occurrence(n, fingerprint=f"x{n}", diagnosis_id=f"{n:016x}") for n in range(3, 63)),
    )
    first = incidents.listed(stores, incidents.asked({}))
    assert first.shown == incidents.SHOWN
    then = incidents.listed(stores, incidents.asked({"cursor": [first.next["cursor"]]}))
    ids = [one.id for page in (first, then) for group in page.groups for one in group.incidents]
    assert len(ids) == len(set(ids)) == 62


def test_an_incident_quotes_the_line_and_its_place(stores: Stores) -> None:
    number = overview.overview(stores).broken[0].id
    found = incident.shown(stores, number, LINKS)
    assert found
    (quoted,) = [line for line in found.lines if line.cause]
    assert (quoted.number, quoted.text) == (7, "KeyError: 'amount'")
    assert quoted.href == "http://airflow/dags/orders/runs/run-0/tasks/load?try_number=1#7"
    assert [line.number for line in found.lines] == [3, 7, 8]
    assert found.retry.action == "fail"
    assert found.changes[0].after == "total"
    assert found.timeline[0].when >= found.timeline[-1].when
    assert "the supplier renamed it" in [entry.text for entry in found.timeline]


def test_without_a_kept_diagnosis_the_quote_is_shown_alone(empty: Stores) -> None:
    (told,) = empty.incidents.record([occurrence(diagnosis_id="")])
    found = incident.shown(empty, told.incident_id, LINKS)
    assert found
    assert [(line.number, line.text, line.cause) for line in found.lines] == [
        (7, "KeyError: 'amount'", True)
    ]
    assert found.diagnosis_id == ""


def test_tries_of_a_task_can_be_chosen(stores: Stores) -> None:
    fill(
        stores, occurrence(0, task=TaskRef("orders", "run-0", "load", -1, 2), diagnosis_id="a" * 16)
    )
    last = task.task(stores, TaskRef("orders", "run-0", "load", -1, 0), LINKS)
    first = task.task(stores, TaskRef("orders", "run-0", "load", -1, 1), LINKS)
    third = task.task(stores, TaskRef("orders", "run-0", "load", -1, 3), LINKS)
    assert last
    assert first
    assert third
    assert [one.try_number for one in last.tries] == [1, 2]
    assert last.task.try_number == 2
    assert first.occurrence
    assert first.risk
    assert third.occurrence is None


def test_a_run_names_what_failed_first_and_what_it_blocked(stores: Stores) -> None:
    late = occurrence(0, task=TaskRef("orders", "run-0", "audit"), fingerprint="f3", diagnosis_id="b" * 16,
                      occurred=NOW)  # fmt: skip
    fill(stores, late)
    found = task.run(stores, "orders", "run-0")
    assert found
    assert [one.task.task_id for one in found.failed] == ["load", "audit"]
    assert found.blast == ("publish", "report")
    assert set(found.incidents) == {"f1", "f3"}


def test_a_dag_tells_its_own_alone(stores: Stores) -> None:
    found = task.dag(stores, "billing", now=NOW)
    assert found
    assert (found.trend.total, found.open_total, found.risks) == (1, 1, ())


def test_feedback_confirms_and_corrects(stores: Stores) -> None:
    asked = f"{0:016x}"
    assert actions.give_feedback(stores, asked, who="anna") == "data_error.dataframe_column_missing"
    assert actions.give_feedback(stores, asked, "network", who="ben") == "network.other"
    assert {(one.who, one.verdict) for one in stores.diagnoses.feedback("f1")} == {
        ("anna", "confirm"),
        ("ben", "correct"),
    }
    with pytest.raises(WrongUse, match="no family"):
        actions.give_feedback(stores, asked, "nonsense.x", who="ben")
    assert actions.give_feedback(stores, "f" * 16, who="anna") is None


def test_states_and_notes(stores: Stores) -> None:
    number = overview.overview(stores).broken[0].id
    assert actions.set_state(stores, [number, number, 999], "muted", who="anna", hours=2) == 1
    found = stores.incidents.incident(number)
    assert found
    assert found.state == "muted"
    assert actions.note(stores, number, "see password=hunter2hunter2", who="anna")
    assert "hunter2hunter2" not in str(stores.incidents.timeline(number))
    with pytest.raises(WrongUse, match="empty"):
        actions.note(stores, number, " ", who="anna")
    with pytest.raises(WrongUse, match="hours"):
        actions.set_state(stores, [number], "muted", who="anna", hours=1e9)


def test_a_dataset_is_drawn_over_time(empty: Stores, tmp_path: Path) -> None:
    for day in range(1, 5):
        path = tmp_path / f"{day}.csv"
        path.write_text("amount\n" + "".join(f"{n % 7}\n" for n in range(50 + day)), "utf-8")
        store = empty.profiles
        check(DuckDBEngine(path), "orders", f"2026-11-{day:02d}", "billing/run-1", store)  # type: ignore[arg-type]
    (row,) = data.datasets(empty).rows
    assert (row.dataset, row.batches, row.partition) == ("orders", 4, "2026-11-04")
    assert data.datasets(empty, readable=frozenset({"other"})).rows == ()
    assert data.datasets(empty, readable=ONLY).rows
    found = data.dataset(empty, "orders", partition="2026-11-02")
    assert found
    assert found.partition == "2026-11-02"
    assert found.plots[0].values == (51, 52, 53, 54)
    assert data.dataset(empty, "none") is None


def test_models_and_what_users_said(stores: Stores) -> None:
    actions.give_feedback(stores, f"{0:016x}", who="anna")
    found = models.page(stores)
    assert {"causes", "lines"} <= {one.name for one in found.models}
    assert all(one.current for one in found.models)
    assert (found.confirmed, found.corrected) == (1, 0)
    assert models.page(stores, readable=ONLY).confirmed == 0


def test_health_grades_processes(stores: Stores) -> None:
    grades = {one.name: one.grade for one in health.page(stores, now=NOW).checks}
    assert grades == {"watch": "ok", "profiles": "ok", "risks": "ok", "models": "ok"}
    late = {one.name: one.grade for one in health.page(stores, now=NOW + timedelta(hours=1)).checks}
    assert late["watch"] == "bad"
    old = {one.name: one.grade for one in health.page(stores, now=NOW + timedelta(days=1)).checks}
    assert old["risks"] == "warn"
    failing = Status(process="watch", version="1", said=NOW, last_success=NOW - timedelta(hours=1),
                     last_error="401 from Airflow", last_error_at=NOW)  # fmt: skip
    say(stores.incidents, failing)
    (watch,) = [one for one in health.page(stores, now=NOW).checks if one.name == "watch"]
    assert (watch.grade, watch.found) == ("bad", "401 from Airflow")
    assert health.page(stores, readable=ONLY).sizes[0][1] == ""


def test_a_damaged_word_is_no_word(stores: Stores) -> None:
    stores.incidents.move("status:watch", "{")
    stores.incidents.move("outlook", '{"made": 3}')
    assert overview.overview(stores).watch is None
    assert risk.page(stores).outlook is None


def test_risks_of_others_are_left_out(stores: Stores) -> None:
    from dagnosis.services.outlook import keep

    keep(stores.incidents, outlook("billing", kind="open", late=True))
    assert risk.page(stores, readable=ONLY).open
    assert not risk.page(stores, readable=frozenset({"orders"})).open
