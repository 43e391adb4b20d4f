"""Foreign text is shown as it is, and nothing of it hides."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.pages.text import clipped, visible


@given(st.text())
def test_nothing_hides(text: str) -> None:
    for character in visible(text):
        if character not in "\n\t":
            assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(
                character
            )


@given(
    st.text(
        alphabet=st.characters(
            categories=["L", "N", "P", "Zs"], exclude_characters="\u3164\u115f\u1160\uffa0"
        )
    )
)
def test_what_is_plain_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x1b]0;title\x07", "⟨U+001B⟩]0;title⟨U+0007⟩"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("\U000e0041tag", "⟨U+E0041⟩tag"),
        ("line\r\nline", "line\nline"),
    ],
)
def test_what_hides_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_clipped_takes_the_first_line_with_something_in_it() -> None:
    assert clipped("\n\n  first \nsecond", 20) == "first"
    assert clipped("x" * 30, 10) == "x" * 9 + "…"
    assert clipped("", 10) == ""
