"""The places of a huge log that look like a failure: found at the speed of one DFA, rarest first.

Every line with a word of failure is a hit. Hits of one shape (the line without its digits) are
counted and only a few of them kept, so that a word that stands on every line hides nothing: a rare
shape goes before a common one, a strong word before a weak one.
"""

from __future__ import annotations

import math
import os
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import re2

_WEAK = (
    "error|exception|fail(?:ed|ure|ing|s)|fatal|panic|abort|invalid|denied|refused|forbidden"
    "|unauthori[sz]ed|not found|no such|timed out|cannot|could not|unable to|does not exist"
    "|deadlock|violat|unreachable|reset by peer|killed|critical|severe|crash|corrupt|expired"
    "|not permitted|read-only|quota|rejected"
)
_STRONG = (
    r"traceback \(most recent|\"error_detail\"|\"level\": ?\"(?:error|critical|fatal)\"|caused by: "
    r"|\bfatal\b|\bpanic(?:ked)?\b|out ?of ?memory|\boom|memoryerror|no space left|core dumped"
    r"|segmentation fault|\bsig(?:kill|term|segv|abrt|bus)\b|\bkilled\b|unhandled|uncaught"
    r"|exception in thread|[a-z](?:error|exception): |(?:exit|return|status) (?:code|status)[ :=]+-?[1-9]"
)
_NEEDLES = re2.compile(f"(?i){_WEAK}|{_STRONG}".encode())
_LOUD = re2.compile(f"(?i){_STRONG}".encode())
_TRACE = re2.compile(b"(?i)traceback|caused by|exception in thread|panicked")

