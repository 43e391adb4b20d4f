"""One systematic table: a TSV file of codes, and the shapes in which tools print them.

A file opens with comments (`#`: what it is, its sources) and directives (`%`), then one row a line:

    %title HTTP {code} {name}          how a hit is named; {code} and {name} are those of the row
    %shape REGEX                       re2; its first group that took part holds the code
    %says CODE REGEX                   re2; a text that means CODE although it does not print it
    %fold upper | lower                folds the case of what a shape found, before it is looked up
    %types [PACKAGE ...]               the codes are names of exception types too, of any package or
                                       of these

    codes  family  transience  weight  name  [steps]  [delay in seconds]  ["symptom"]

Columns are split by tabs, the last three may be left out. A row may speak for many codes
(`403|451`), and a code may have many spellings, of which the first is shown (`ENOENT=2=No such file
or directory`). `steps` is a key of `steps.tsv`, which holds the fix steps that rows share. Shapes are tried in their order; the first that prints a known
code speaks for the table, with all codes that it prints.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from itertools import islice
from pathlib import Path

import msgspec
import re2

from dagnosis.errors import BrokenCause
from dagnosis.model import FAMILIES, Transience

HERE = Path(__file__).parent
_TRANSIENCE: dict[str, Transience] = {
    "transient": "transient",
    "permanent": "permanent",
    "unknown": "unknown",
}
# Of one message and shape, so that a hostile message costs no more than an honest one.
_MOST_CODES = 8
_MOST_MATCHES = 64
_NOT_A_WORD = re2.compile(r"[^A-Za-z0-9]+")


class TableHit(msgspec.Struct, frozen=True):
    """One row that a message names.

    `weight` is on the scale of the causes (1 to 5.5, heavier is more specific), `delay_seconds` how
    long to wait before a retry where the table knows, `symptom` true for a mere consequence.
    """

    table: str
    code: str
    name: str
    family: str
    transience: Transience
    weight: float
    fix: tuple[str, ...] = ()
    delay_seconds: int | None = None
    symptom: bool = False

    @property
    def cause(self) -> str:
        """The name of the row as a cause below its family.

        >>> TableHit("http", "404", "HTTP 404", "resource_not_found", "permanent", 4.5).cause
        'http_404'
        >>> TableHit("sqlite", "SQLITE_FULL", "full", "disk_full", "permanent", 5.3).cause
        'sqlite_full'
        """
        code = f"minus {self.code[1:]}" if self.code.startswith("-") else self.code
        slug = str(_NOT_A_WORD.sub("_", code)).strip("_").lower()
        return slug if slug.startswith(f"{self.table}_") else f"{self.table}_{slug}"


class Shape(msgspec.Struct, frozen=True):
    """An expression and, where it says one without printing it, the code that it stands for."""

    expression: str
    code: str = ""


class Table:
    """The table of one TSV file; rows are read when the first code is looked up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        self.title = "{code}: {name}"
        self.types = False
        self._packages: list[str] = []
        self.fold = ""
        self.shapes: list[Shape] = []
        self._compiled: dict[int, re2._Regexp] = {}
        self.head, _, self._body = path.read_text("utf-8").partition("\n\n")
        for line in self.head.splitlines():
            if line.startswith("%"):
                self._direct(line)
            elif not line.startswith("#"):
                raise BrokenCause(f"{path}: the head may hold only # and % lines, not {line!r}")

    def _direct(self, line: str) -> None:
        key, _, rest = line[1:].partition(" ")
        if key == "shape":
            self.shapes.append(Shape(rest))
        elif key == "says":
            code, _, expression = rest.partition(" ")
            self.shapes.append(Shape(expression, code))
        elif key == "title":
            self.title = rest
        elif key == "fold":
            self.fold = rest
        elif key == "types":
            self.types, self._packages = True, rest.split()
        else:
            raise BrokenCause(f"{self.path}: unknown directive %{key}")

    @cached_property
    def _rows(self) -> dict[str, tuple[str, str]]:
        """Spelling of a code -> the code and its line, split on demand: most are never asked for."""
        rows: dict[str, tuple[str, str]] = {}
        for line in self._body.splitlines():
            if line and not line.startswith("#"):
                for code in line.partition("\t")[0].split("|"):
                    if "=" in code or self.fold:
                        first, *others = code.split("=")
                        for spelling in (first, *others):
                            rows[self._folded(spelling)] = first, line
                    else:
                        rows[code] = code, line
        return rows

    def _folded(self, code: str) -> str:
        return getattr(code, self.fold)() if self.fold else code

    @property
    def lines(self) -> dict[str, str]:
        """Every spelling of every code -> the line of its row, in the order of the file."""
        return {spelling: line for spelling, (_, line) in self._rows.items()}

    def codes(self) -> Iterator[str]:
        """Every spelling of every code, in the order of the file."""
        yield from self._rows

    def get(self, code: str) -> TableHit | None:
        """The row of `code`, None for an unknown one. Raises `BrokenCause` for a malformed row."""
        row = self._rows.get(self._folded(code))
        if row is None:
            return None
        code, line = row
        cells = [*line.split("\t"), "", "", ""]
        if not 8 <= len(cells) <= 11 or cells[1] not in FAMILIES or cells[2] not in _TRANSIENCE:
            raise BrokenCause(f"{self.path}: malformed row {line!r}")
        steps, delay, symptom = cells[5:8]
        if steps and steps not in fix_steps():
            raise BrokenCause(f"{self.path}: {code}: no steps {steps!r} in steps.tsv")
        return TableHit(
            table=self.name,
            code=code,
            name=self.title.replace("{code}", code).replace("{name}", cells[4]),
            family=cells[1],
            transience=_TRANSIENCE[cells[2]],
            weight=float(cells[3]),
            fix=fix_steps().get(steps, ()),
            delay_seconds=int(delay) if delay else None,
            symptom=symptom == "symptom",
        )

    def read(self, message: str, hit: list[int]) -> list[TableHit]:
        """The rows that `message` names by the first shape, of those `hit`, that names any."""
        for index in hit:
            rows: dict[str, TableHit] = {}
            for code in self._printed(index, message):
                row = self.get(code)
                if row:
                    rows[row.code] = row
                if len(rows) >= _MOST_CODES:
                    break
            if rows:
                return list(rows.values())
        return []

    def _printed(self, index: int, message: str) -> Iterator[str]:
        shape = self.shapes[index]
        if shape.code:
            yield shape.code
            return
        compiled = self._compiled.get(index)
        if compiled is None:
            compiled = self._compiled[index] = re2.compile(shape.expression)
        for found in islice(compiled.finditer(message), _MOST_MATCHES):
            yield next((group for group in found.groups() if group), "")

    def of_type(self, package: str, name: str) -> TableHit | None:
        """The row of the exception type `name`; a row of that package goes before any other's."""
        if self._packages and package not in self._packages:
            return None
        return (package and self.get(f"{package}.{name}")) or self.get(name) or None


@cache
def fix_steps() -> dict[str, tuple[str, ...]]:
    """Key -> the fix steps that rows share, from `steps.tsv`."""
    lines = (HERE / "steps.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {key: tuple(steps) for key, *steps in rows}
