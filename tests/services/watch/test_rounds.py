"""The watch against an Airflow of rows, with the real store: everything once, killed anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagnosis.errors import ServiceUnreachable
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.store import open_store
from dagnosis.metrics import Metrics
from dagnosis.model import TaskRef
from dagnosis.services.watch.measuring import Report, measure, report
from dagnosis.services.watch.rounds import PATIENCE, Round, Watch
from dagnosis.sources.contract import BrokenDag, Run
from dagnosis.spool import Hint, Spool
from tests.services.watch.table import START, Logs, Table

MISSING = '{"level":"error","logger":"task","event":"Task failed with exception","error_detail":[{"exc_type":"ModuleNotFoundError","exc_value":"No module named \'pandas\'","frames":[]}]}'
REFUSED = '{"level":"error","logger":"task","event":"Task failed with exception","error_detail":[{"exc_type":"ConnectionRefusedError","exc_value":"[Errno 111] Connection refused","frames":[]}]}'


class Lab:
    """An Airflow, its logs, and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.airflow = Table()
        self.logs = Logs()
        self.incidents = open_incidents(str(folder / "store.db"))
        self.spool = Spool(folder / "spool")

    def watch(self) -> Watch:
        return Watch(self.airflow, self.logs, self.incidents, spool=self.spool)

    def fail(self, task: TaskRef, log: str | None = MISSING, state: str = "failed") -> None:
        if log is not None:
            self.logs.of[task] = log
        self.airflow.put(task, state)

    def counted(self) -> int:
        return sum(one.count for one in self.incidents.find(Query(members=True)).incidents)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.incidents.close()


def ref(number: int = 1, task: str = "load", dag: str = "daily", run: str = "r1") -> TaskRef:
    return TaskRef(dag, run, task, -1, number)


def test_a_failure_becomes_an_incident_with_cause_quote_and_fix(lab: Lab) -> None:
    lab.fail(ref())
    done = lab.watch().round()
    ((occurrence, recorded),) = done.new
    assert recorded.transition == "new"
    assert occurrence.detail.startswith("missing_dependency.")
    assert "pandas" in occurrence.quote
    assert occurrence.fix
    assert occurrence.quote_line == 1
    assert occurrence.found_by == "poll"


def test_the_second_round_finds_nothing_new_and_asks_little(lab: Lab) -> None:
    lab.fail(ref())
    watch = lab.watch()
    watch.round()
    lab.airflow.tick(300)
    asked = lab.airflow.asked
    assert watch.round().new == []
    assert lab.airflow.asked - asked == 2, "the rows that changed, and the broken files"


def test_a_new_watch_goes_on_where_the_last_one_stood(lab: Lab) -> None:
    lab.fail(ref())
    lab.watch().round()
    lab.fail(ref(run="r2"))
    done = lab.watch().round()
    assert [one.task.run_id for one, _ in done.new] == ["r2"]
    assert lab.counted() == 2


def test_the_try_before_a_retry_is_found_though_its_row_was_overwritten(lab: Lab) -> None:
    watch = lab.watch()
    lab.fail(ref(1), REFUSED, "up_for_retry")
    lab.airflow.put(ref(2), "running")
    done = watch.round()
    ((occurrence, _),) = done.new
    assert occurrence.task == ref(1)
    assert occurrence.cause == "network"


def test_a_hint_before_the_row_changed_is_kept_until_it_does(lab: Lab) -> None:
    watch = lab.watch()
    lab.airflow.put(ref(), "running")
    lab.logs.of[ref()] = MISSING
    lab.spool.write(Hint("task_failed", time=START.timestamp(), dag_id="daily", run_id="r1",
                         task_id="load", try_number=1))  # fmt: skip
    assert watch.round().new == []
    lab.airflow.put(ref(), "failed")
    ((occurrence, _),) = watch.round().new
    assert occurrence.found_by == "hook"
    assert lab.counted() == 1


def test_a_killed_try_without_a_log_is_explained_by_the_event_log(lab: Lab) -> None:
    lab.airflow.put(ref(), "running")
    lab.airflow.say("heartbeat timeout", ref(), "Task did not emit heartbeat within time limit (30 "
                    "seconds) and will be terminated.")  # fmt: skip
    lab.airflow.put(ref(), "failed")
    ((occurrence, _),) = lab.watch().round().new
    assert occurrence.detail == "worker_lost.zombie"
    assert occurrence.quote_line == 0


