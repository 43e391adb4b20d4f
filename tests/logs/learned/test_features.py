"""What the cause model sees of a message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.learned.features import BITS, columns


@given(st.text(max_size=800), st.sampled_from(["", "ValueError", "acme.errors.QuotaError", "é.ß"]))
def test_any_text_gives_columns_in_range(message: str, exception: str) -> None:
    on = columns(message, exception)
    assert on == sorted(set(on))
    assert all(0 <= column < 1 << BITS for column in on)


def test_values_that_vary_do_not_matter() -> None:
    one = columns("job 4711 of host db7.example.com failed after 3.2s")
    other = columns("job 9 of host a.example.org failed after 88s")
    assert one == other


def test_codes_that_tell_the_cause_do() -> None:
    assert columns("exit code 137") != columns("exit code 1")


def test_the_type_counts_with_or_without_its_module() -> None:
    assert set(columns("x", "QuotaExceededError")) < set(columns("x", "acme.QuotaExceededError"))


def test_the_type_is_not_counted_as_words_too() -> None:
    assert columns("KeyError: 'a b'", "KeyError") == columns("'a b'", "KeyError")
