"""The reduced log: the only part of it that a language model sees.

A window has the lines that may state the cause with their neighbours, how the log begins and how it
ends, each with its number in the file. It is redacted as a whole before a line is taken, so that a
secret that spans lines goes too; a line that speaks to a model is withheld; control codes are gone.
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
FIRST, LAST = 3, 10
"""Lines of the beginning and of the end."""
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
    """Lines in the order of the file. `withheld` are the numbers of those whose text is not sent,
    `touched` of those and of lines of which a part is not; `stating` of those that may state a
    cause: any that are sent but what was logged as fine. `candidates` are the likeliest of them, as
    the local diagnosis sees them."""

    lines: tuple[Line, ...]
    stating: frozenset[int]
    withheld: frozenset[int]
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
    lines: dict[int, str] = {}
    said: set[str] = set()
    left = characters
    wanted = list(dict.fromkeys(_wanted(log, found)))
    touched = {number: _harmless(texts[number]) for number in _orders(wanted, texts)}
    for number in wanted:
        text = texts.get(number, "")
        if not text.strip() or text in said:
            continue
        if number in touched:
            text = touched[number]
        else:
            said.add(text)
        text = text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
        left -= len(text) + len(str(number)) + 3
        if left < 0:
            break
        lines[number] = text
    kept = tuple(Line(number, lines[number]) for number in sorted(lines))
    kept_back = frozenset(touched.keys() & lines.keys())
    withheld = frozenset(number for number in kept_back if lines[number] == WITHHELD)
    likely: dict[int, Candidate] = {}
    for candidate in found:
        if candidate.line in lines and candidate.line not in withheld:
            likely.setdefault(candidate.line, candidate)
    fine = {line.number for line in log.lines if line.level == "INFO"} - log.output
    stating = lines.keys() - withheld - ((fine | log.background) - likely.keys())
    return Window(kept, frozenset(stating), withheld, kept_back, likely)


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


def _orders(wanted: Iterable[int], texts: dict[int, str]) -> set[int]:
    """The wanted lines that speak to a model, alone or with the lines around them: an order may be
    spread over some."""
    numbers = {number for number in wanted if number in texts}
    orders = {number for number in numbers if suspicious(texts[number])}
    for number in sorted(numbers):
        together = range(number, number + SPREAD)
        apart = orders.isdisjoint(together) and numbers.issuperset(together)
        if apart and suspicious(" ".join(texts[n][:WIDTH] for n in together)):
            orders.update(together)
    return orders


def _wanted(log: ParsedLog, found: list[Candidate]) -> Iterator[int]:
    """Numbers of lines, the most wanted first; some come twice."""
    yield from (candidate.line for candidate in found)
    for candidate in found[:3]:
        for distance in range(1, AROUND + 1):
            yield candidate.line - distance
            yield candidate.line + distance
    yield from (line.number for line in reversed(log.lines[-LAST:]))
    yield from (line.number for line in log.lines[:FIRST])


def _texts(log: ParsedLog, found: Iterable[Candidate]) -> dict[int, str]:
    """Line number -> its level and message, redacted; of a candidate, what is quoted of it."""
    rows = [
        plain(f"{line.level} {line.message}" if line.level else line.message) for line in log.lines
    ]
    clean = redact("\n".join(rows)).split("\n")
    texts = {line.number: text for line, text in zip(log.lines, clean, strict=True)}
    for candidate in found:
        said = redact(plain(candidate.message))
        if said not in texts.get(candidate.line, ""):
            # a JSON line: its event says that something failed, and its exception what
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
