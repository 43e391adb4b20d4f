"""Wrong cells, and clean columns that stay clean."""

from __future__ import annotations

import itertools
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


def test_two_routes_of_one_length_are_no_errors() -> None:
    """Their rows differ in several cells, and only the length that they share speaks against them."""
    rng = random.Random(2)
    routes = [
        (a, b, str(200 + 37 * n)) for n, (a, b) in enumerate(itertools.product("ABC", "KLMNO"))
    ]
    rows = [rng.choice(routes) for _ in range(600)]
    rows[5] = rows[6] = ("B", "L", routes[0][2])
    names = ("origin", "dest", "distance")
    assert wrong_cells(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))) == []


@pytest.mark.parametrize(("seed", "home"), [(2, 0.62), (3, 0.68), (2, 0.8)])
def test_a_column_that_goes_with_another_is_no_source(seed: int, home: float) -> None:
    """A carrier flies mostly from its home; destinations go with origins. Nobody has it often wrong."""
    rng = random.Random(seed)
    carrier: list[str | None] = []
    origin: list[str | None] = []
    dest: list[str | None] = []
    for _ in range(800):
        carrier.append(rng.choice("ABCD"))
        origin.append(str(carrier[-1]).lower() if rng.random() < home else rng.choice("abcd"))
        place = min(int(rng.paretovariate(0.7)), 18)
        dest.append(f"{origin[-1]}{place}" if rng.random() < 0.5 else str(place))
    assert wrong_cells({"carrier": carrier, "origin": origin, "dest": dest}) == []


def test_a_source_that_is_often_wrong() -> None:
    """Four sites tell of each flight; one has the times of a third of them wrong."""
    rng = random.Random(4)
    table: dict[str, list[str | None]] = {"src": [], "flight": [], "out": [], "back": []}
    wrong = set()
    for flight in range(60):
        right = (f"{rng.randint(0, 23)}:{flight:02d}", f"{rng.randint(0, 23)}:{flight:02d}")
        for site in ("north", "south", "east", "west"):
            told = right
            if site == "west" and rng.random() < 0.35:
                row = len(table["src"])
                wrong |= {(row, "out"), (row, "back")}
                told = (f"{rng.randint(0, 23)}:99", f"{rng.randint(0, 23)}:98")
            for name, value in zip(table, (site, f"F{flight:03d}", *told), strict=True):
                table[name].append(value)
    found = {(c.row, c.column) for c in wrong_cells(table) if c.check == "dependency"}
    assert found == wrong
