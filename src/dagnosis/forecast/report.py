"""An evaluation as one HTML page: tables and plots as SVG in it, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from html import escape

from dagnosis.forecast.calibration import Bin
from dagnosis.forecast.evaluation import Evaluation, Scores

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1c2024;background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #d8dde2}
th:first-child,td:first-child{text-align:left}tr.own td{font-weight:600}
figure{display:inline-block;margin:0 1rem 1rem 0;vertical-align:top}figcaption{font-size:13px;color:#4b5560}
svg text{font:11px system-ui,sans-serif;fill:#4b5560}.note{background:#f3f5f7;padding:.6rem 1rem}
@media (prefers-color-scheme:dark){body{color:#e4e7ea;background:#15181b}th,td{border-color:#3a4148}
svg text,figcaption{fill:#aab3bc;color:#aab3bc}.note{background:#20252a}}
"""
_BLUE, _RED, _GREY = "#2f6fb5", "#c2473d", "#9aa4ae"


def page(found: Evaluation) -> str:
    """The page, complete."""
    own = found.scores[0]
    parts = [
        f"<h1>Failure forecasts: {escape(found.name)}</h1>",
        _about(found),
        "<h2>Models</h2>", _models(found.scores),
        _KEY,
        _bars(found.scores),
        _random(found),
        "<h2>The hard parts</h2>", _buckets(found.scores),
        "<h2>Do the probabilities mean what they say?</h2>",
        *(
            _diagram(score, found.diagrams[score.model])
            for score in found.scores
            if score.model in (own.model, "forest", "last-10")
        ),
        "<h2>Day by day</h2>", _days(found),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Forecasts: {escape(found.name)}</title><style>{_STYLE}</style><body>"
        + "\n".join(parts)
        + "</body></html>\n"
    )


_KEY = (
    "<p>PR-AUC with 95 % of bootstrap samples of whole days. Precision, recall and F1 at the threshold "
    "that was best on the last 15 % before the cut. At 1 % and 5 %: precision / recall when so many of "
    "the runs raise an alert.</p>"
)


def _about(found: Evaluation) -> str:
    cut = datetime.fromtimestamp(found.cut, timezone.utc)
    return (
        f"<p>{found.labelled:,} runs with a known end of {found.runs:,}. Models learned from what was "
        f"known on {cut:%Y-%m-%d %H:%M} UTC and twice later, and forecast the {found.scores[0].runs:,} "
        f"runs asked for after it, of which {found.failed:.2%} failed.</p>"
    )


def _row(cells: Iterable[str], tag: str = "td", mark: str = "") -> str:
    return f"<tr{mark}>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _models(scores: tuple[Scores, ...]) -> str:
    head = ("model", "PR-AUC", "95 %", "ROC-AUC", "accuracy", "precision", "recall", "F1",
            "at 1 %", "at 5 %", "Brier", "calibration error")  # fmt: skip
    rows = [
        _row(
            (
                escape(s.model), f"{s.pr_auc:.3f}", f"{s.low:.3f} to {s.high:.3f}",
                f"{s.roc_auc:.3f}", f"{s.accuracy:.3f}", f"{s.precision:.3f}", f"{s.recall:.3f}",
                f"{s.f1:.3f}", *(f"{p:.2f} / {r:.2f}" for p, r in s.budgets.values()),
                f"{s.brier:.4f}", f"{s.calibration_error:.3f}",
            ),
            mark=' class="own"' if s is scores[0] else "",
        )
        for s in scores
    ]  # fmt: skip
    return f"<table>{_row(head, 'th')}{''.join(rows)}</table>"


def _buckets(scores: tuple[Scores, ...]) -> str:
    names = list(dict.fromkeys(name for score in scores for name in score.buckets))
    if not names:
        return "<p>Too few runs.</p>"
    head = ("PR-AUC on", "runs", *(escape(score.model) for score in scores))
    rows = []
    for name in names:
        cells = [score.buckets.get(name) for score in scores]
        runs = next(cell[0] for cell in cells if cell)
        values = (f"{cell[1]:.3f}" if cell else "–" for cell in cells)
        rows.append(_row((escape(name), f"{runs:,}", *values)))
    return f"<table>{_row(head, 'th')}{''.join(rows)}</table>"


