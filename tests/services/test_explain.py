"""Explaining the bundled logs of a real Airflow, end to end."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis import Diagnosis, explain, explain_text
from dagnosis.logs.reading import find_logs
from dagnosis.model import FAMILIES

SAMPLES = list(find_logs([Path(str(files("dagnosis") / "samples"))]))


def lines_of(path: Path) -> list[str]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.decode().split("\n")


def strings(value: object) -> list[str]:
    """Every string and number within a JSON value, as text."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [str(value)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parts[-4])
def test_every_quoted_line_stands_in_the_log_at_its_number(path: Path) -> None:
    lines = lines_of(path)
    for quoted in explain(path, evidence=10).evidence:
        raw = lines[quoted.line - 1]
        if not raw.startswith("{"):
            assert quoted.text == raw[: len(quoted.text)]
            continue
        # of a JSON line, "Type: value" or the event and its keys
        parts = strings(json.loads(raw))
        text = quoted.text
        assert any(part and (part[:60] in text or text[:60] in part) for part in parts)


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    answer = explain_text(text)
    assert answer.cause in FAMILIES
    assert 0 <= answer.confidence <= 1
    assert all(0 <= line.score <= 1 for line in answer.evidence)
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Diagnosis) == answer


@pytest.mark.parametrize("path", SAMPLES[:6], ids=lambda path: path.parts[-4])
def test_the_same_log_gets_the_same_answer(path: Path) -> None:
    one, other = (msgspec.structs.replace(explain(path), elapsed_ms=0.0) for _ in range(2))
    assert one == other
