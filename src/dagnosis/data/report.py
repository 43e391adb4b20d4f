"""A finding as one HTML page: no network, no JavaScript, plots as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from dagnosis.data.measures import measures

if TYPE_CHECKING:
    from dagnosis.data.profile.values import ColumnProfile, Profile

WIDE, HIGH, EDGE = 640, 150, 34
"""Size of a plot and its margin, in pixels."""
SHOWN = 90
"""Batches of the past in a plot."""
PLOTS = 6
"""Measures plotted."""

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #59636e; --line: #d1d9e0;
  --past: #4269d0; --band: #4269d022; --now: #c8321e; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --soft: #9198a1;
  --line: #3d444d; --past: #79a6ff; --band: #79a6ff33; --now: #ff7b6b; --good: #56d364; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.alarm { color: var(--now); } .healthy { color: var(--good); } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem;
  border-bottom: 1px solid var(--line); vertical-align: top; } td.n { text-align: right;
  font-variant-numeric: tabular-nums; } figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.scroll { overflow-x: auto; }
"""


def past_of(past: Sequence[Profile], name: str) -> list[float]:
    """The raw values of one measure over past batches; batches without it are left out."""
    values = []
    before = None
    for profile in past:
        found = measures(profile, before).get(name)
        if found is not None:
            values.append(found.raw)
        before = profile
    return values


def report(finding: Any, profile: Profile, past: Sequence[Profile]) -> str:
    """The page about one finding (`services.check.Finding`)."""
    title = " ".join(filter(None, (finding.dataset, finding.partition))) or "batch"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}: {finding.status}</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>{escape(title)}</h1>",
        (
            f'<p class="{finding.status}"><strong>{finding.status.capitalize()}.</strong> '
            f"{escape(finding.summary)}</p>"
        ),
        (
            f'<p class="soft">Score {finding.score:.1f}, an alarm above {finding.limit:.1f}; '
            f"{finding.batches} batches of history, confidence {finding.confidence:.0%}.</p>"
        ),
        *(f'<p class="soft">{escape(gap)}</p>' for gap in finding.gaps),
    ]
    if finding.since:
        parts.append(f"<p>Like this since {escape(finding.since)}.</p>")
    parts += _differences(finding)
    parts += _plots(finding, past[-SHOWN:], profile)
    parts += _distributions(finding, profile, past)
    parts += _examples(finding)
    parts += _cells(finding)
    return "\n".join([*parts, "</main></body></html>\n"])


def _differences(finding: Any) -> list[str]:
    if not finding.differences:
        return []
    rows = [
        f"<tr><td>{escape('the batch' if one.column == '*' else one.column)}</td>"
        f'<td>{escape(one.words)}</td><td class="n">{one.score:.1f}</td></tr>'
        for one in finding.differences[:15]
    ]
    head = "What is different" if finding.alarm else "What stands out, below the limit"
    blamed = ", ".join(
        f"{escape('the batch' if one.column == '*' else one.column)} ({one.weight:.0%})"
        for one in finding.blamed[:5]
    )
    told = [f"<p>Blamed: {blamed}</p>"] if blamed else []
    return [
        f"<h2>{head}</h2>",
        *told,
        (
            '<div class="scroll"><table><thead><tr><th>Column</th><th>Difference</th><th>Score</th></tr>'
            f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
        ),
    ]


def _plots(finding: Any, past: Sequence[Profile], profile: Profile) -> list[str]:
    names = ["*|rows"]
    for one in finding.differences:
        name = f"{one.column}|{one.measure}"
        if one.measure != "schema" and name not in names:
            names.append(name)
    plots = []
    now = measures(profile, past[-1] if past else None)
    for name in names[:PLOTS]:
        values = past_of(past, name)
        if len(values) >= 3 and name in now:
            plots.append(_history(name, values, now[name].raw))
    return ["<h2>Beside its past</h2>", *plots] if plots else []


def _scale(low: float, high: float, value: float) -> float:
    """A value as a height in the plot, in pixels from the top."""
    share = (value - low) / (high - low) if high > low else 0.5
    return HIGH - EDGE / 2 - share * (HIGH - EDGE)


def _history(name: str, values: list[float], now: float) -> str:
    """A line of the past with the band of its middle 90 %, and the batch as a point."""
    column, _, what = name.partition("|")
    title = what if column == "*" else f"{column}: {what}"
    shown = [v for v in (*values, now) if math.isfinite(v)]
    low, high = min(shown), max(shown)
    ordered = sorted(values)
    band = (
        ordered[int(len(ordered) * 0.05)],
        ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)],
    )
    step = (WIDE - 2 * EDGE) / max(len(values), 1)
    points = " ".join(
        f"{EDGE + place * step:.1f},{_scale(low, high, value):.1f}"
        for place, value in enumerate(values)
    )
    top, bottom = _scale(low, high, band[1]), _scale(low, high, band[0])
    x, y = EDGE + len(values) * step, _scale(low, high, now)
    words = f"{title}: now {now:.4g}, nine in ten of the last {len(values)} between {band[0]:.4g} and {band[1]:.4g}"
    return (
        f'<figure><svg viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}" role="img" '
        f'aria-label="{escape(words)}">'
        f'<rect x="{EDGE}" y="{top:.1f}" width="{WIDE - 2 * EDGE}" '
        f'height="{max(bottom - top, 1):.1f}" fill="var(--band)"/>'
        f'<polyline points="{points}" fill="none" stroke="var(--past)" stroke-width="1.5"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="var(--now)"/>'
        f'<text x="2" y="{_scale(low, high, high) + 4:.1f}">{high:.4g}</text>'
        f'<text x="2" y="{_scale(low, high, low) + 4:.1f}">{low:.4g}</text></svg>'
        f"<figcaption>{escape(words)}</figcaption></figure>"
    )


