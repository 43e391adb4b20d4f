"""What was promised (targets.yaml), what was reached (figures.json), and the page of both."""

from __future__ import annotations

import operator
import re
from itertools import groupby
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
FIGURES = "figures.json"
PAGE = HERE.parent / "docs" / "benchmarks.md"
_COMPARE = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt}
_PLACE = re.compile(r"\{(\w+)\}")


class Figure(msgspec.Struct, frozen=True):
    """What a run showed: values by name as they were printed, the day, and the load of the machine."""

    values: dict[str, str]
    day: str
    load: float


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One promise.

    `command` is one command a line, in which {data}, {airflow}, {peers} and {out} are places. `find` are
    regular expressions with named groups, searched in this order, each behind the match before it, in
    what was printed. `reached` and `peer` are texts with these names in braces; `met` are comparisons
    such as "first >= 0.86", all of which must hold.
    """

    name: str
    group: str
    what: str
    target: str
    command: str
    find: list[str]
    reached: str
    met: list[str] = []
    peer: str = "–"
    long: bool = False

    def read(self, printed: str) -> dict[str, str]:
        """The named values; raises `ValueError` with the expression that found nothing."""
        values: dict[str, str] = {}
        start = 0
        for expression in self.find:
            found = re.compile(expression, re.MULTILINE).search(printed, start)
            if found is None:
                raise ValueError(f"nothing like {expression!r} in what was printed")
            start = found.end()
            values |= {name: value.strip() for name, value in found.groupdict().items()}
        return values

    def say(self, text: str, values: dict[str, str]) -> str:
        """A text with the values in their places; long fractions are cut to three digits."""
        return _PLACE.sub(lambda place: _short(values[place[1]]), text)

    def is_met(self, values: dict[str, str]) -> bool | None:
        """Whether every comparison holds; None where there is nothing to compare."""
        held = []
        for comparison in self.met:
            name, sign, limit = comparison.split()
            held.append(_COMPARE[sign](number(values[name]), float(limit)))
        return all(held) if held else None


def number(text: str) -> float:
    """The value of a printed number, thousands apart by commas or not."""
    return float(text.replace(",", ""))


def _short(text: str) -> str:
    return f"{float(text):.3f}" if re.fullmatch(r"\d\.\d{4,}", text) else text


def targets(path: Path = HERE / "targets.yaml") -> list[Target]:
    """All promises in their order; raises `msgspec.ValidationError` for a wrong one."""
    import yaml

    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), list[Target])


def kept(path: Path = HERE / FIGURES) -> dict[str, Figure]:
    """The last figures of each target by its name; empty without a file."""
    if not path.exists():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Figure])


_HEAD = """# Benchmarks

What was promised, what was reached, and what one would use instead, measured in the same run. Written by
`python -m benchmarks DATA` from `benchmarks/targets.yaml`; {measured} of {all} targets were measured,
{met} are met. Times are medians or bests of one virtual machine with two cores that had other work to do:
`load` is what it had at the end of a run (2 is all it can do), so read seconds by the clock as upper bounds
where it is high, and trust ratios of one run and seconds of CPU.
"""
_ROWS = """
## {group}

| what | target | reached | instead, in the same run | | command | date, load |
|---|---|---|---|---|---|---|
"""


def page(every: list[Target], figures: dict[str, Figure]) -> str:
    """The page as Markdown."""
    measured = [one for one in every if one.name in figures]
    met = [one for one in measured if one.is_met(figures[one.name].values)]
    text = _HEAD.format(measured=len(measured), all=len(every), met=len(met))
    for group, rows in groupby(every, lambda one: one.group):
        text += _ROWS.format(group=group)
        text += "".join(_row(one, figures.get(one.name)) for one in rows)
    return text


def _row(one: Target, figure: Figure | None) -> str:
    command = "<br>".join(f"`{line}`" for line in one.command.strip().splitlines())
    if figure is None:
        return f"| {one.what} | {one.target} | not measured | | | {command} | |\n"
    mark = {True: "met", False: "**missed**", None: ""}[one.is_met(figure.values)]
    reached, peer = (one.say(text, figure.values) for text in (one.reached, one.peer))
    when = f"{figure.day}, {figure.load:g}"
    return f"| {one.what} | {one.target} | {reached} | {peer} | {mark} | {command} | {when} |\n"
