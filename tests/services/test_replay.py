"""What retries would have cost, and whom a wrong fail would have hit."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagnosis.cli.retries import retries
from dagnosis.errors import UnreadableInput
from dagnosis.logs.reading import LogText, read_text
from dagnosis.model import TaskRef
from dagnosis.raised import record_of
from dagnosis.services.replay import Replayed, from_file, from_logs, replay
from dagnosis.sources.contract import Attempt
from dagnosis.sources.log_files import LogFolder

START = datetime(2026, 11, 26, tzinfo=timezone.utc)
MISSING = ModuleNotFoundError("No module named 'pandas'")
RESET = ConnectionResetError(104, "Connection reset by peer")
KILLED = '{"event": "Process terminated by signal. Likely out of memory error (OOM).", "level": "critical", "logger": "task", "signal": -9}'


class Logs:
    """A `LogSource` that holds its logs."""

    name = "held"

    def __init__(self) -> None:
        self.held: dict[TaskRef, str] = {}

    def read(self, task: TaskRef) -> LogText | None:
        text = self.held.get(task)
        return read_text(text) if text else None

    def close(self) -> None:
        """Nothing is open."""


def past(
    *outcomes: BaseException | str | None, gap: float = 5, task: str = "load"
) -> tuple[list[Attempt], Logs]:
    """The tries of one task, a minute each: an exception, a log, "" for no log, None for success."""
    attempts, logs, at = [], Logs(), START
    for number, outcome in enumerate(outcomes, 1):
        ref = TaskRef("orders", "r1", task, try_number=number)
        if isinstance(outcome, BaseException):
            logs.held[ref] = json.dumps(record_of(outcome))
        elif outcome:
            logs.held[ref] = outcome
        end = at + timedelta(minutes=1)
        attempts.append(
            Attempt(
                task=ref,
                state="failed" if outcome is not None else "success",
                started=at,
                ended=end,
            )
        )
        at = end + timedelta(minutes=gap)
    return attempts, logs


def judged(*outcomes: BaseException | str | None, gap: float = 5) -> Replayed:
    return replay(*past(*outcomes, gap=gap))


def test_what_could_not_succeed_is_saved() -> None:
    report = judged(MISSING, MISSING, MISSING)
    assert report.fates == {"judged": 2}
    assert report.actions == {"fail": 1}
    assert (report.total.fails, report.total.tries, report.total.ended) == (1, 2, 0)
    assert report.total.run_hours == pytest.approx(2 / 60, abs=1e-3)
    assert report.total.sooner_hours == pytest.approx(12 / 60, abs=1e-3)


def test_a_fail_of_what_recovered_is_harm_and_saves_nothing() -> None:
    report = judged(MISSING, MISSING, None)
    assert (report.total.ended, report.total.tries, report.total.run_hours) == (1, 0, 0)
    (harm,) = report.harms
    assert (harm.task.try_number, harm.succeeded) == (1, 3)
    assert harm.detail.startswith("missing_dependency.")


def test_a_transient_one_is_retried_and_recovers() -> None:
    report = judged(RESET, None)
    assert (report.actions, report.recovered, report.total.fails) == ({"retry": 1}, 1, 0)


def test_nothing_is_claimed_about_killed_tries_and_tries_without_logs() -> None:
    report = judged(KILLED, "", MISSING, MISSING)
    assert report.fates == {"killed": 1, "no log": 1, "judged": 1}
    assert report.total.tries == 1


def test_a_try_that_a_person_started_is_no_retry() -> None:
    assert judged(MISSING, None, gap=60 * 30).retried == 0
    assert judged(MISSING, None, gap=60 * 20).total.ended == 1


def test_a_cleared_success_begins_anew() -> None:
    report = judged(None, MISSING, MISSING)
    assert (report.retried, report.total.tries) == (1, 1)


def test_the_last_try_changes_nothing() -> None:
    report = judged(MISSING)
    assert (report.tries, report.failed, report.retried, report.effects) == (1, 1, 0, ())


def test_no_history_is_no_report() -> None:
    assert replay([], Logs()).total.fails == 0


def test_a_csv_names_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    with pytest.raises(UnreadableInput, match="no such file"):
        from_file(path)
    path.write_text("dag_id,task_id\n")
    with pytest.raises(UnreadableInput, match="no column run_id, state"):
        from_file(path)
    head = "dag_id,task_id,run_id,state,try_number,start_time\n"
    path.write_text(head + "a,b,r,failed,one,\n")
    with pytest.raises(UnreadableInput, match="row 1: try_number: 'one'"):
        from_file(path)
    path.write_text(head + "a,b,r,failed,1,yesterday\n")
    with pytest.raises(UnreadableInput, match="row 1: start_time: 'yesterday'"):
        from_file(path)


def test_a_csv_of_forecast_pull_has_its_tries_in_the_uid(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(
        "run_uid,dag_id,task_id,run_id,state\na/r/t/3/2,a,t,r,failed\nodd,a,t,r,failed\n"
    )
    assert [attempt.task for attempt in from_file(path)] == [
        TaskRef("a", "r", "t", 3, 2),
        TaskRef("a", "r", "t"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Logs of one task that was retried twice for nothing."""
    for number in (1, 2, 3):
        path = tmp_path / f"dag_id=orders/run_id=r1/task_id=load/attempt={number}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        first = {"timestamp": f"2026-11-26T00:0{number}:00Z", "event": "start", "level": "info"}
        last = {"timestamp": f"2026-11-26T00:0{number}:30Z", **record_of(MISSING)}
        path.write_text(f"{json.dumps(first)}\n{json.dumps(last)}\n")
    return tmp_path


def test_logs_alone_tell_states_and_times(folder: Path) -> None:
    logs = LogFolder(folder)
    report = replay(from_logs(logs), logs)
    assert report.total.tries == 2
    assert report.total.run_hours == pytest.approx(1 / 60, abs=1e-3)


def test_the_command(folder: Path, tmp_path: Path) -> None:
    ran = CliRunner().invoke(retries, ["replay", "--logs", str(folder)])
    assert ran.exit_code == 0, ran.output
    assert "saved: 2 tries that could not succeed" in ran.output
    history = tmp_path / "history.csv"
    history.write_text(
        "dag_id,task_id,run_id,state,try_number\norders,load,r1,failed,1\norders,load,r1,success,2\n"
    )
    ran = CliRunner().invoke(retries, ["replay", str(history), "--logs", str(folder), "--json"])
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["total"]["ended"] == 1
    spared = ["--never-fail", "missing_dependency"]
    ran = CliRunner().invoke(retries, ["replay", str(history), "--logs", str(folder), *spared])
    assert ran.exit_code == 0
    ran = CliRunner().invoke(retries, ["replay", str(history), "--logs", str(folder)])
    assert "1 task that a later try saved would have been failed" in ran.output
    assert "try 2 succeeded" in ran.output
