"""Which citations stand: the line is in the window and says what is quoted."""

from __future__ import annotations

from dagnosis.logs.llm.answer import Answer
from dagnosis.logs.llm.window import WITHHELD, Line, Window

SHORTEST = 12
"""Characters of a line that a quote must have in common with it, or all of a shorter line."""


def surviving(answer: Answer, window: Window) -> tuple[Line, ...]:
    """The cited lines that stand, in the order of the answer, each once; empty where none does.

    A quote must stand in the line of that number as it was sent, or be most of it. A line that was
    withheld cannot be cited.
    """
    sent = {line.number: line for line in window.lines if line.text != WITHHELD}
    stand: dict[int, Line] = {}
    for cited in answer.citations:
        line = sent.get(cited.line)
        if line and quotes(cited.quote.removeprefix(f"{cited.line}|"), line.text):
            stand.setdefault(line.number, line)
    return tuple(stand.values())


def quotes(quote: str, text: str) -> bool:
    """Is this a quote of that line? Blanks, an ellipsis at the end and quotation marks aside."""
    said, line = _bare(quote), _bare(text)
    if len(said) < min(SHORTEST, len(line)) or not line:
        return False
    return said in line


def _bare(text: str) -> str:
    return " ".join(text.split()).strip(" \"'`").rstrip("….").strip()
