"""What a finding about data looks like in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from dagnosis.rendering import Colour, console, visible

if TYPE_CHECKING:
    from dagnosis.data.batch import Difference
    from dagnosis.services.check import Checked, Finding

SHOWN = 8
"""Differences, cells and outliers shown; `--json` has more."""
_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float]) -> str:
    """Values as a row of bars between their least and greatest; a constant is a flat line.

    >>> sparkline([1, 2, 3, 8])
    '▁▂▃█'
    """
    if not values:
        return ""
    low, high = min(values), max(values)
    if high <= low:
        return _BARS[3] * len(values)
    return "".join(_BARS[round((v - low) / (high - low) * (len(_BARS) - 1))] for v in values)


def show(checked: Checked, colour: Colour = "auto", out: Console | None = None) -> None:
    """One finding in full, on `out` or on stdout."""
    out = out or console(colour)
    finding = checked.finding
    _print_verdict(out, finding)
    if finding.alarm or finding.status == "healthy":
        _print_rows(out, checked)
    if finding.alarm:
        _print_differences(out, checked)
        _print_examples(out, finding)
    _print_within(out, finding)
    for words in finding.upstream:
        out.print(Text(f"  ↑ {visible(words)}", "yellow"))
    for gap in finding.gaps:
        out.print(Text(f"  ? {visible(gap)}", "yellow"))


def show_results(finding: Finding, colour: Colour = "auto", out: Console | None = None) -> None:
    """A finding of another tool: its expectations that are not met."""
    out = out or console(colour)
    mark, style = ("✗", "bold red") if finding.alarm else ("✓", "green")
    name = f"{finding.dataset or 'data'} ({finding.tool})"
    out.print(Text(f"{mark} {visible(name)}: {visible(finding.summary)}", style))
    for one in finding.differences:
        told, style = ("fails", "red") if one.score > finding.limit else ("warns", "yellow")
        column = "" if one.column == "*" else f"{one.column}: "
        out.print(Text.assemble((f"  {told}  ", style), visible(column + one.words)))
    for gap in finding.gaps:
        out.print(Text(f"  ? {visible(gap)}", "yellow"))


def _print_verdict(out: Console, finding: Finding) -> None:
    mark, style = {
        "alarm": ("✗", "bold red"),
        "healthy": ("✓", "green"),
        "learning": ("…", "yellow"),
    }[finding.status]
    name = " ".join(filter(None, (finding.dataset, finding.partition)))
    out.print(Text(f"{mark} {visible(name)}: {visible(finding.summary)}", style))
    if finding.status != "learning":
        told = f"  score {finding.score:.1f}, an alarm above {finding.limit:.1f}"
        out.print(Text(f"{told} · confidence {finding.confidence:.0%}", "dim"))
    if finding.since:
        words = f"  Like this since {finding.since}: if that is right, dagnosis accept it."
        out.print(Text(visible(words), "yellow"))


def _print_rows(out: Console, checked: Checked) -> None:
    past = [float(profile.rows) for profile in checked.past[-30:]]
    if past:
        line = sparkline([*past, float(checked.profile.rows)])
        out.print(Text(f"  rows {line} {checked.profile.rows:,}", "dim"))


def _print_differences(out: Console, checked: Checked) -> None:
    from dagnosis.data.report import past_of

    finding = checked.finding
    blamed = ", ".join(
        f"{'the batch' if one.column == '*' else one.column} ({one.weight:.0%})"
        for one in finding.blamed[:4]
    )
    out.print(Text(f"\n  Blamed: {visible(blamed)}", "bold"))
    for one in finding.differences[:SHOWN]:
        past = past_of(checked.past[-20:], f"{one.column}|{one.measure}")
        line = f"  {sparkline([*past, one.now])}" if len(past) > 3 else ""
        out.print(Text.assemble(_difference(one), (line, "dim")))


def _difference(one: Difference) -> Text:
    column = "" if one.column == "*" or one.measure == "schema" else f"{one.column}: "
    return Text(f"  {one.score:5.1f}  {visible(column + one.words)}")


def _print_examples(out: Console, finding: Finding) -> None:
    if not finding.examples:
        return
    blamed = [one.column for one in finding.blamed]
    out.print(Text("\n  Rows, for example", "bold"))
    for example in finding.examples:
        order = sorted((k for k in example if k != "row"), key=lambda k: _place(blamed, k))
        told = ", ".join(f"{name}={example[name]!r}" for name in order[:6])
        out.print(Text(f"  {example['row']:>6}  {visible(told)}"))


def _place(blamed: list[str], name: str) -> int:
    return blamed.index(name) if name in blamed else len(blamed)


def _print_within(out: Console, finding: Finding) -> None:
    """What stands out within the batch, whatever its past."""
    if finding.cells:
        out.print(Text(f"\n  Cells that look wrong ({len(finding.cells)} told)", "bold"))
    for cell in finding.cells[:SHOWN]:
        words = f"row {cell.row}, {cell.column}: {cell.reason}"
        out.print(Text(f"  {cell.check:>10}  {visible(words)}"))
    if finding.status == "learning" and finding.outliers:
        out.print(Text("\n  Rows unlike the others", "bold"))
        for row in finding.outliers[:SHOWN]:
            out.print(Text(f"  {row.row:>6}  {visible(row.reason)}"))
