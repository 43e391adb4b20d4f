"""What a replay of retries looks like in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from dagnosis.rendering import Colour, console, visible

if TYPE_CHECKING:
    from rich.console import Console

    from dagnosis.services.replay import Effect, Harm, Replayed

SHOWN = 15
"""Causes and harmed tasks shown; `--json` has all."""
_FATES = {
    "judged": "could be judged",
    "killed": "were killed: Airflow does not ask the policy",
    "no log": "have no log: nothing is claimed about them",
    "unreadable": "have a log that cannot be read",
}


def replayed(report: Replayed, colour: Colour = "auto", out: Console | None = None) -> None:
    """Verdict first, then causes, harm, and what could not be judged."""
    out = out or console(colour)
    total = report.total
    if not report.retried:
        out.print(
            f"{report.tries:,} tries, {report.failed:,} failed, none was retried: nothing to judge."
        )
        return
    out.print(
        Text(f"{report.retried:,} of {report.failed:,} failed tries were retried", "bold"), end=""
    )
    out.print(f" ({report.tries:,} tries in all).")
    for fate, meaning in _FATES.items():
        if count := report.fates.get(fate, 0):
            out.print(f"  {count:>7,}  {meaning}")
    _saved(out, total, report)
    _harm(out, total, report)
    if report.effects:
        out.print()
        out.print("per cause: tasks failed at once; tries and running saved; known sooner; harm")
        out.print(_table(report.effects))
    _others(out, report)


def _saved(out: Console, total: Effect, report: Replayed) -> None:
    out.print()
    if not total.fails:
        out.print(
            f"From {report.confidence:.0%} confidence on, no task would have been failed at once."
        )
        return
    out.print(
        Text(
            f"saved: {total.tries:,} tries that could not succeed, {_hours(total.run_hours)} of running; "
            f"the failures known {_hours(total.sooner_hours)} sooner in all",
            "green",
        )
    )
    if report.untimed:
        out.print(f"       {report.untimed:,} of these tries have no times, and are in no hours")


def _harm(out: Console, total: Effect, report: Replayed) -> None:
    if not total.ended:
        out.print(
            Text("harm:  none; no task that a later try saved would have been failed", "green")
        )
        return
    out.print(
        Text(
            f"harm:  {_tasks(total.ended)} that a later try saved would have been failed",
            "bold red",
        )
    )
    for harm in report.harms[:SHOWN]:
        out.print(Text(f"       {_where(harm)}", "red"))
        out.print(Text(f"         {visible(harm.reason)}", "dim"))
    if len(report.harms) > SHOWN:
        out.print(f"       and {len(report.harms) - SHOWN:,} more (--json)")


def _tasks(count: int) -> str:
    return f"{count:,} task" if count == 1 else f"{count:,} tasks"


def _where(harm: Harm) -> str:
    task = harm.task
    index = f"[{task.map_index}]" if task.map_index >= 0 else ""
    return visible(
        f"{task.dag_id} {task.run_id} {task.task_id}{index} try {task.try_number}; "
        f"try {harm.succeeded} succeeded"
    )


def _table(effects: tuple[Effect, ...]) -> Table:
    """Tasks failed at once; tries and running time saved; how much sooner it is known; ended wrongly."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("cause", overflow="fold")
    for header in ("failed", "tries", "running", "sooner", "harm"):
        table.add_column(header, justify="right", no_wrap=True)
    for effect in effects[:SHOWN]:
        style = "red" if effect.ended else ""
        table.add_row(
            visible(effect.detail), f"{effect.fails:,}", f"{effect.tries:,}", _hours(effect.run_hours),
            _hours(effect.sooner_hours), f"{effect.ended:,}" if effect.ended else "-", style=style,
        )  # fmt: skip
    if len(effects) > SHOWN:
        table.add_row(f"and {len(effects) - SHOWN:,} more (--json)")
    return table


def _others(out: Console, report: Replayed) -> None:
    retry, default = report.actions.get("retry", 0), report.actions.get("default", 0)
    if retry:
        out.print(
            f"{retry:,} tries would have been retried with a delay that fits the cause; "
            f"{report.recovered:,} of them were saved by a later try."
        )
    if default:
        out.print(f"{default:,} tries would have been left to the task's own retries.")


def _hours(hours: float) -> str:
    """Hours, minutes or seconds, whichever reads best.

    >>> _hours(3.25), _hours(0.5), _hours(0.001)
    ('3.2 h', '30 min', '4 s')
    """
    if hours >= 1:
        return f"{hours:,.1f} h"
    return f"{hours * 60:.0f} min" if hours * 60 >= 1 else f"{hours * 3600:.0f} s"
