"""The reduced log: the only part of it that a language model sees.

A window has what the task itself states as its failure, with its frames; where it states nothing, the
lines that may tell the cause with their neighbours, and how the log ends. Each has its number in the
file. What was logged as fine is left out, but for the output of processes, where causes stand at any
level. The log is redacted as a whole before a line is taken, so that a secret that spans lines goes
too; what speaks to a model is withheld; control codes are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

import msgspec
import re2

from dagnosis.logs.candidate import Candidate
from dagnosis.logs.evidence import candidates
from dagnosis.logs.llm.guard import suspicious
from dagnosis.logs.parsing import ParsedLog
from dagnosis.logs.redaction import redact

CANDIDATES = 12
"""Lines that may state the cause, with which the window begins."""
AROUND = 3
"""Lines on each side of the three likeliest."""
FRAMES = 12
"""Lines of a stack trace above the exception."""
LAST = 10
"""Lines of the end."""
SPREAD = 3
"""Lines over which an order may be spread."""
WIDTH = 400
"""Characters sent of one line."""
SENTENCES, LEAST = 40, 16
"""Sentences that are looked at of a suspicious line, and characters of it that are worth sending."""
WITHHELD = "[withheld]"


class Line(msgspec.Struct, frozen=True):
    """One line of a window: its 1-based number in the file and its text as it is sent."""

    number: int
    text: str


class Window(msgspec.Struct, frozen=True):
    """Lines in the order of the file. Of those whose numbers are in `touched` a part is not sent, or
    nothing (`WITHHELD`); `candidates` are the likeliest of the others, as the local diagnosis sees
    them, by number."""

    lines: tuple[Line, ...]
    touched: frozenset[int]
    candidates: dict[int, Candidate]

    def text(self) -> str:
        """The window as it is sent: `number| text`, with a mark where lines are left out."""
        rows: list[str] = []
        before = 0
        for line in self.lines:
            if line.number > before + 1:
                rows.append("…")
            rows.append(f"{line.number}| {line.text}")
            before = line.number
        return "\n".join(rows)

    def digest(self) -> str:
        """16 hex digits over all that is sent."""
        return blake2b(self.text().encode("utf-8", "replace"), digest_size=8).hexdigest()


def reduce(log: ParsedLog, characters: int = 8000) -> Window:
    """The window of a log, of `characters` at most; without lines for an empty log.

    The likeliest lines are taken first, so that a small window loses the context and not the cause.
    """
    found = candidates(log)[:CANDIDATES]
    texts = _texts(log, found)
    wanted = list(dict.fromkeys(_wanted(log, found)))
    touched = _touched([number for number in wanted if number in texts], texts)
    lines: dict[int, str] = {}
    said: set[str] = set()
    left = characters
    for number in wanted:
        text = touched.get(number, texts.get(number, ""))
        if not text.strip() or text in said:
            continue
        said.add(text)
        text = text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
        left -= len(text) + len(str(number)) + 3
        if left < 0:
            break
        lines[number] = text
    likely: dict[int, Candidate] = {}
    for candidate in found:
        if candidate.line in lines and lines[candidate.line] != WITHHELD:
            likely.setdefault(candidate.line, candidate)
    return Window(
        lines=tuple(Line(number, lines[number]) for number in sorted(lines)),
        touched=frozenset(touched.keys() & lines.keys()),
        candidates=likely,
    )


def _wanted(log: ParsedLog, found: list[Candidate]) -> Iterator[int]:
    """Numbers of lines, the most wanted first; some come twice.

    Where the task itself states its exception, those of its chain, and its innermost frames.
    Beside the candidates only lines that may state a failure: not what somebody logged as fine,
    which anybody can fill with what they like, nor what the platform says before and after the task.
    """
    fine = {line.number for line in log.lines if line.level == "INFO"} - log.output
    telling = [line.number for line in log.lines if line.number not in fine | log.background]
    known = set(telling)
    top = found[0] if found else None
    if top and top.kind == "exception" and top.origin in ("task", "import") and not top.symptom:
        # the task states its failure: what others logged or printed says less, and may be anybody's
        yield from (c.line for c in found if c.block == top.block or c.kind == "supervisor")
        rows = min(top.message.count("\n"), FRAMES)
        yield from known & {top.line + n for n in range(1, rows + 1)}
        yield from (top.line - n for n in range(1, FRAMES + 1) if top.line - n in log.inside)
        return
    yield from (candidate.line for candidate in found)
    for candidate in found[:3]:
        for distance in range(1, AROUND + 1):
            yield from known & {candidate.line - distance, candidate.line + distance}
    yield from reversed(telling[-LAST:])


def _touched(wanted: Iterable[int], texts: dict[int, str]) -> dict[int, str]:
    """What is sent of the lines that speak to a model, alone or with the lines around them: an order
    may be spread over some."""
    numbers = set(wanted)
    touched = {number: _harmless(texts[number]) for number in numbers if suspicious(texts[number])}
    for number in sorted(numbers):
        together = range(number, number + SPREAD)
        apart = touched.keys().isdisjoint(together) and numbers.issuperset(together)
        if apart and suspicious(" ".join(texts[n][:WIDTH] for n in together)):
            touched.update(dict.fromkeys(together, WITHHELD))
    return touched


def _harmless(text: str) -> str:
    """The line up to the sentence that makes it suspicious: a failure may quote an order."""
    kept = ""
    for sentence in _SENTENCE.findall(text)[:SENTENCES]:
        if suspicious(kept + sentence):
            break
        kept += sentence
    kept = kept.strip()
    return f"{kept} {WITHHELD}" if len(kept) >= LEAST else WITHHELD


_SENTENCE = re2.compile(r"[^.;!?|\[\](){}\"'<>]*(?:[.;!?|\[\](){}\"'<>]+\s*|$)")


def _texts(log: ParsedLog, found: Iterable[Candidate]) -> dict[int, str]:
    """Line number -> its level and message, redacted; of a candidate, what is quoted of it."""
    rows = [
        plain(f"{line.level} {line.message}" if line.level else line.message) for line in log.lines
    ]
    clean = redact("\n".join(rows)).split("\n") if rows else []
    texts = {line.number: text for line, text in zip(log.lines, clean, strict=True)}
    records = {line.number for line in log.lines if line.text.startswith("{")}
    for candidate in found:
        said = redact(plain(redact(candidate.message)))  # before its rows are one
        if candidate.line in records and said not in texts[candidate.line]:
            # its event says that something failed, and its exception what
            texts[candidate.line] = f"{texts.get(candidate.line, '')} {said}".strip()
    return {number: redact(text) for number, text in texts.items()}


_ESCAPES = re2.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")


def plain(text: str) -> str:
    """`text` in one row, without colours, control codes and invisible characters."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c in "\t\r\n\v\f" else "" for c in text)
