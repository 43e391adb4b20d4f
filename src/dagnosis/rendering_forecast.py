"""Forecasts in the terminal."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from dagnosis.forecast.evaluation import Evaluation
    from dagnosis.services.drift import Drift
    from dagnosis.services.score import Risk, Scored


def _table(*headers: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, justify="left" if header in ("model", "task", "why") else "right")
    return table


def evaluation(found: Evaluation) -> None:
    """One row a model; then the hard parts."""
    console = Console()
    console.print(
        f"[bold]{escape(found.name)}[/]: {found.labelled:,} runs with a known end of {found.runs:,}; "
        f"judged on the last {found.scores[0].runs:,} by time, {found.failed:.1%} of them failed"
    )
    ranking = _table("model", "PR-AUC", "95 %", "ROC-AUC", "Brier", "calibration error")
    deciding = _table("model", "accuracy", "precision", "recall", "F1", "at 1 %", "at 5 %")
    for score in found.scores:
        ranking.add_row(
            score.model, f"{score.pr_auc:.3f}", f"{score.low:.2f}-{score.high:.2f}",
            f"{score.roc_auc:.3f}", f"{score.brier:.4f}", f"{score.calibration_error:.3f}",
        )  # fmt: skip
        deciding.add_row(
            score.model, f"{score.accuracy:.3f}", f"{score.precision:.2f}",
            f"{score.recall:.2f}", f"{score.f1:.2f}",
            *(f"{p:.2f}/{r:.2f}" for p, r in score.budgets.values()),
        )  # fmt: skip
    console.print(ranking)
    console.print(deciding)
    usual, most = found.noise
    console.print(
        f"calibration error: a perfect forecaster would show {usual:.3f}, up to {most:.3f}, by chance"
    )
    console.print("at 1 %, 5 %: precision/recall when so many of the runs raise an alert")
    parts = list(dict.fromkeys(name for score in found.scores for name in score.buckets))
    if parts:
        hard = _table("model", *parts)
        cells = [[score.buckets.get(part) for part in parts] for score in found.scores]
        sizes = [max(cell[0] for cell in column if cell) for column in zip(*cells, strict=True)]
        hard.add_row("runs", *(f"{size:,}" for size in sizes), end_section=True)
        for score, row in zip(found.scores, cells, strict=True):
            hard.add_row(score.model, *(f"{cell[1]:.3f}" if cell else "-" for cell in row))
        console.print("PR-AUC on the hard parts:")
        console.print(hard)
    if found.random_split is not None:
        plain = next((s.pr_auc for s in found.scores if s.model == "forest"), None)
        honest = f"; by time it is {plain:.3f}" if plain is not None else ""
        console.print(
            f"A split at random would have shown {found.random_split:.3f} for the plain forest{honest}. "
            "It lets a model see runs of the same incident that it is then asked about."
        )


def drift(found: Drift) -> None:
    """One row a window, the newest last."""
    console = Console()
    console.print(f"The {escape(found.model)}, on runs that it has not learned from")
    table = _table("", "window (UTC)", "runs", "failed", "forecast", "95 % of the gap",
                   "calibration error", "by chance")  # fmt: skip
    for window in found.windows:
        since, until = (
            datetime.fromtimestamp(t, timezone.utc) for t in (window.since, window.until)
        )
        table.add_row(
            "[red]●[/]" if window.drifted else "",
            f"{since:%Y-%m-%d} to {until:%m-%d}", f"{window.runs:,}",
            f"{window.failed:.1%}", f"{window.forecast:.1%}",
            f"{window.low:+.1%} to {window.high:+.1%}",
            f"{window.calibration_error:.3f}", f"to {window.chance:.3f}",
        )  # fmt: skip
    console.print(table)
    newest = found.windows[-1]
    if found.drifted:
        more = "more" if newest.gap > 0 else "fewer"
        console.print(
            f"[red]Drifted:[/] {more} runs fail than is forecast; dagnosis retrain forecast"
        )
    else:
        console.print("The newest forecasts fit")


def risks(found: Scored) -> None:
    """Runs by risk, each with its reasons."""
    console = Console()
    console.print(f"As of {found.now:%Y-%m-%d %H:%M} UTC, by the {escape(found.model)}")
    table = _table("", "risk", "when (UTC)", "task", "takes (half, nine in ten)", "why")
    for risk in found.risks:
        table.add_row(
            "[red]●[/]" if risk.alert else "",
            f"{risk.p_fail:.1%}" + _moved(risk),
            f"{risk.when:%m-%d %H:%M}" + (" open" if risk.kind == "open" else ""),
            escape(f"{risk.dag_id}.{risk.task_id}" if risk.task_id else risk.dag_id),
            _takes(risk),
            escape("; ".join(f"{'↑' if r.weight > 0 else '↓'} {r.text}" for r in risk.reasons)),
        )
    console.print(table)
    console.print(f"● alert: {found.threshold:.1%} or more")


def _moved(risk: Risk) -> str:
    """Where the risk of an open run came from, if it went far."""
    if abs(risk.p_fail - risk.before) < 0.01:
        return ""
    return f" {'↑' if risk.p_fail > risk.before else '↓'} from {risk.before:.1%}"


def _takes(risk: Risk) -> str:
    if risk.seconds is None:
        return "-"
    text = ", ".join(span(value) for value in risk.seconds)
    if risk.late and risk.late_by:
        text += f"; [yellow]late by {span(max(risk.late_by[0], 0.0))}[/]"
    if risk.p_late is not None:
        text += f"; past its deadline {risk.p_late:.0%}"
    return text


def span(seconds: float) -> str:
    """90 s, 5 min, 3 h, 2 d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
