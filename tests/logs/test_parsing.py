"""Logs as lines and statements: Airflow 3, Airflow 2, cut, nested and hostile ones."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.parsing import ParsedLog, parse
from dagnosis.logs.reading import read_text
from tests.logs.airflow3 import member, record


def parsed(text: str) -> ParsedLog:
    return parse(read_text(text))


def test_chain_of_airflow_3_is_outermost_first() -> None:
    chain = [member("ValueError", "bad row"), member("KeyError", "'region'", is_cause=True)]
    log = parsed(record("Task failed with exception", level="error", error_detail=chain))
    outer, root = log.statements
    assert (outer.type, outer.depth, outer.link) == ("ValueError", 0, "top")
    assert (root.type, root.depth, root.link) == ("KeyError", 1, "cause")
    assert {statement.origin for statement in log.statements} == {"task"}


def test_members_of_a_group_are_statements() -> None:
    group = member("ExceptionGroup", "2 files", is_group=True)
    group["exceptions"] = [[member("ValueError", "a.csv")], [member("OSError", "b.csv")]]
    log = parsed(record("Task failed with exception", level="error", error_detail=[group]))
    assert [s.type for s in log.statements if s.link == "member"] == ["ValueError", "OSError"]


def test_background_callbacks_and_imports_are_told_apart() -> None:
    log = parsed(
        "\n".join(
            [
                record("::group::Pre Execute"),
                record("Failed to resolve template field 'sql'", error_detail=[member("A")]),
                record("::endgroup::"),
                record("Task failed with exception", error_detail=[member("B")]),
                record("Failed to run task callback", error_detail=[member("C")]),
            ]
        )
    )
    origins = {statement.type: statement.origin for statement in log.statements}
    assert origins == {"A": "background", "B": "task", "C": "callback"}


def test_supervisor_lines_are_signals() -> None:
    log = parsed(
        record("Process terminated by signal.", signal=-9, logger="task")
        + "\n"
        + record("Server indicated", detail={"detail": {"current_state": "failed"}})
    )
    assert [(s.signal, s.current_state) for s in log.signals] == [("-9", ""), ("", "failed")]


TEXT = """\
[2026-11-22T08:45:58.459+0000] {taskinstance.py:3337} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/opt/airflow/dags/etl.py", line 3, in load
    rows["region"]
KeyError: 'region'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/airflow/dags/etl.py", line 5, in load
    raise ValueError("bad row") from error
ValueError: bad row
and a second line
[2026-11-22T08:45:58.470+0000] {taskinstance.py:1226} INFO - Marking task as FAILED.
"""


def test_chain_of_airflow_2_is_read_the_same_way() -> None:
    log = parsed(TEXT)
    root, outer = log.statements
    assert (root.type, root.line, root.depth, root.link) == ("KeyError", 5, 1, "cause")
    assert (outer.type, outer.line, outer.depth) == ("ValueError", 12, 0)
    assert outer.value == "bad row\nand a second line"
    assert outer.frames[0].function == "load"


def test_java_names_its_root_last() -> None:
    log = parsed(
        'Exception in thread "main" java.lang.RuntimeException: job failed\n'
        "\tat com.acme.Job.run(Job.java:12)\n"
        "Caused by: java.net.ConnectException: Connection refused\n"
        "\t... 3 more\n"
    )
    deepest = max(log.statements, key=lambda statement: statement.depth)
    assert deepest.type == "java.net.ConnectException"
    assert deepest.line == 3


def test_a_record_cut_in_the_middle_keeps_its_event() -> None:
    log = parsed('{"timestamp":"2026-01-01T00:00:00Z","event":"Task failed with exception","log')
    assert log.lines[0].message == "Task failed with exception"


def test_the_last_start_and_the_end_are_found() -> None:
    log = parsed(record("::group::Pre Execute") + "\n" + record("work"))
    assert log.just_ends
    log = parsed(record("::group::Pre Execute") + "\n" + record("Done. Returned value was: 1"))
    assert not log.just_ends
    assert not parsed("").just_ends


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(
    "event level logger error_detail exit_code signal detail dag_id task_id exception message "
    "chan run_id map_index try_number".split()
)


@given(st.lists(st.dictionaries(keys, json_values), max_size=4), st.text())
def test_no_text_makes_it_raise(records: list[dict[str, object]], text: str) -> None:
    log = parsed("\n".join([*map(json.dumps, records), text]))
    numbers = {line.number for line in log.lines}
    assert all(statement.line in numbers for statement in log.statements)
    assert sum(log.levels.values()) <= len(log.lines)
