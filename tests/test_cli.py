"""The command line as a user meets it: exit codes, streams, wrong input."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

FAILED = (
    "[2026-11-22T08:45:58.459+0000] {taskinstance.py:3337} ERROR - Task failed with exception\n"
    "Traceback (most recent call last):\n"
    '  File "/opt/airflow/dags/etl.py", line 3, in load\n'
    "    import pandas\n"
    "ModuleNotFoundError: No module named 'pandas'\n"
)


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [sys.executable, "-c", "from dagnosis.cli import main; main()", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
    )
    return subprocess.CompletedProcess(
        ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode()
    )


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    path = tmp_path / "attempt=1.log"
    path.write_text(FAILED)
    return path


def test_explain_quotes_the_line(failed: Path) -> None:
    ran = run("explain", str(failed))
    assert ran.returncode == 1
    assert "5 │ ModuleNotFoundError: No module named 'pandas'" in ran.stdout
    assert ran.stderr == ""


def test_json_keeps_the_promise(failed: Path) -> None:
    answer = json.loads(run("explain", str(failed), "--json").stdout)
    assert set(answer) >= {
        "schema",
        "id",
        "task",
        "cause",
        "detail",
        "title",
        "confidence",
        "ranked",
        "transience",
        "retry",
        "exception",
        "evidence",
        "fix",
        "gaps",
        "fingerprint",
        "similar",
        "engine",
        "levels",
        "lines_total",
        "truncated",
        "elapsed_ms",
    }
    assert answer["cause"] == "missing_dependency"
    assert answer["evidence"][0] == {**answer["evidence"][0], "line": 5, "role": "cause"}


def test_standard_input_and_gzip(failed: Path, tmp_path: Path) -> None:
    assert run("explain", "-", stdin=FAILED.encode()).returncode == 1
    packed = tmp_path / "a.log.gz"
    packed.write_bytes(gzip.compress(FAILED.encode()))
    assert "missing_dependency" in run("explain", str(packed)).stdout


def test_no_failure_is_exit_0(tmp_path: Path) -> None:
    path = tmp_path / "ok.log"
    path.write_text("[2026-11-22T08:45:58.459+0000] {etl.py:3} INFO - loaded 403 rows, 0 errors\n")
    ran = run("explain", str(path))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "No failure" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["explain", "missing.log"], 3, "missing.log: no such file"),
        (["explain"], 2, "name at least one log"),
        (["explain", "--jsonl", "missing.jsonl"], 3, "missing.jsonl: no such file"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, says: str) -> None:
    ran = run(*arguments)
    assert ran.returncode == code
    assert says in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_one_bad_input_does_not_stop_the_others(failed: Path, tmp_path: Path) -> None:
    binary = tmp_path / "core"
    binary.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(400))
    ran = run("explain", str(binary), str(failed), "--json")
    assert ran.returncode == 3
    assert "is binary" in ran.stderr
    assert json.loads(ran.stdout)["cause"] == "missing_dependency"


def test_jsonl_names_the_bad_row(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "pred.jsonl"
    rows = [{"id": 7, "text": FAILED}, {"text": "no id"}, {"id": "b", "text": FAILED}]
    cases.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = run("explain", "--jsonl", str(cases), "--out", str(out))
    assert ran.returncode == 3
    assert "row 2" in ran.stderr
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [7, "b"]


def test_lines_says_where_a_label_comes_from(failed: Path) -> None:
    first = run("lines", str(failed)).stdout.splitlines()[0].split("\t")
    assert first[:2] == ["1", "ERROR"]
    assert first[3] == "stated"
    out = run("lines", "-", "--messages", stdin=b"all good\ncannot connect\n").stdout
    assert out.split() == ["INFO", "ERROR"]


def test_doctor_and_config() -> None:
    assert run("doctor").returncode == 0
    assert "evidence_lines" in run("config", "show").stdout


def test_settings_name_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGNOSIS_EVIDENCE_LINES", "many")
    ran = run("config", "show")
    assert ran.returncode == 2
    assert "DAGNOSIS_EVIDENCE_LINES" in ran.stderr


def test_bad_rows_are_named_and_the_others_answered(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": 1, "text": "MemoryError"}\n{"text": "a"}\nnot json\n[1]\n{"id": 2}\n')
    ran = run("explain", "--jsonl", str(rows))
    assert ran.returncode == 3
    assert [json.loads(line)["id"] for line in ran.stdout.splitlines()] == [1]
    assert [f"row {number}" in line for number, line in enumerate(ran.stderr.splitlines(), 2)] == [
        True
    ] * 4


def test_lines_are_labelled_and_redacted() -> None:
    ran = run(
        "lines", "-", stdin=b'{"level":"warning","event":"slow"}\nfailed: token=ghp_' + b"a1B2" * 9
    )
    first, second = (line.split("\t") for line in ran.stdout.splitlines())
    assert first[1:4] == ["WARNING", "0.99", "stated"]
    assert second[1] == "ERROR"
    assert "ghp_" not in second[4]