def test_what_could_not_run_is_the_blast_even_when_it_is_known_later(lab: Lab) -> None:
    watch = lab.watch()
    lab.fail(ref())
    watch.round()
    lab.airflow.put(ref(0, "report"), "upstream_failed")
    lab.airflow.put(ref(0, "mail"), "upstream_failed")
    watch.round()
    (incident,) = lab.incidents.find(Query()).incidents
    assert (incident.count, incident.blast) == (1, 2)


def test_a_later_success_makes_it_flaky_and_more_of_them_resolve_it(lab: Lab) -> None:
    watch = lab.watch()
    lab.fail(ref(1), REFUSED, "up_for_retry")
    watch.round()
    lab.airflow.put(ref(2), "success")
    watch.round()
    (incident,) = lab.incidents.find(Query()).incidents
    assert incident.novelty == "flaky"
    for number in range(3):
        lab.airflow.put(ref(run=f"next{number}"), "success")
        watch.round()
    (incident,) = lab.incidents.find(Query()).incidents
    assert incident.novelty == "flaky"
    assert incident.state == "resolved"


def test_a_run_that_timed_out_is_one_failure(lab: Lab) -> None:
    lab.airflow.run_rows["daily", "r1"] = Run(dag_id="daily", run_id="r1", state="failed")
    lab.airflow.put(ref(), "skipped")
    ((occurrence, _),) = lab.watch().round().new
    assert occurrence.detail == "timeout.dagrun_timeout"


def test_a_task_that_skips_itself_is_no_failure(lab: Lab) -> None:
    lab.airflow.run_rows["daily", "r1"] = Run(dag_id="daily", run_id="r1", state="success")
    lab.airflow.put(ref(), "skipped")
    assert lab.watch().round().new == []


def test_a_broken_dag_file_is_an_incident_until_it_is_mended(lab: Lab) -> None:
    watch = lab.watch()
    trace = "Traceback (most recent call last):\n  File \"/dags/a.py\", line 1, in <module>\n    import nowhere\nModuleNotFoundError: No module named 'nowhere'"
    lab.airflow.broken = [BrokenDag(file="a.py", stack_trace=trace, when=START)]
    ((occurrence, _),) = watch.round().new
    assert occurrence.kind == "import"
    assert "nowhere" in occurrence.message
    assert watch.round().new == []
    lab.airflow.broken = []
    lab.airflow.tick()
    watch.round()
    (incident,) = lab.incidents.find(Query()).incidents
    assert incident.state == "resolved"


def test_a_file_that_was_mended_while_no_watch_looked_is_well_again(lab: Lab) -> None:
    trace = "ModuleNotFoundError: No module named 'nowhere'"
    lab.airflow.broken = [BrokenDag(file="a.py", stack_trace=trace, when=START)]
    lab.watch().round()
    lab.airflow.broken = []
    lab.airflow.tick()
    assert lab.watch().round().resolved
    (incident,) = lab.incidents.find(Query()).incidents
    assert incident.state == "resolved"


def test_a_log_that_cannot_be_read_is_asked_for_again_then_done_without(lab: Lab) -> None:
    lab.fail(ref())
    lab.logs.down.add(ref())
    watch = lab.watch()
    for _ in range(PATIENCE - 1):
        with pytest.raises(ServiceUnreachable):
            watch.round()
    assert len(watch.round().new) == 1


def test_an_airflow_that_is_down_loses_nothing(lab: Lab) -> None:
    watch = lab.watch()
    lab.fail(ref())
    lab.airflow.down = True
    with pytest.raises(ServiceUnreachable):
        watch.round()
    lab.airflow.down = False
    assert len(watch.round().new) == 1