def _distributions(finding: Any, profile: Profile, past: Sequence[Profile]) -> list[str]:
    """The most blamed columns as they are and as they were in the last healthy batch."""
    parts = []
    for blame in finding.blamed[:3]:
        now = profile.column(blame.column)
        then = past[-1].column(blame.column) if past else None
        if now is None or then is None:
            continue
        drawn = _bars(then, now)
        if drawn:
            words = f"{blame.column}: the last healthy batch (above) and this one (below)"
            parts.append(f"<figure>{drawn}<figcaption>{escape(words)}</figcaption></figure>")
    return ["<h2>Then and now</h2>", *parts] if parts else []


def _bars(then: ColumnProfile, now: ColumnProfile) -> str:
    if now.top and then.top:
        both = {
            name: max(then.top.get(name, 0.0), now.top.get(name, 0.0))
            for name in {**then.top, **now.top}
        }
        names = sorted(both, key=lambda name: (-both[name], name))[:10]
        return _pairs([(n, then.top.get(n, 0.0), now.top.get(n, 0.0)) for n in names])
    if now.quantiles and then.quantiles:
        return _boxes(then.quantiles, now.quantiles)
    return ""


def _pairs(rows: list[tuple[str, float, float]]) -> str:
    most = max((max(a, b) for _, a, b in rows), default=1.0) or 1.0
    drawn = []
    for place, (name, then, now) in enumerate(rows):
        y = 4 + place * 26
        for offset, value, colour in ((0, then, "--past"), (10, now, "--now")):
            drawn.append(
                f'<rect x="160" y="{y + offset}" width="{max(value / most * (WIDE - 240), 0.5):.1f}" '
                f'height="9" fill="var({colour})"/>'
            )
        drawn.append(f'<text x="152" y="{y + 14}" text-anchor="end">{escape(name[:22])}</text>')
        drawn.append(f'<text x="{WIDE - 74}" y="{y + 14}">{then:.1%} → {now:.1%}</text>')
    high = 8 + len(rows) * 26
    label = "; ".join(f"{n} {a:.1%} then, {b:.1%} now" for n, a, b in rows)
    return (
        f'<svg viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}" role="img" '
        f'aria-label="{escape(label)}">{"".join(drawn)}</svg>'
    )


def _boxes(then: tuple[float, ...], now: tuple[float, ...]) -> str:
    """Quantiles as boxes: 5 % to 95 % as a line, the middle half as a box, the median as a mark."""
    low, high = min(then[0], now[0]), max(then[-1], now[-1])
    across = (high - low) or 1.0

    def x(value: float) -> float:
        return 10 + (value - low) / across * (WIDE - 20)

    drawn = []
    for y, found, colour in ((12, then, "--past"), (42, now, "--now")):
        five, quarter, middle, three, ninety = found[1:6]
        drawn.append(
            f'<line x1="{x(five):.1f}" x2="{x(ninety):.1f}" y1="{y + 8}" y2="{y + 8}" '
            f'stroke="var({colour})" stroke-width="2"/>'
            f'<rect x="{x(quarter):.1f}" y="{y}" width="{max(x(three) - x(quarter), 1):.1f}" height="16" '
            f'fill="var({colour})" fill-opacity="0.4" stroke="var({colour})"/>'
            f'<line x1="{x(middle):.1f}" x2="{x(middle):.1f}" y1="{y}" y2="{y + 16}" '
            f'stroke="var({colour})" stroke-width="3"/>'
        )
    label = f"median {then[3]:.4g} then, {now[3]:.4g} now"
    return (
        f'<svg viewBox="0 0 {WIDE} 84" width="{WIDE}" height="84" role="img" aria-label="{label}">'
        f'{"".join(drawn)}<text x="10" y="78">{low:.4g}</text>'
        f'<text x="{WIDE - 10}" y="78" text-anchor="end">{high:.4g}</text></svg>'
    )


def _examples(finding: Any) -> list[str]:
    if not finding.examples:
        return []
    names = list(finding.examples[0])
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(row.get(name, '')))}</td>" for name in names) + "</tr>"
        for row in finding.examples
    )
    return [
        "<h2>Rows, for example</h2>",
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>',
    ]


def _cells(finding: Any) -> list[str]:
    if not finding.cells:
        return []
    rows = "".join(
        f'<tr><td class="n">{cell.row}</td><td>{escape(cell.column)}</td>'
        f"<td>{escape(cell.check)}</td><td>{escape(cell.reason)}</td></tr>"
        for cell in finding.cells
    )
    return [
        "<h2>Cells that look wrong</h2>",
        (
            '<div class="scroll"><table><thead><tr><th>Row</th><th>Column</th><th>Check</th><th>Why</th></tr>'
            f"</thead><tbody>{rows}</tbody></table></div>"
        ),
    ]
