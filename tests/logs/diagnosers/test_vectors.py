"""Alike messages point the same way."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.diagnosers.vectors import LENGTH, closeness, rarity, vector


@given(st.text(max_size=300))
def test_a_vector_has_unit_length_or_none(text: str) -> None:
    found = vector(text)
    assert len(found) in (0, LENGTH)
    if found:
        assert math.fsum(value * value for value in found) == pytest.approx(1, abs=1e-5)
        assert closeness(found, vector(text)) == pytest.approx(1, abs=1e-5)


@given(st.text(max_size=80), st.text(max_size=80))
def test_closeness_is_a_cosine(one: str, other: str) -> None:
    there = closeness(vector(one), vector(other))
    assert -1.00001 <= there <= 1.00001
    assert there == closeness(vector(other), vector(one))


def test_what_varies_takes_no_part() -> None:
    one = "ConnectionError: host db-1.acme.internal port 5432 after 3.2s"
    other = "ConnectionError: host db-2.acme.internal port 5433 after 9.9s"
    assert closeness(vector(one), vector(other)) == pytest.approx(1, abs=1e-5)


def test_a_like_message_is_nearer_than_another() -> None:
    asked = vector("sqlalchemy.exc.ProgrammingError: column orders.price does not exist")
    like = vector("psycopg2.errors.UndefinedColumn: column stock.amount does not exist")
    other = vector("OSError: [Errno 28] No space left on device")
    assert closeness(asked, like) > 0.2 > closeness(asked, other)


def test_rare_words_weigh_more() -> None:
    assert 1 <= rarity("error") < rarity("connection") < rarity("neverseenword")
