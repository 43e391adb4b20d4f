"""Wrong cells, and clean columns that stay clean."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.data.cells import wrong_cells
from tests.data import tables

CITIES = ["Hamburg", "Berlin", "Munich", "Cologne"]


def column(wrong: str, size: int = 200) -> dict[str, list[str | None]]:
    rng = random.Random(0)
    cells: list[str | None] = [rng.choice(CITIES) for _ in range(size)]
    cells[7] = wrong
    return {"city": cells}


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        ("Hamxurg", "typo"),
        ("Hambrg", "typo"),
        ("K\u00c3\u00b6ln", "encoding"),
        ("Ber\ufffdin", "encoding"),
        ("N/A", "null word"),
        ("12345", "shape"),
    ],
)
def test_one_wrong_cell(wrong: str, check: str) -> None:
    found = wrong_cells(column(wrong))
    assert [(cell.row, cell.column) for cell in found] == [(7, "city")]
    assert found[0].check == check
    assert 0 < found[0].score <= 1


def test_dates_and_numbers() -> None:
    days: list[str | None] = [f"2026-01-{n % 28 + 1:02d}" for n in range(100)]
    days[3] = "2026-02-30"
    amounts: list[str | None] = [str(100 + n % 13) for n in range(100)]
    amounts[5] = "104000"
    found = {(cell.row, cell.column) for cell in wrong_cells({"day": days, "amount": amounts})}
    assert found == {(3, "day"), (5, "amount")}


def test_a_violated_dependency() -> None:
    rng = random.Random(1)
    country = {"Hamburg": "DE", "Paris": "FR", "Lyon": "FR", "Rome": "IT", "Berlin": "DE"}
    city: list[str | None] = [rng.choice(list(country)) for _ in range(300)]
    land: list[str | None] = [country[str(c)] for c in city]
    land[11] = "IT" if land[11] != "IT" else "FR"
    (found,) = wrong_cells({"city": city, "country": land})
    assert (found.row, found.column, found.check) == (11, "country", "dependency")


def test_clean_tables_stay_clean() -> None:
    frame = tables.day(5).astype(str)
    assert wrong_cells({name: frame[name].tolist() for name in frame}) == []


@pytest.mark.parametrize(
    "table", [{}, {"a": []}, {"a": [None, ""]}, {"a": ["x"] * 50}, {"a": ["x"]}]
)
def test_nothing_to_say(table: dict[str, list[str | None]]) -> None:
    assert wrong_cells(table) == []


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(st.text(max_size=8), min_size=30, max_size=30))
)
def test_any_text(table: dict[str, list[str | None]]) -> None:
    for cell in wrong_cells(table):
        assert 0 <= cell.row < 30
        assert cell.column in table
