from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lab.corpus import Attempt, Corpus, Rewriter, matches
from lab.fault import NONE, Fault


@pytest.fixture
def fault() -> Fault:
    return Fault(
        name="refused",
        family="network",
        dag_id="orders",
        cause="connection refused",
        states="Connection refused",
        transience="transient",
        build=lambda: None,
    )


def attempt(folder: Path, text: str, state: str = "failed", number: int = 1) -> Attempt:
    log = folder / f"{number}.log"
    log.write_text(text)
    return Attempt("load", "r1", -1, number, state, log)


def rows(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]


def test_longer_places_are_replaced_first(tmp_path: Path) -> None:
    rewrite = Rewriter({tmp_path: "/mnt", tmp_path / "airflow": "/opt/airflow"})
    assert rewrite(f"{tmp_path}/airflow/dags {tmp_path}/x") == "/opt/airflow/dags /mnt/x"
    assert rewrite("") == ""


def test_the_name_of_the_host_is_replaced_where_tools_write_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "vm")
    monkeypatch.setattr("socket.getfqdn", lambda: "vm")
    rewrite = Rewriter({})
    assert rewrite('"host_name": "vm", hostname=\'vm\'') == (
        '"host_name": "worker-1", hostname=\'worker-1\''
    )
    assert rewrite('\\"host_name\\": \\"vm\\"') == '\\"host_name\\": \\"worker-1\\"'
    assert rewrite("vmstat vm") == "vmstat vm"


def test_matches_decodes_json_and_skips_keys_and_commands() -> None:
    lines = [
        json.dumps({"timestamp": "x", "event": "a", "ti_id": 'say "no"'}),
        json.dumps({"event": "Running command: ['echo say \"no\"']"}),
        json.dumps({"event": "boom", "error_detail": [{"exc_value": 'say "no"'}]}),
        'plain: say "no"',
    ]
    assert list(matches(lines, 'say "no"')) == [3, 4]
    assert list(matches([], "x")) == []


def test_a_try_that_shows_its_fault_is_labelled(tmp_path: Path, fault: Fault) -> None:
    corpus = Corpus(tmp_path / "out", Rewriter({}), "3.3.2")
    failed = attempt(tmp_path, "hello\nConnection refused\n")
    passed = attempt(tmp_path, "hello\n", "success", 2)
    assert corpus.add(fault, [failed, passed]) == []
    first, second = rows(tmp_path / "out")
    assert (first["family"], first["evidence_line"], first["n_lines"]) == ("network", 2, 2)
    assert first["accepted"] == ["network"]
    assert (second["family"], second["evidence_line"]) == (NONE, None)
    assert (tmp_path / "out" / str(first["file"])).read_text() == "hello\nConnection refused\n"


def test_a_try_that_does_not_show_it_is_rejected(tmp_path: Path, fault: Fault) -> None:
    corpus = Corpus(tmp_path / "out", Rewriter({}), "3.3.2")
    problems = corpus.add(fault, [attempt(tmp_path, "hello\n")])
    assert problems == ["refused: load try 1: 'Connection refused' is not in the log"]
    assert rows(tmp_path / "out") == []
    assert len(list((tmp_path / "out" / "rejected").iterdir())) == 1


def test_a_later_run_that_shows_it_is_kept_in_its_place(tmp_path: Path, fault: Fault) -> None:
    out = tmp_path / "out"
    Corpus(out, Rewriter({}), "3.3.2").add(fault, [attempt(tmp_path, "hello\n")])
    Corpus(out, Rewriter({}), "3.3.2").add(fault, [attempt(tmp_path, "Connection refused\n")])
    assert len(rows(out)) == 1
    assert list((out / "rejected").iterdir()) == []


def test_no_failed_try_is_a_problem(tmp_path: Path, fault: Fault) -> None:
    corpus = Corpus(tmp_path / "out", Rewriter({}), "3.3.2")
    assert corpus.add(fault, []) == ["refused: no try ended as failed"]


def test_a_new_run_replaces_the_rows_of_the_same_fault_and_version(
    tmp_path: Path, fault: Fault
) -> None:
    out = tmp_path / "out"
    log = attempt(tmp_path, "Connection refused\n")
    for version in ("3.3.2", "3.3.2", "2.11.2"):
        Corpus(out, Rewriter({}), version).add(fault, [log])
    assert [row["airflow_version"] for row in rows(out)] == ["2.11.2", "3.3.2"]


def test_relabelling_follows_an_edited_fault(tmp_path: Path, fault: Fault) -> None:
    out = tmp_path / "out"
    Corpus(out, Rewriter({}), "3.3.2").add(
        fault, [attempt(tmp_path, "hello\nConnection refused\n")]
    )
    edited = replace(fault, states="hello", accepted=("timeout",))
    assert Corpus(out, Rewriter({}), "").relabel([edited]) == []
    (row,) = rows(out)
    assert (row["evidence_line"], row["accepted"]) == (1, ["network", "timeout"])
    assert row["airflow_version"] == "3.3.2"
    assert Corpus(out, Rewriter({}), "").relabel([]) == []
    assert rows(out) == []
    assert list((out / "logs").iterdir()) == []


def test_bytes_and_line_ends_stay(tmp_path: Path, fault: Fault) -> None:
    log = tmp_path / "raw.log"
    content = b"10 %\r20 %\r\n\xff caf\xc3\xa9\xe2\x80\xa8x\nConnection refused\n"
    log.write_bytes(content)
    corpus = Corpus(tmp_path / "out", Rewriter({}), "3.3.2")
    assert corpus.add(fault, [Attempt("load", "r1", -1, 1, "failed", log)]) == []
    (row,) = rows(tmp_path / "out")
    assert (tmp_path / "out" / str(row["file"])).read_bytes() == content
    assert (row["n_lines"], row["evidence_line"]) == (3, 3)


def test_the_source_lines_of_a_traceback_do_not_match() -> None:
    lines = [
        '  File "dags/orders.py", line 3, in load',
        '    raise ValueError("no rows")',
        '  File "parsers.pyx", line 5, in read',
        "ValueError: no rows",
    ]
    assert list(matches(lines, "no rows")) == [4]
