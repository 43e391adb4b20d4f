"""Feedback on the command line: what is kept, what is answered then, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli import FAILED, run


@pytest.fixture
def failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGNOSIS_STORE", str(tmp_path / "data" / "store.db"))
    path = tmp_path / "attempt=1.log"
    path.write_text(FAILED)
    return path


def test_confirm_list_explain_forget(failed: Path) -> None:
    ran = run("feedback", "confirm", str(failed), "--note", "image without pandas", "--who", "ann")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "missing_dependency" in ran.stdout
    (row,) = map(json.loads, run("feedback", "list", "--json").stdout.splitlines())
    assert (row["verdict"], row["who"], row["note"]) == ("confirm", "ann", "image without pandas")
    assert "image without pandas" in run("feedback", "list").stdout
    answer = json.loads(run("explain", str(failed), "--json").stdout)
    assert (answer["engine"], answer["similar"]) == ("similar", [row["diagnosis_id"]])
    assert answer["confidence"] > 0.9
    assert "Known from feedback" in run("explain", str(failed)).stdout
    assert run("feedback", "forget").returncode == 2
    assert run("feedback", "forget", "--fingerprint", row["fingerprint"]).stdout == (
        "forgotten: 1 diagnosis\n"
    )
    assert run("feedback", "list").stdout == ""
    assert json.loads(run("explain", str(failed), "--json").stdout)["engine"] == "rules"


def test_correct_with_a_cause_of_ones_own(failed: Path) -> None:
    ran = run(
        "feedback", "correct", str(failed), "--cause", "configuration_error.old_image", "--json"
    )
    assert json.loads(ran.stdout)["new"] is True
    answer = json.loads(run("explain", str(failed), "--json").stdout)
    assert answer["detail"] == "configuration_error.old_image"
    assert answer["evidence"][0]["line"] == 5


def test_explain_remembers_only_when_asked(failed: Path, tmp_path: Path) -> None:
    run("explain", str(failed))
    assert not (tmp_path / "data").exists()
    assert run("explain", str(failed), "--remember").returncode == 1
    answer = json.loads(run("explain", str(failed), "--json").stdout)
    assert answer["engine"] == "rules"
    assert len(answer["similar"]) == 1
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "a", "text": failed.read_text()}))
    assert json.loads(run("explain", "--jsonl", str(rows)).stdout)["similar"] == answer["similar"]


def test_a_folder_skips_what_did_not_fail(failed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_text(FAILED)
    (folder / "b.log").write_text("all good\n")
    ran = run("feedback", "confirm", str(folder))
    assert ran.returncode == 0
    assert ran.stdout.count("\n") == 1
    assert "1 without a failure" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["feedback", "confirm", "missing.log"], 3, "missing.log: no such file"),
        (["feedback", "correct", "LOG", "--cause", "netwrk"], 2, "did you mean network?"),
        (["feedback", "correct", "LOG"], 2, "--cause"),
        (["feedback", "confirm"], 2, "LOG"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, says: str, failed: Path) -> None:
    ran = run(*(str(failed) if argument == "LOG" else argument for argument in arguments))
    assert ran.returncode == code
    assert says in ran.stderr


def test_a_healthy_log_cannot_be_labelled(tmp_path: Path, failed: Path) -> None:
    failed.write_text("all good\n")
    ran = run("feedback", "confirm", str(failed))
    assert ran.returncode == 2
    assert "states no failure" in ran.stderr


def test_a_damaged_store_costs_its_knowledge_not_the_answer(
    failed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "damaged.db"
    path.write_bytes(b"junk" * 500)
    monkeypatch.setenv("DAGNOSIS_STORE", str(path))
    answer = json.loads(run("explain", str(failed), "--json").stdout)
    assert answer["cause"] == "missing_dependency"
    assert "were not looked up" in answer["gaps"][0]
    for arguments in (["feedback", "list"], ["feedback", "confirm", str(failed)]):
        ran = run(*arguments)
        assert ran.returncode == 3
        assert "is damaged or no SQLite file" in ran.stderr
        assert ran.stderr.count("\n") == 1
    assert path.read_bytes() == b"junk" * 500
    ran = run("doctor")
    assert ran.returncode == 1
    assert "FAIL  store: " in ran.stdout


def test_a_server_that_does_not_answer(failed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    monkeypatch.setenv("DAGNOSIS_STORE", "postgresql://me:secret@127.0.0.1:1/x")
    ran = run("feedback", "confirm", str(failed))
    assert ran.returncode == 4
    assert "not reachable" in ran.stderr
    assert "secret" not in ran.stderr
    answer = json.loads(run("explain", str(failed), "--json").stdout)
    assert "were not looked up" in answer["gaps"][0]


def test_a_store_that_cannot_be_written(failed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGNOSIS_STORE", str(failed / "store.db"))
    ran = run("feedback", "confirm", str(failed))
    assert ran.returncode == 2
    assert "set store" in ran.stderr
