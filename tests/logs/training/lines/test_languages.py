"""Logging calls in other languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.training.lines.languages import LANGUAGES, calls, language_of

HERE = Path(__file__).parent


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_golden_calls(language: str) -> None:
    found = calls((HERE / f"calls.{language}.txt").read_text("utf-8"), language)
    golden = (HERE / f"calls.{language}.tsv").read_text("utf-8")
    assert "".join("\t".join(call) + "\n" for call in found) == golden


@given(
    st.lists(
        st.sampled_from(
            [
                "log_err",
                "LOG.warn",
                "log.Errorf",
                "(",
                ")",
                "[",
                "}",
                '"',
                "a b c",
                "\\",
                ",",
                ", ",
                "<<",
                "%s",
                "\n",
            ]
        )
        | st.text(max_size=3),
        max_size=40,
    ),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_any_text_is_read(parts: list[str], language: str) -> None:
    for call in calls("".join(parts), language):
        assert "\n" not in call.text
        assert "\t" not in call.text


def test_files_are_told_by_their_suffix() -> None:
    assert [language_of(name) for name in ("a/b.cc", "A.java", "x.go", "Makefile", "a.py")] == [
        "c",
        "java",
        "go",
        "",
        "",
    ]
