"""What a diagnosis looks like in a terminal: the answer first, the quoted lines, then the details."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagnosis.model import Diagnosis

_VERB = {"retry": "yes", "fail": "no", "default": "unsure"}
_COLOUR = {"cause": "bold red", "symptom": "yellow", "context": "dim"}


def _console() -> Console:
    # log text is printed as Text, never as markup: a log may hold anything
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def _visible(text: str) -> str:
    """Without control codes, which could move the cursor or hide text."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one(answer: Diagnosis) -> None:
    """One diagnosis in full."""
    console = _console()
    if not answer.failed:
        console.print(Text(f"✓ {answer.title}", "green"), Text(_visible(answer.id), "dim"))
        return
    console.print(Text(f"✗ {answer.title}", "bold red"))
    console.print(
        Text(f"  {answer.detail}", "bold"),
        Text(f"confidence {answer.confidence:.0%}", "dim"),
    )
    if answer.task:
        task = answer.task
        mapped = f"[{task.map_index}]" if task.map_index >= 0 else ""
        console.print(
            Text(
                f"  {task.dag_id}.{task.task_id}{mapped} · {task.run_id} · try {task.try_number}",
                "dim",
            )
        )
    delay = f" after {answer.retry.delay_seconds} s" if answer.retry.delay_seconds else ""
    console.print(
        Text(f"  Will a retry help? {_VERB[answer.retry.action]}{delay}", "bold"),
        Text(answer.retry.reason, "dim"),
    )
    if answer.evidence:
        console.print()
        width = len(str(max(line.line for line in answer.evidence)))
        for line in answer.evidence:
            shown = _visible(line.text)
            shown = shown if len(shown) <= 400 else shown[:400] + " …"
            console.print(
                Text(f"  {line.line:>{width}} │ ", "dim") + Text(shown, _COLOUR[line.role])
            )
    if answer.exception and answer.exception.frame:
        frame = answer.exception.frame
        console.print(Text(f"  raised in {frame.function} at {frame.file}:{frame.line}", "dim"))
    if answer.fix:
        console.print(Text("\n  What to do", "bold"))
        for number, step in enumerate(answer.fix, 1):
            console.print(f"  {number}. {step}")
    for gap in answer.gaps:
        console.print(Text(f"  ? {gap}", "yellow"))
    others = [r for r in answer.ranked if r.detail != answer.detail][:2]
    if others:
        rest = ", ".join(f"{r.detail} ({r.confidence:.0%})" for r in others)
        console.print(Text(f"\n  Else: {rest}", "dim"))
    console.print(
        Text(
            f"  {answer.lines_total} lines · fingerprint {answer.fingerprint or '–'} · {answer.elapsed_ms:.0f} ms",
            "dim",
        )
    )


def table(answers: Iterable[Diagnosis]) -> None:
    """Several diagnoses: one row a fingerprint, most frequent first."""
    console = _console()
    groups: dict[str, list[Diagnosis]] = defaultdict(list)
    healthy = 0
    for answer in answers:
        if answer.failed:
            groups[answer.fingerprint or answer.id].append(answer)
        else:
            healthy += 1
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("Failed", "Cause", "Retry?", "What the log says", "Where"):
        grid.add_column(column, overflow="fold" if column == "What the log says" else "ellipsis")
    for members in sorted(groups.values(), key=len, reverse=True):
        first = members[0]
        quote = _visible(first.evidence[0].text if first.evidence else first.title)[:110]
        where = _where(first) + (f" and {len(members) - 1} more" if len(members) > 1 else "")
        grid.add_row(
            Text(str(len(members)), "bold"),
            Text(first.detail, "red"),
            Text(_VERB[first.retry.action]),
            Text(quote),
            Text(where, "dim"),
        )
    if groups:
        console.print(grid)
    failed = sum(map(len, groups.values()))
    console.print(
        Text(
            f"\n{failed} failed in {len(groups)} different ways, {healthy} without a failure.",
            "bold",
        )
    )


def _where(answer: Diagnosis) -> str:
    return f"{answer.task.dag_id}.{answer.task.task_id}" if answer.task else _visible(answer.id)


def demo(answers: Iterable[Diagnosis]) -> None:
    """The bundled logs: the table, then one failure in full."""
    found = list(answers)
    table(found)
    hardest = max(
        (answer for answer in found if answer.failed and answer.evidence),
        key=lambda answer: answer.lines_total - answer.evidence[0].line,
        default=None,
    )
    if hardest:
        console = _console()
        console.print(Text("\nOne of them in full:\n", "bold"))
        one(hardest)
    _console().print(Text("\nNow yours: dagnosis explain PATH/TO/logs", "bold green"))
