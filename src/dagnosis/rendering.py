"""What a diagnosis looks like in a terminal: the answer first, the quoted lines, then the details.

Log text is hostile: it is printed as plain text, never as markup, and without control codes, which
could move the cursor, hide text or retitle the window.
"""

from __future__ import annotations

import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, TypeAlias

import re2
from rich.console import Console
from rich.text import Text

from dagnosis.model import Diagnosis, Evidence

Colour: TypeAlias = Literal["auto", "always", "never"]

_VERB = {"retry": "yes", "fail": "no", "default": "unsure"}
_VERB_STYLE = {"retry": "bold green", "fail": "bold red", "default": "bold yellow"}
_LINE_STYLE = {"cause": "bold red", "symptom": "yellow", "context": "dim"}
UNLIKELY = 0.05
"""Confidence below which another hypothesis is not worth a line."""
WIDEST = 100
"""Columns that a step takes at the most."""
QUOTED_ROWS, QUOTED_WIDTH = 6, 400
"""Rows and characters shown of one quoted line; `--json` has it whole."""


def console(colour: Colour = "auto") -> Console:
    """A console on stdout; `auto` means colour on a terminal and unless NO_COLOR is set."""
    return Console(
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        force_terminal=True if colour == "always" else None,
        no_color=True if colour == "never" else None,
    )


_ESCAPES = re2.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\^_])")


def visible(text: str) -> str:
    """`text` without colours and other control codes; tabs stay, line ends are for the caller.

    >>> visible("\\x1b[31mFAIL\\x1b[0m 1\\x07")
    'FAIL 1�'
    """
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one(answer: Diagnosis, colour: Colour = "auto", out: Console | None = None) -> None:
    """One diagnosis in full, on `out` or on stdout."""
    out = out or console(colour)
    if not answer.failed:
        out.print(Text(f"✓ {answer.title}", "green"), Text(visible(answer.id), "dim"))
        for gap in answer.gaps:
            out.print(Text(f"  ? {visible(gap)}", "yellow"))
        return
    _print_summary(out, answer)
    _print_evidence(out, answer)
    _print_fix(out, answer)
    _print_details(out, answer)


def _print_summary(out: Console, answer: Diagnosis) -> None:
    out.print(Text(f"✗ {answer.title}", "bold red"))
    out.print(
        Text(f"  {answer.detail}", "bold"),
        Text(f"· confidence {answer.confidence:.0%}", "dim"),
    )
    where = _task_name(answer)
    if answer.task:
        where += f" · {answer.task.run_id} · try {answer.task.try_number}"
    out.print(Text(f"  {visible(where)}", "dim"))
    retry = answer.retry
    delay = f", after {_duration(retry.delay_seconds)}" if retry.delay_seconds else ""
    out.print(
        Text("  Will a retry help?"),
        Text(f"{_VERB[retry.action]}{delay}.", _VERB_STYLE[retry.action]),
        Text(retry.reason, "dim"),
    )


def _duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _task_name(answer: Diagnosis) -> str:
    task = answer.task
    if task is None:
        return answer.id
    mapped = f"[{task.map_index}]" if task.map_index >= 0 else ""
    return f"{task.dag_id}.{task.task_id}{mapped}"


def _print_evidence(out: Console, answer: Diagnosis) -> None:
    if not answer.evidence:
        return
    out.print()
    width = len(str(max(line.line for line in answer.evidence)))
    for line in answer.evidence:
        for index, row in enumerate(_rows(line)):
            number = line.line if index == 0 else ""
            gutter = (f"  {number:>{width}} │ ", "dim")
            out.print(Text.assemble(gutter, (row, _LINE_STYLE[line.role])))
        frame = answer.exception.frame if answer.exception and line.role == "cause" else None
        if frame:
            place = f"{visible(frame.function)} at {visible(frame.file)}:{frame.line}"
            out.print(Text(f"  {'':>{width}} │   raised in {place}", "dim"))


def _rows(line: Evidence) -> list[str]:
    rows = [visible(row) for row in line.text.splitlines() if row.strip()]
    shown = [row if len(row) <= QUOTED_WIDTH else row[:QUOTED_WIDTH] + " …" for row in rows]
    return shown if len(shown) <= QUOTED_ROWS else [*shown[: QUOTED_ROWS - 1], "…"]


def _print_fix(out: Console, answer: Diagnosis) -> None:
    if not answer.fix:
        return
    out.print(Text("\n  What to do", "bold"))
    width = min(shutil.get_terminal_size().columns, WIDEST)
    for number, step in enumerate(answer.fix, 1):
        head = f"  {number}. "
        out.print(Text(textwrap.fill(step, width, initial_indent=head, subsequent_indent="     ")))


def _print_details(out: Console, answer: Diagnosis) -> None:
    if answer.gaps:
        out.print()
    for gap in answer.gaps:
        out.print(Text(f"  ? {visible(gap)}", "yellow"))
    others = [r for r in answer.ranked if r.detail != answer.detail and r.confidence >= UNLIKELY][
        :2
    ]
    out.print()
    if others:
        rest = ", ".join(f"{r.detail} ({r.confidence:.0%})" for r in others)
        out.print(Text(f"  Less likely: {rest}", "dim"))
    if answer.engine == "similar":
        out.print(Text("  Known from feedback on an earlier failure", "green"))
    if answer.similar:
        out.print(Text(f"  Earlier: {visible(', '.join(answer.similar))}", "dim"))
    out.print(
        Text(
            f"  {answer.lines_total:,} lines · fingerprint {answer.fingerprint or '–'} · "
            f"{answer.elapsed_ms:.0f} ms",
            "dim",
        )
    )


def table(answers: Iterable[Diagnosis], colour: Colour = "auto") -> None:
    """Several diagnoses: one block a fingerprint, the most frequent first."""
    out = console(colour)
    width = max(shutil.get_terminal_size().columns, 60)
    groups: dict[str, list[Diagnosis]] = defaultdict(list)
    healthy = 0
    for answer in answers:
        if answer.failed:
            groups[answer.fingerprint or answer.id].append(answer)
        else:
            healthy += 1
    for members in sorted(groups.values(), key=len, reverse=True):
        first = members[0]
        out.print(
            Text(f"{len(members):>4} × ", "bold"),
            Text(first.detail, "bold red"),
            Text("  retry: ", "dim"),
            Text(_VERB[first.retry.action], _VERB_STYLE[first.retry.action]),
            sep="",
        )
        quote = _rows(first.evidence[0])[:1] if first.evidence else []
        out.print(Text(f"       {(quote or [first.title])[0]}"[:width]))
        out.print(Text(f"       {_places(members)}"[:width], "dim"))
    failed = sum(map(len, groups.values()))
    ways = "1 way" if len(groups) == 1 else f"{len(groups)} different ways"
    out.print(Text(f"\n{failed} failed in {ways}, {healthy} without a failure.", "bold"))


def _places(members: list[Diagnosis]) -> str:
    names = list(dict.fromkeys(visible(_task_name(member)) for member in members))
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest


def demo(answers: Iterable[Diagnosis], colour: Colour = "auto") -> None:
    """The bundled logs: the table, then one failure in full."""
    found = list(answers)
    table(found, colour)
    hardest = max(
        (answer for answer in found if answer.failed and answer.evidence),
        key=lambda answer: answer.lines_total - answer.evidence[0].line,
        default=None,
    )
    out = console(colour)
    if hardest:
        out.print(Text("\nOne of them in full:\n", "bold"))
        one(hardest, colour)
    out.print(Text("\nNow yours: dagnosis explain PATH/TO/logs", "bold green"))
