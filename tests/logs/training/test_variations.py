"""Variations keep the cause and change the words."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.training.variations import varied

MESSAGE = "psycopg2.errors.UndefinedTable: relation 'orders' does not exist"


@given(st.text(min_size=1, max_size=300), st.integers(0, 1000))
def test_any_message_can_be_varied(message: str, seed: int) -> None:
    text, exception = varied(message, "", Random(seed))
    assert text.startswith(exception)


def test_a_seed_gives_the_same_variation() -> None:
    assert varied(MESSAGE, "", Random(5)) == varied(MESSAGE, "", Random(5))


def test_variety() -> None:
    assert len({varied(MESSAGE, "", Random(seed)) for seed in range(60)}) > 40


def test_a_bare_type_is_spoken() -> None:
    texts = {varied("acme.QuotaExceededError", "", Random(seed))[0] for seed in range(40)}
    assert any("quota" in text.lower() for text in texts)
