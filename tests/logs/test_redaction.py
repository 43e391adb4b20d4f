"""Secrets are gone, harmless text is untouched, lines stay, and twice is once."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.logs.redaction import redact

DATA = Path(__file__).parent / "data"
PASSWORDS = [
    "token",
    "password",
    "key",
    "Authorization: Bearer ",
    "Cookie: a=b",
    "?sig=",
    "eyJhbGciOi",
]
PLACED = ["-----BEGIN PRIVATE KEY-----", "AKIAIOSFODNN7EXAMPLE", "[redacted:password]"]
PIECES = st.sampled_from([*NOTATIONS, *HARMLESS, *SIGNS, *WORDS, *PLACED])


@given(st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=12).map("".join))
@settings(max_examples=600, deadline=None)
def test_twice_is_once_and_lines_stay(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert once.count("\n") == text.count("\n")


@given(st.text(st.characters(codec=None), max_size=200))
@settings(deadline=None)
def test_never_raises_on_any_text(text: str) -> None:
    assert redact(text).count("\n") == text.count("\n")


def test_surrogates_survive() -> None:
    assert redact("\udc80 password=hunter2") == "\udc80 password=[redacted:password]"


def test_a_long_line_is_read_in_one_pass() -> None:
    text = "password=hunter2&" * 2000
    assert redact(text) == "password=[redacted:password]&" * 2000
