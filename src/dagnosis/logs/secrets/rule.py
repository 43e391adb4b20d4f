"""A rule: when to look, what to look for, and what to say instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import re2

Rewrite: TypeAlias = Callable[[bytes], bytes]
Span: TypeAlias = tuple[int, int]


class Rule(msgspec.Struct, frozen=True):
    """One row of the table of redactions.

    `trigger` is a cheap expression that stands in every text which the rule may change: the rule
    is only applied where it does. `about` is the sentence for the documentation.
    """

    kind: str
    about: str
    trigger: str
    rewrite: Rewrite


class Match:
    """A match over bytes whose groups are asked for by name (google-re2 keeps the names as bytes).

    Offsets are those of the whole data, also where only a window of it was searched.
    """

    __slots__ = ("_match", "_names", "_offset")

    def __init__(self, match: Any, names: dict[str, int], offset: int) -> None:
        self._match = match
        self._names = names
        self._offset = offset

    def __getitem__(self, group: str | int) -> bytes:
        """What the group matched; b"" when it took no part."""
        return self._match[self._index(group)] or b""

    def has(self, group: str) -> bool:
        """Did the group take part?"""
        return group in self._names and self._match.start(self._names[group]) >= 0

    def span(self, group: str | int = 0) -> Span:
        """Start and end of a group that took part."""
        start, end = self._match.span(self._index(group))
        return start + self._offset, end + self._offset

    def start(self, group: str | int = 0) -> int:
        """Start of a group that took part."""
        return self.span(group)[0]

    def end(self, group: str | int = 0) -> int:
        """End of a group that took part."""
        return self.span(group)[1]

    def _index(self, group: str | int) -> int:
        return group if isinstance(group, int) else self._names[group]


class Finder:
    """An expression over bytes, one byte a character; compiled when it is first needed.

    With an `end` only the window up to there exists: `$` and `^` match at its edges.
    """

    __slots__ = ("_compiled", "_expression", "_names")

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._compiled: Any = None
        self._names: dict[str, int] = {}

    @property
    def named(self) -> bool:
        """Does it name the secret as a part of the match?"""
        return "(?P<secret>" in self._expression

    def search(self, data: bytes, start: int = 0, end: int | None = None) -> Match | None:
        """The first match from `start` on."""
        compiled = self._ready()
        if end is None or end >= len(data):  # no copy: many searches to the end stay linear
            return self._match(compiled.search(data, start), 0)
        return self._match(compiled.search(data[start:end]), start)

    def match(self, data: bytes, start: int = 0, end: int | None = None) -> Match | None:
        """The match that begins at `start`."""
        compiled = self._ready()
        if end is None or end >= len(data):
            return self._match(compiled.match(data, start), 0)
        return self._match(compiled.match(data[start:end]), start)

    def end(self, data: bytes, start: int, end: int | None = None) -> int:
        """Where the match that begins at `start` ends; `start` itself when there is none."""
        found = self.match(data, start, end)
        return found.end() if found else start

    def _ready(self) -> Any:
        if self._compiled is None:
            self._compiled = re2.compile(self._expression.encode("ascii"), options())
            groups = self._compiled.groupindex
            self._names = {name.decode(): index for name, index in groups.items()}
        return self._compiled

    def _match(self, match: Any, offset: int) -> Match | None:
        return Match(match, self._names, offset) if match else None


def options() -> Any:
    """Options for bytes: Latin-1, and room for the automaton of a long alternation."""
    chosen = re2.Options()
    chosen.encoding = re2.Options.Encoding.LATIN1
    chosen.max_mem = 32 << 20
    return chosen


def placeholder(kind: str) -> bytes:
    """What stands where a secret stood."""
    return f"[redacted:{kind}]".encode()


def replaced(
    finder: Finder, data: bytes, kind: str, judge: Callable[[Match, bytes], Span | None]
) -> bytes:
    """`data` with the span that `judge` names for each match replaced.

    The search goes on behind the span, or behind the match where the judge declines, so the whole
    is one pass: linear in the length of `data` as long as the judge looks at a bounded window.
    """
    pieces: list[bytes] = []
    kept = position = 0
    mark = placeholder(kind)
    while found := finder.search(data, position):
        span = judge(found, data)
        if span is None:
            position = max(found.end(), position + 1)
            continue
        pieces += (data[kept : span[0]], mark)
        kept = position = span[1]
    if not pieces:
        return data
    return b"".join((*pieces, data[kept:]))


def shape(kind: str, trigger: str, expression: str, about: str) -> Rule:
    """A rule for text that gives itself away: the group `secret`, or all of the match, goes."""
    finder = Finder(expression)

    def judge(found: Match, data: bytes) -> Span | None:
        return found.span("secret" if finder.named else 0)

    return Rule(kind, about, trigger, lambda data: replaced(finder, data, kind, judge))
