"""Which line is quoted first, one mechanism a test."""

from __future__ import annotations

from dagnosis import explain_text
from tests.logs.airflow3 import HTTP, TASK, bash_failed, failed, log, member, output, record

USER = "/opt/airflow/dags/etl.py"


def first(*lines: str) -> str:
    return explain_text(log(*lines)).evidence[0].text


def test_the_root_of_an_explicit_chain() -> None:
    chain = (
        member("ValueError", "bad row", USER),
        member("KeyError", "'region'", USER, is_cause=True),
    )
    assert first(failed(*chain)) == "KeyError: 'region'"


def test_the_library_that_says_more_than_the_driver() -> None:
    inner = member(
        "ConnectionRefusedError", "[Errno 111] Connection refused", "/site-packages/a.py"
    )
    outer = member("NetworkError", "Code: 210. Connection refused (db:9000)", "/site-packages/b.py")
    assert first(failed(outer, inner)) == "NetworkError: Code: 210. Connection refused (db:9000)"


def test_a_failed_lookup_that_was_handled_is_not_the_cause() -> None:
    chain = member("UnknownRegion", "no region for store 7", USER), member("KeyError", "7", USER)
    assert first(failed(*chain)).startswith("UnknownRegion")


def test_output_far_above_the_exit_code() -> None:
    chatter = [f"step {n} of 300 done" for n in range(300)]
    lines = output("cp: cannot stat '/in/a.csv': No such file or directory", *chatter)
    assert first(*lines, *bash_failed(1)).startswith("cp: cannot stat")


def test_callbacks_and_the_end_of_the_process_come_after_the_failure() -> None:
    answer = explain_text(
        log(
            failed(member("ModuleNotFoundError", "No module named 'pandas'", USER)),
            failed(member("ConnectionRefusedError", "mail"), event="Failed to run task callback"),
            record("Process exited abnormally", "warning", TASK, exit_code=1),
        )
    )
    assert answer.cause == "missing_dependency"


def test_an_exception_that_was_logged_and_gone_on_from() -> None:
    handled = record(
        "fetch failed", "error", error_detail=[member("ReadTimeout", "read timed out")]
    )
    wrong = failed(member("KeyError", "'price'", USER))
    assert first(handled, wrong) == "KeyError: 'price'"


def test_the_body_of_a_refusal() -> None:
    body = '{"message": "svc-etl is not authorized to read /v2/ledger"}'
    lines = [
        record("HTTP error: Forbidden", "error", HTTP),
        record(body, "error", HTTP),
        failed(member("AirflowException", "403:Forbidden", "/site-packages/airflow/http.py")),
    ]
    assert first(*lines) == body


def test_the_last_attempt_counts() -> None:
    first_try = failed(member("TemplateSyntaxError", "unexpected char at 29", USER))
    again = record("::group::Pre Execute", logger=TASK)
    second_try = failed(member("ModuleNotFoundError", "No module named 'x'", USER))
    assert first(first_try, again, second_try) == "ModuleNotFoundError: No module named 'x'"


def test_memory_at_its_limit_explains_a_kill() -> None:
    kill = record("Process terminated by signal. Likely out of memory", "critical", TASK, signal=-9)
    assert explain_text(log(kill)).cause == "worker_lost"
    full = record("memory limit reached: 7.99 GiB of 8.0 GiB", "warning")
    answer = explain_text(log(full, kill))
    assert (answer.cause, answer.evidence[0].line) == ("out_of_memory", 3)


def test_a_process_that_aborts_itself_has_said_why() -> None:
    lines = output("score: score.c:12: main: Assertion `n > 0' failed.")
    assert first(*lines, *bash_failed(134)).startswith("score: score.c:12")


def test_an_error_below_its_header() -> None:
    lines = output("Runtime Error", "  The profile 'shop' does not have a target named 'staging'.")
    assert "target named 'staging'" in first(*lines, *bash_failed(2))


def test_the_echo_of_a_command_states_nothing() -> None:
    echo = output(
        "Running command: ['bash', '-c', 'echo error: no such file or directory; exit 3']"
    )
    assert not first(*echo, *bash_failed(3)).startswith("Running command")


def test_a_successful_try_with_error_words_has_no_failure() -> None:
    noisy = record("ERROR: attempt 1 failed: connection reset, retrying", "error")
    done = record("Done. Returned value was: 3", logger="airflow.task.operators")
    answer = explain_text(log(noisy, done))
    assert not answer.failed
    assert answer.evidence == ()


def test_a_callback_of_airflow_2_fails_after_the_task() -> None:
    text = (
        "[2026-01-01T00:00:00.000+0000] {taskinstance.py:3337} ERROR - Task failed with exception\n"
        "Traceback (most recent call last):\n"
        '  File "/opt/airflow/dags/etl.py", line 7, in load\n'
        "ValueError: could not convert string to float: '1,08'\n"
        "[2026-01-01T00:00:01.000+0000] {taskinstance.py:1584} ERROR - Error in callback at index 0\n"
        "Traceback (most recent call last):\n"
        '  File "/opt/airflow/dags/etl.py", line 9, in page\n'
        "ConnectionRefusedError: [Errno 111] Connection refused\n"
    )
    assert explain_text(text).evidence[0].text.startswith("ValueError")


def test_a_summary_gives_way_to_what_it_sums_up() -> None:
    logged = record("rule 17 raised NameError: name 'thresold' is not defined", "warning")
    summary = failed(member("RuntimeError", "rule run failed, see log above", USER))
    assert first(logged, summary).startswith("rule 17")
