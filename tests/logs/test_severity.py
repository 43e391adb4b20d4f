"""Levels of messages: what is stated, what the model says, what keywords say, and nothing raises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.errors import RefusedModelWarning
from dagnosis.logs import severity
from dagnosis.logs.learned.lines import Message
from dagnosis.logs.parsing import line_of
from dagnosis.logs.severity import Label, Labeller, label
from dagnosis.services.lines import label_lines

ANY = st.text(max_size=300) | st.binary(max_size=80).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)


@pytest.fixture(scope="module", params=["model", "keyword"])
def labeller(request: pytest.FixtureRequest) -> Labeller:
    return Labeller(request.param)


@settings(deadline=None)
@given(st.lists(st.builds(Message, ANY, ANY, st.booleans()), max_size=5))
def test_no_text_raises(labeller: Labeller, messages: list[Message]) -> None:
    found = labeller.labels(messages)
    assert len(found) == len(messages)
    assert all(0 <= one.confidence <= 1 for one in found)
    assert found == labeller.labels(messages)


def test_a_stated_level_stands() -> None:
    assert label("failed, fatal, critical", "INFO").level == "INFO"
    assert label("failed, fatal, critical", "INFO").source == "stated"


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("Failed to connect to server db.example.com:5432: connection refused", "ERROR"),
        ("Traceback (most recent call last):", "ERROR"),
        ("Starting server on 0.0.0.0:8080", "INFO"),
        ("Finished processing 42 files in 3.2 s", "INFO"),
        ("finished with 0 errors", "INFO"),
        ("memory error (bank 3) was corrected", "INFO"),
        ("a memory error could not be corrected", "ERROR"),
        ("two errors were corrected, but the third is fatal: cannot write the table", "ERROR"),
        ("DeprecationWarning: this parameter is deprecated, use that one", "WARNING"),
        ("r24=0x0ffea4c8 r25=0x00000003 r26=0x0000000f", "ERROR"),
        ("machine check: correctable error of bank 3", "ERROR"),
        ("sp: 5 workers", "INFO"),
        ("", "INFO"),
    ],
)
def test_plain_cases(labeller: Labeller, message: str, level: str) -> None:
    assert labeller.labels([Message(message)])[0].level == level


def test_each_template_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    keyword = severity.keyword

    def counted(text: str) -> Label:
        asked.append(text)
        return keyword(text)

    monkeypatch.setattr(severity, "keyword", counted)
    found = Labeller("keyword").labels(
        [Message(f"request req-{i * 7919:08d} took {i} ms on 10.0.0.{i}") for i in range(17, 60)]
    )
    assert len(set(found)) == 1
    assert len(asked) == 1


def test_codes_and_zeros_are_told_apart() -> None:
    texts = ["done with 0 errors", "done with 3 errors", "done with 10 errors"]
    levels = [one.level for one in Labeller("keyword").labels([Message(t) for t in texts])]
    assert levels == ["INFO", "ERROR", "ERROR"]


def test_a_damaged_model_leaves_the_keywords(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dagnosis.models import store

    (tmp_path / "lines").mkdir()
    (tmp_path / "lines" / "manifest.json").write_text("{}")
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    with pytest.warns(RefusedModelWarning, match="keywords label the lines"):
        labeller = Labeller("model")
    assert labeller.labels([Message("cannot connect")])[0].source == "keyword"


def test_lines_and_messages_come_in_order() -> None:
    lines = [
        f"2026-11-22 08:45:58,459 WARNING - slow {i}" if i % 2 else "all well" for i in range(9)
    ]
    found = list(label_lines(line_of(i, text) for i, text in enumerate(lines, 1)))
    assert [line.number for line, _ in found] == list(range(1, 10))
    assert [one.source == "stated" for _, one in found] == [bool(i % 2) for i in range(9)]
    many = [line_of(1, text) for text in lines * 1000]
    assert len(list(label_lines(many))) == 9000
    assert list(label_lines([])) == []


def test_explain_loads_no_model() -> None:
    code = (
        "import sys; from dagnosis import explain_text; explain_text('ValueError: x');"
        "print(sorted({'numpy', 'onnxruntime', 'tokenizers', 'torch'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