_HITS = 40
"""Hits of a block that are followed one by one; in a denser block equal lines are set aside first."""
_KEPT = 3
"""Hits of one shape that are kept: the first ones and the newest."""
_SHAPES = 30_000
"""Shapes that are told apart in dense blocks; in a log with more of them, these are sampled."""
_HELD_BYTES = 16 << 20
"""Of windows; when there are more, the worse half of them is dropped."""
_BEFORE, _AFTER, _TRACE_AFTER = 3, 8, 40
"""Lines around a hit."""
_WINDOW = 32 << 10
"""Bytes around a hit."""
# Without digits and hexadecimal letters, lines that differ in numbers and ids have one shape.
_VARIABLE = b"0123456789abcdefABCDEF"
_AHEAD = 4


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A line that looks like a failure. `window` are whole lines around it, from line `first`."""

    line: int
    first: int
    window: bytes
    loud: bool


class Index:
    """Collects the hits of a log, block by block, in file order.

    The search runs in threads beside the reading, since google-re2 lets go of the interpreter. What
    is found does not depend on their number. `sampled` says that some lines were passed over.
    """

    def __init__(self) -> None:
        self.sampled = False
        self._counts: Counter[int] = Counter()
        self._hits: dict[int, list[Hit]] = {}
        self._held = self._told_apart = 0
        self._threads = ThreadPoolExecutor(min(_AHEAD, os.cpu_count() or 1))
        self._ahead: deque[tuple[int, bytes, Future[list[int]]]] = deque()

    def add(self, first: int, block: bytes) -> None:
        """Search `block`, whole lines of which the first has the number `first`."""
        self._ahead.append((first, block, self._threads.submit(_starts, block)))
        if len(self._ahead) > _AHEAD:
            self._follow(*self._ahead.popleft())

    def windows(self, budget: int) -> list[tuple[int, bytes]]:
        """(number of its first line, its bytes) of the best places, in file order, not overlapping.

        At most `budget` bytes; empty when nothing looks like a failure. Ends the search.
        """
        while self._ahead:
            self._follow(*self._ahead.popleft())
        self._threads.shutdown()
        return list(_apart([hit for _, hit in self._best(budget)]))

    def _best(self, budget: int) -> Iterator[tuple[int, Hit]]:
        """Hits and their shapes, rare and loud ones first and late before early, up to a size."""
        ranked = [
            ((3.0 if hit.loud else 1.0) / math.log2(2 + self._counts[shape]), hit.line, shape, hit)
            for shape, hits in self._hits.items()
            for hit in hits
        ]
        ranked.sort(key=lambda row: row[:2], reverse=True)
        for _, _, shape, hit in ranked:
            budget -= len(hit.window)
            if budget >= 0:
                yield shape, hit

    def _follow(self, first: int, block: bytes, found: Future[list[int]]) -> None:
        starts = found.result()
        dense = len(starts) == _HITS
        if dense and not self.sampled:
            shapes = list(map(hash, block.translate(None, _VARIABLE).split(b"\n")))
            starts = self._new_starts(block, shapes)
            # once a block, not once a line: enough to tell rare from common, and much faster
            self._counts.update(set(shapes))
            self.sampled = self._told_apart > _SHAPES
        line, counted = first, 0
        for start in starts:
            line += block.count(b"\n", counted, start)
            counted = start
            text = block[start : _end_of_line(block, start)]
            shape = hash(text.translate(None, _VARIABLE))
            if not dense or self.sampled:
                self._counts[shape] += 1
            self._keep(shape, _hit(line, block, start, text))

    def _new_starts(self, block: bytes, shapes: list[int]) -> list[int]:
        """Where the lines of failure begin whose shape is new; all in C for a block without any."""
        new = set(shapes).difference(self._counts)
        if not new:
            return []
        self._told_apart += len(new)
        starts, at = [], 0
        for line, shape in zip(block.split(b"\n"), shapes, strict=True):
            if shape in new:
                new.remove(shape)
                if _NEEDLES.search(line):
                    starts.append(at)
            at += len(line) + 1
        return starts

    def _keep(self, shape: int, hit: Hit) -> None:
        kept = self._hits.setdefault(shape, [])
        if len(kept) == _KEPT:
            self._held -= len(kept.pop().window)
        kept.append(hit)
        self._held += len(hit.window)
        if self._held > _HELD_BYTES or len(self._counts) > 4 * _SHAPES:
            self._prune()

    def _prune(self) -> None:
        best = list(self._best(_HELD_BYTES // 2))
        self._held = sum(len(hit.window) for _, hit in best)
        self._hits = {}
        for shape, hit in sorted(best, key=lambda pair: pair[1].line):
            self._hits.setdefault(shape, []).append(hit)
        self._counts = Counter(
            {shape: n for shape, n in self._counts.items() if n > 1 or shape in self._hits}
        )


def _starts(block: bytes) -> list[int]:
    """Where the lines begin that hold a needle, `_HITS` of them at most."""
    starts: list[int] = []
    at = 0
    while len(starts) < _HITS:
        match = _NEEDLES.search(block, at)
        if match is None:
            break
        found = match.start()
        starts.append(block.rfind(b"\n", at, found) + 1 or at)
        at = block.find(b"\n", found) + 1
        if not at:
            break
    return starts


def _end_of_line(block: bytes, start: int) -> int:
    end = block.find(b"\n", start)
    return end if end >= 0 else len(block)


def _hit(line: int, block: bytes, start: int, text: bytes) -> Hit:
    low, above = start, 0
    while above < _BEFORE and low and start - low < _WINDOW // 4:
        low = block.rfind(b"\n", 0, low - 1) + 1
        above += 1
    high = start
    for _ in range(1 + (_TRACE_AFTER if _TRACE.search(text) else _AFTER)):
        high = block.find(b"\n", high) + 1 or len(block)
        if high == len(block) or high - start > _WINDOW:
            break
    return Hit(line, line - above, block[low:high], bool(_LOUD.search(text)))


def _apart(hits: list[Hit]) -> Iterator[tuple[int, bytes]]:
    """The windows in file order, each line once."""
    following = 0
    for hit in sorted(hits, key=lambda hit: (hit.first, -len(hit.window))):
        first, window = hit.first, hit.window
        if first < following:
            rest = window.split(b"\n", following - first)
            if len(rest) <= following - first or not rest[-1]:
                continue
            first, window = following, rest[-1]
        following = first + window.count(b"\n") + (not window.endswith(b"\n"))
        yield first, window


def speaks_of_failure(line: bytes) -> bool:
    """Whether a line holds one of the words."""
    return bool(_NEEDLES.search(line))
