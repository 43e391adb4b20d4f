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
    """Long fractions with three digits."""
    if not re.fullmatch(r"\d+\.\d{4,}", text):
        return text
    return f"{float(text):.3f}" if float(text) < 1 else f"{float(text):.3g}"


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

What was promised, what was reached, and what one would use instead, measured in the same run: {met} targets
are met, {missed} are missed, {rest} rows have no target or were not measured. Written by `python -m benchmarks
DATA` from `benchmarks/targets.yaml` ([how](howto/measure.md)). Times are medians or bests of one virtual
machine with two cores that had other work to do: `load` is what it had at the end of a run (2 is all it can
do), so read seconds by the clock as upper bounds where it is high, and trust ratios of one run and seconds
of CPU.
"""
_TABLE = """
## {group}

| what | target | reached | instead, in the same run | | run, load |
|---|---|---|---|---|---|
"""


def page(every: list[Target], figures: dict[str, Figure]) -> str:
    """The page as Markdown."""
    verdicts = [one.is_met(figures[one.name].values) for one in every if one.name in figures]
    met, missed = verdicts.count(True), verdicts.count(False)
    text = _HEAD.format(met=met, missed=missed, rest=len(every) - met - missed)
    for group, found in groupby(every, lambda one: one.group):
        rows = list(found)
        text += _TABLE.format(group=group)
        text += "".join(_row(one, figures.get(one.name)) for one in rows)
        text += f"\n```\n{_commands(rows)}```\n"
    return text


def _row(one: Target, figure: Figure | None) -> str:
    what = f"{one.what} (`{one.name}`)"
    if figure is None:
        return f"| {what} | {one.target} | not measured | | | |\n"
    mark = {True: "met", False: "**missed**", None: ""}[one.is_met(figure.values)]
    reached, peer = (one.say(text, figure.values) for text in (one.reached, one.peer))
    return (
        f"| {what} | {one.target} | {reached} | {peer} | {mark} | {figure.day}, {figure.load:g} |\n"
    )


def _commands(rows: list[Target]) -> str:
    """Each command once, below the names of the rows that it measures."""
    names: dict[str, list[str]] = {}
    for one in rows:
        names.setdefault(one.command.strip(), []).append(one.name)
    return "".join(f"# {', '.join(of)}\n{command}\n" for command, of in names.items())