def _random(found: Evaluation) -> str:
    plain = next((score.pr_auc for score in found.scores if score.model == "forest"), None)
    if found.random_split is None or plain is None:
        return ""
    return (
        '<p class="note"><b>Not a result:</b> split at random, the plain forest would have shown a '
        f"PR-AUC of {found.random_split:.3f}; by time it is {plain:.3f}. A split at random lets a model "
        "learn from runs of the same incident, and of the days after, that it is then asked about.</p>"
    )


def _bars(scores: tuple[Scores, ...]) -> str:
    height = 22 * len(scores) + 20
    marks = []
    for index, score in enumerate(scores):
        y = 22 * index + 6
        colour = _BLUE if index == 0 else _GREY
        marks.append(
            f'<text x="0" y="{y + 11}">{escape(score.model)}</text>'
            f'<rect x="120" y="{y}" width="{400 * score.pr_auc:.1f}" height="14" fill="{colour}"/>'
            f'<line x1="{120 + 400 * score.low:.1f}" x2="{120 + 400 * score.high:.1f}" y1="{y + 7}" '
            f'y2="{y + 7}" stroke="{_RED}" stroke-width="2"/>'
        )
    return _figure(540, height, "".join(marks), "PR-AUC, with its interval")


def _diagram(score: Scores, bins: tuple[Bin, ...]) -> str:
    size = 240
    points = "".join(
        f'<circle cx="{20 + size * one.forecast:.1f}" cy="{10 + size * (1 - one.failed):.1f}" r="4" '
        f'fill="{_BLUE}"><title>{one.runs:,} runs: forecast {one.forecast:.3f}, failed '
        f"{one.failed:.3f}</title></circle>"
        for one in bins
    )
    frame = (
        f'<rect x="20" y="10" width="{size}" height="{size}" fill="none" stroke="{_GREY}"/>'
        f'<line x1="20" y1="{10 + size}" x2="{20 + size}" y2="10" stroke="{_GREY}" '
        f'stroke-dasharray="4"/>'
        f'<text x="{20 + size / 2}" y="{size + 26}" text-anchor="middle">forecast, 0 to 1</text>'
        f'<text x="12" y="{10 + size / 2}" text-anchor="middle" transform="rotate(-90 12 '
        f'{10 + size / 2})">share that failed</text>'
    )
    caption = f"{escape(score.model)}: calibration error {score.calibration_error:.3f}"
    return _figure(size + 40, size + 36, frame + points, caption)


def _days(found: Evaluation) -> str:
    if len(found.daily) < 2:
        return "<p>One day only.</p>"
    width, height = 860, 180
    top = max(max(day[2], day[3]) for day in found.daily) or 1
    step = width / (len(found.daily) - 1)

    def line(which: int, colour: str) -> str:
        points = " ".join(
            f"{40 + i * step:.1f},{10 + height * (1 - day[which] / top):.1f}"
            for i, day in enumerate(found.daily)
        )
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'

    first, last = (
        datetime.fromtimestamp(day[0], timezone.utc) for day in (found.daily[0], found.daily[-1])
    )
    axis = (
        f'<text x="36" y="18" text-anchor="end">{top:.0f}</text>'
        f'<text x="40" y="{height + 28}">{first:%Y-%m-%d}</text>'
        f'<text x="{40 + width}" y="{height + 28}" text-anchor="end">{last:%Y-%m-%d}</text>'
    )
    body = line(2, _RED) + line(3, _BLUE) + axis
    return _figure(width + 50, height + 34, body, "Failures a day: forecast (blue) and real (red)")


def _figure(width: float, height: float, body: str, caption: str) -> str:
    return (
        f'<figure><svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{caption}">{body}</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )
