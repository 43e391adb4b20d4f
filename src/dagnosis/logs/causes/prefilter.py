"""Thousands of expressions, tried on every suspicious line in a few microseconds.

Each re2 expression holds literals without which it cannot match; one Aho-Corasick automaton finds
those of all expressions in a single pass, and only expressions whose literal stands in the text are
compiled (once) and tried. One re2.Set of all expressions needs 0.2 s to compile and 100 µs for each
line of a new shape (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

import ahocorasick_rs
import re2

from dagnosis.logs.causes.kept import kept

Literals: TypeAlias = frozenset[str]
"""Lower-case strings, one of which stands in every lower-case text that an expression matches."""

SHORTEST = 3
"""Bytes of a literal; a shorter one stands in too many lines to be of use."""


class _Reader:
    """Reads one re2 expression from left to right and gathers what it requires."""

    def __init__(self, expression: str) -> None:
        self.text = expression
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def alternatives(self) -> Literals | None:
        """Up to the closing parenthesis: what each branch requires, together; None if one
        requires nothing."""
        branches = [self.sequence()]
        while self.peek() == "|":
            self.take()
            branches.append(self.sequence())
        known = [branch for branch in branches if branch]
        return frozenset().union(*known) if len(known) == len(branches) else None

    def sequence(self) -> Literals | None:
        """The most telling of the literals that stand in a row."""
        found: list[Literals] = []
        run = ""
        while self.peek() and self.peek() not in "|)":
            item = self.item()
            needed, once = self.quantifier()
            if isinstance(item, str) and item and needed:
                run += item
                if once:
                    continue
            if run:
                found.append(frozenset([run]))
                run = ""
            if isinstance(item, frozenset) and needed:
                found.append(item)
        if run:
            found.append(frozenset([run]))
        usable = [literals for literals in found if _shortest(literals) >= SHORTEST]
        return max(usable, key=lambda each: (_shortest(each), -len(each)), default=None)

    def item(self) -> str | Literals | None:
        """One character ("" for anything that is not one), or what a group requires."""
        char = self.take()
        if char == "(":
            return self.group()
        if char == "[":
            return self.character_class()
        if char == "\\":
            return self.escape()
        return char.lower() if char not in ".^$" and len(char.lower()) == 1 else ""

    def group(self) -> Literals | None:
        if self.peek() == "?":
            while self.peek() and self.peek() not in ":>)":
                self.take()
            if self.take() == ")":  # flags alone, as in (?i): the literals are lower case anyway
                return None
        inside = self.alternatives()
        self.take()
        return inside

    def character_class(self) -> str:
        chars = ""
        while self.peek() and (self.peek() != "]" or not chars):
            char = self.take()
            if char == "[" and self.peek() == ":":
                self.at = self.text.index(":]", self.at) + 2
            chars += char + (self.take() if char == "\\" else "")
        self.take()
        both = len(chars) == 2 and chars.isalpha() and chars[0].lower() == chars[1].lower()
        return chars[0].lower() if both else ""  # [Cc] is a letter in either case

    def escape(self) -> str:
        char = self.take()
        if char in "pP" and self.peek() == "{":
            self.at = self.text.index("}", self.at) + 1
        elif char in "pPx":
            self.at += 2 if char == "x" else 1
        return "" if char.isalnum() else char

    def quantifier(self) -> tuple[bool, bool]:
        """(at least once, exactly once)."""
        char = self.peek()
        if char == "{":
            end = self.text.index("}", self.at)
            least = self.text[self.at + 1 : end].partition(",")[0]
            self.at = end + 1
        elif char and char in "?*+":
            self.take()
            least = "1" if char == "+" else "0"
        else:
            return True, True
        if self.peek() == "?":
            self.take()
        return least != "0", False


def _shortest(literals: Literals) -> int:
    return min(len(literal.encode()) for literal in literals)


def required(expression: str) -> Literals | None:
    """Literals of which any text that matches `expression` holds one, in lower case; None where
    nothing of use is required.

    >>> sorted(required(r"(?i)no such (?:file|table) \\d+"))
    ['no such ']
    >>> required(r"\\d+") is None
    True
    """
    return _Reader(expression).alternatives()


def _kept_literals(name: str, expressions: Sequence[str]) -> tuple[Literals | None, ...]:
    digest = blake2b(Path(__file__).read_bytes(), digest_size=12)
    digest.update("\0".join(expressions).encode())
    return kept(
        f"literals-{name}",
        digest.hexdigest(),
        tuple[Literals | None, ...],
        lambda: tuple(map(required, expressions)),
    )


class Prefilter:
    """`match(text)` gives the indices of the expressions that match somewhere in `text`.

    `name` is that under which the literals are kept from one process to the next.
    """

    def __init__(self, name: str, expressions: Sequence[str]) -> None:
        self._expressions = expressions
        self._compiled: dict[int, re2._Regexp[bytes]] = {}
        owners: dict[str, list[int]] = {}
        self._always: list[int] = []
        for index, needed in enumerate(_kept_literals(name, expressions)):
            if not needed:
                self._always.append(index)
            for literal in needed or ():
                owners.setdefault(literal, []).append(index)
        self._owners = list(owners.values())
        self._unfiltered = re2.Set.SearchSet()
        for index in self._always:
            self._unfiltered.Add(expressions[index])
        if self._always:
            self._unfiltered.Compile()
        self._automaton = ahocorasick_rs.AhoCorasick(list(owners)) if owners else None

    def match(self, text: str) -> list[int]:
        """Indices in ascending order; empty when nothing matches. Linear in the length of text."""
        candidates: set[int] = set()
        if self._always:
            sure = self._unfiltered.Match(text) or ()
            candidates.update(self._always[position] for position in sure)
        if self._automaton:
            found = self._automaton.find_matches_as_indexes(text.lower(), overlapping=True)
            for literal, _, _ in found:
                candidates.update(self._owners[literal])
        if not candidates:
            return []
        data = text.encode("utf-8", "replace")
        return [index for index in sorted(candidates) if self._expression(index).search(data)]

    def _expression(self, index: int) -> re2._Regexp[bytes]:
        compiled = self._compiled.get(index)
        if compiled is None:
            compiled = re2.compile(self._expressions[index].encode())
            self._compiled[index] = compiled
        return compiled