def test_diagnoses_are_kept_for_labels_the_first_and_the_newest(lab: Lab) -> None:
    watch = lab.watch()
    for number in range(10):
        lab.fail(ref(run=f"r{number}"))
        watch.round()
    with open_store(str(lab.folder / "store.db")) as store:
        assert store.count() == 6
        for run, is_kept in (("r0", True), ("r3", False), ("r9", True)):
            one = lab.incidents.occurrence(ref(run=run))
            assert one is not None
            assert (store.remembered(one.diagnosis_id) is not None) is is_kept


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_killed_anywhere_it_counts_each_try_once(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Rows change, hints and events come or do not, the watch dies inside of a round and starts anew."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    expected = set()
    watch = lab.watch()
    for step in range(data.draw(st.integers(2, 6))):
        for number in range(data.draw(st.integers(0, 3))):
            task = ref(run=f"r{step}", task=f"t{number}")
            lab.fail(task, data.draw(st.sampled_from([MISSING, REFUSED, None])))
            expected.add(task)
            if data.draw(st.booleans()):
                lab.spool.write(Hint("task_failed", time=START.timestamp(), dag_id=task.dag_id,
                                     run_id=task.run_id, task_id=task.task_id,
                                     try_number=1))  # fmt: skip
            if data.draw(st.booleans()):
                lab.airflow.say("failed", task)
        killed = data.draw(st.sampled_from(["", "before", "record", "move"]))
        if killed:
            _die(lab.incidents, killed, watch)
            watch = lab.watch()
        else:
            watch.round()
        lab.airflow.tick(data.draw(st.sampled_from([1, 30, 200])))
    watch.round()
    assert {task for task in expected if lab.incidents.occurrence(task)} == expected
    assert lab.counted() == len(expected)
    lab.incidents.close()


class _Killed(BaseException):
    pass


def _die(store: Incidents, where: str, watch: Watch) -> None:
    """A round that ends as a process does that is killed: before or after what it wrote."""

    def killed(*_: object) -> None:
        raise _Killed

    with pytest.MonkeyPatch.context() as patch:
        if where != "before":
            patch.setattr(store, where, killed)
            with suppress(_Killed):
                watch.round()


def test_hints_alone_are_acknowledged_after_they_were_used(lab: Lab) -> None:
    lab.fail(ref())
    lab.spool.write(Hint("task_failed", time=START.timestamp(), dag_id="daily", run_id="r1",
                         task_id="load", try_number=1))  # fmt: skip
    watch = lab.watch()
    watch.round()
    assert lab.spool.read(str).hints == ()
    lab.airflow.tick(timedelta(hours=2).total_seconds())
    assert watch.round().changed == 0


def test_a_round_is_counted_by_whoever_reads_its_line(lab: Lab) -> None:
    metrics = Metrics(process=False)
    lab.fail(ref())
    lab.airflow.put(ref(task="other"), "success")
    line = msgspec.json.encode(report(lab.watch().round()))
    measure(metrics, msgspec.json.decode(line, type=Report))
    measure(metrics, Report(error="no answer"))
    text = metrics.render()[0].decode()
    assert 'dagnosis_failures_total{cause="missing_dependency"' in text
    assert 'dagnosis_tries_total{outcome="success"} 1.0' in text
    assert 'outcome="failed",source="airflow"} 1.0' in text


def test_look_at_records_one_task_instance(lab: Lab) -> None:
    lab.fail(ref())
    lab.fail(ref(task="other"))
    done = lab.watch().look_at(ref(0))
    assert [one.task for one, _ in done.new] == [ref()]
    assert lab.watch().look_at(ref(0)).new == []


def test_a_run_is_late_by_its_own_past_and_a_silent_try_by_its_log(lab: Lab) -> None:
    for day in range(10):
        begun = START - timedelta(days=day + 1)
        lab.airflow.run_rows["daily", f"past{day}"] = Run(
            dag_id="daily", run_id=f"past{day}", state="success", started=begun,
            ended=begun + timedelta(minutes=10),
        )  # fmt: skip
    lab.airflow.run_rows["daily", "r1"] = Run(
        dag_id="daily", run_id="r1", state="running", started=START
    )
    lab.airflow.put(ref(), "running")
    lab.logs.of[ref()] = '{"timestamp":"2026-11-26T03:00:01Z","level":"info","event":"begun"}'
    watch = lab.watch()
    done = Round()
    lab.airflow.tick(60)
    watch.look_at_running(done)
    assert done.recorded == []
    lab.airflow.tick(3600)
    watch.look_at_running(done)
    assert {one.kind for one, _ in done.recorded} == {"late", "silent"}
