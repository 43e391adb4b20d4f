"""What people write in their own words when they raise or log a failure, in a dozen languages.

The weakest source of all: it is asked about exceptions and lines that say "error", and speaks where
no type, code or cause does ("could not connect to the partner", "Spalte preis fehlt").
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from dagnosis.logs.causes.prefilter import Prefilter
from dagnosis.model import Transience

WEIGHT = 3.2
"""Just above an exception's type alone: `ValueError: invalid date` is about data."""


class Phrase(msgspec.Struct, frozen=True):
    """One row of `phrases.tsv`: what its expression (case-insensitive re2) speaks of."""

    family: str
    transience: Transience
    language: str
    expression: str


@cache
def phrases() -> tuple[Phrase, ...]:
    """Every row, in the order of the file: of several that match, the first family counts."""
    rows = Path(__file__).with_name("phrases.tsv").read_text("utf-8").splitlines()
    cells = [row.split("\t") for row in rows if row and not row.startswith("#")]
    return tuple(
        msgspec.convert(dict(zip(Phrase.__struct_fields__, c, strict=True)), Phrase) for c in cells
    )


@cache
def _prefilter() -> Prefilter:
    return Prefilter("phrases", [f"(?i){phrase.expression}" for phrase in phrases()])


def spoken_of(message: str) -> Phrase | None:
    """The first phrase that `message` holds, None where it holds none.

    >>> spoken_of("Verbindung zu db01 wurde abgelehnt").family
    'network'
    """
    found = _prefilter().match(message[:2000])
    return phrases()[found[0]] if found else None
