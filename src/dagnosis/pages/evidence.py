"""The lines that a diagnosis rests on, with their places in the log."""

from __future__ import annotations

import re

import msgspec

from dagnosis.incidents.contract import Occurrence
from dagnosis.pages.links import Links
from dagnosis.pages.stores import Stores

_ROW = re.compile(r"(\d+)\| (.*)")
BEFORE, AFTER, MOST = 4, 2, 80
"""Lines shown before and after the quoted one, while the rest is folded away; lines in all."""


class Line(msgspec.Struct, frozen=True):
    """One line: its number in the log (0 where it is none: a gap), its text, whether it is the line
    that states the cause, whether it is near it, and the address of its place in Airflow."""

    number: int
    text: str
    cause: bool = False
    near: bool = False
    href: str = ""


def lines(stores: Stores, occurrence: Occurrence, links: Links) -> tuple[Line, ...]:
    """The reduced log of a try, or its quote alone where no more was kept; empty without either."""
    kept = stores.diagnoses.remembered(occurrence.diagnosis_id) if occurrence.diagnosis_id else None
    rows = _rows(kept.lines) if kept else []
    quoted = occurrence.quote_line
    if occurrence.quote and quoted not in [number for number, _ in rows]:
        rows = sorted([*rows, (quoted, occurrence.quote)]) if quoted else [(0, occurrence.quote)]
    places = [place for place, (number, _) in enumerate(rows) if number == quoted]
    middle = places[0] if places else 0
    return tuple(
        Line(
            number=number,
            text=text,
            cause=place == middle and bool(places),
            near=-BEFORE <= place - middle <= AFTER,
            href=links.airflow_task(occurrence.task, number) if number else "",
        )
        for place, (number, text) in enumerate(rows[:MOST])
    )


def _rows(window: str) -> list[tuple[int, str]]:
    """The rows of a reduced log as `logs.llm.window` writes it."""
    found: list[tuple[int, str]] = []
    for row in window.split("\n"):
        match = _ROW.match(row)
        if match:
            found.append((int(match[1]), match[2]))
        elif found and row != "…":  # a message that spans rows
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{row}")
    return found
