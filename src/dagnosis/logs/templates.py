"""The templates of a log: its lines with the variable parts taken out, and how often each occurs.

Drain (He et al., "Drain: An Online Log Parsing Approach with Fixed Depth Tree", ICWS 2017) behind
two caches, since a log repeats itself:

1. Lines that are equal without their digits are one group. Grouping costs no Python per line: it is
   `bytes.translate`, `split` and `Counter` over a block of lines.
2. A line of a new group, or of one whose digits matter, is compared with lines seen before: its
   words where they had no variable part. This costs some microseconds a line.
3. Only what is left is masked and descends the tree.

Exit codes, HTTP status, errno and the like are part of the path through the tree, and so is whether
a line speaks of failure: lines that differ there never share a template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import chain, islice
from operator import itemgetter
from typing import Any

import msgspec
import re2

from dagnosis.logs.decoding import blocks, shorten
from dagnosis.logs.masking import parts
from dagnosis.logs.needles import speaks_of_failure

WILDCARD = "<*>"
OTHER = "other"
"""The id of the bucket of lines that came after the budget was spent."""


class Budget(msgspec.Struct, frozen=True):
    """What mining may cost, whatever the log. Counts rather than seconds: the same log, the same
    templates. Masking a line and finding its place costs some 0.1 ms."""

    masked: int = 10_000
    """Lines that are masked."""
    compared: int = 2_000_000
    """Lines that are compared with lines seen before."""
    templates: int = 2_000


class Template(msgspec.Struct, frozen=True):
    """Lines that differ in their variable parts alone.

    `text` has typed placeholders (`<num>`) for what masking took out and `<*>` for other words that
    vary; of a JSON line it is `level logger: event`. `count` is in lines, `first_line` and
    `last_line` are 1-based, `example` is the first line. `id` depends on nothing but `text`.
    """

    id: str
    text: str
    count: int
    first_line: int
    last_line: int
    example: str


def mine(source: Iterable[str] | Iterable[bytes], budget: Budget | None = None) -> list[Template]:
    """The templates of a log, most frequent first; then the earlier one. Empty for an empty log.

    `source` gives lines as `str`, or chunks of the log as `bytes`, cut anywhere. Blank lines count
    in line numbers and nowhere else. Lines beyond the budget are in a template whose id is `OTHER`.

    >>> [(t.count, t.text) for t in mine(["took 5 ms", "took 9 ms", "exit code 1", "exit code 2"])]
    [(2, 'took <duration>'), (1, 'exit code 1'), (1, 'exit code 2')]
    """
    miner = _Miner(budget or Budget())
    for block in blocks(_chunks(source), _MAX_LINE, []):
        miner.feed(block)
    return miner.templates()


_MAX_LINE = 16 << 10
_LINES = 4096
"""Lines of text that are packed into one chunk."""


def _chunks(source: Iterable[str] | Iterable[bytes]) -> Iterator[bytes]:
    rest: Iterator[Any] = iter(source)
    for first in islice(rest, 1):
        rest = chain((first,), rest)
        if isinstance(first, bytes):
            yield from rest
    while lines := list(islice(rest, _LINES)):
        yield "".join(line.replace("\n", " ") + "\n" for line in lines).encode("utf-8", "replace")


# ---------------------------------------------------------------- the caches


class _Tally(msgspec.Struct, gc=False):
    """How often and where the lines of one leaf of the tree were seen."""

    tokens: list[str]
    example: bytes
    first: int
    last: int = 0
    count: int = 0

    def see(self, count: int, last: int) -> None:
        self.count += count
        self.last = max(self.last, last)


class _Doubt(msgspec.Struct, gc=False):
    """A group whose lines kept digits, as in `worker-12`: do they all have one template?"""

    tally: _Tally | None = None
    run: int = 0

    def settled(self, tally: _Tally) -> bool:
        """Whether so many lines in a row had one template that the rest is taken to have it too."""
        self.run = self.run + 1 if tally is self.tally else 1
        self.tally = tally
        return self.run >= _SETTLED


_SETTLED = 32


class _Words:
    """Lines whose words are equal at the places `at`, where no variable part stood."""

    def __init__(self, length: int, at: tuple[int, ...]) -> None:
        self.length = length
        self.at = at
        self.tallies: dict[Any, _Tally] = {}
        self.pick: Callable[[list[bytes]], Any] = itemgetter(*at) if at else _nothing


def _nothing(_: list[bytes]) -> tuple[()]:
    return ()


_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_KINDS, _VARIANTS = 16, 512
"""How many places of variable words, and how many words at them, a group of lines may have."""


class _Miner:
    def __init__(self, budget: Budget) -> None:
        self._left = budget.masked
        self._left_to_compare = budget.compared
        self._tree = _Tree(budget.templates)
        self._groups: dict[bytes, _Tally] = {}
        self._doubtful: dict[bytes, _Doubt] = {}
        self._words: dict[bytes, list[_Words]] = {}
        self._other: _Tally | None = None
        self._line = 1

    def feed(self, block: bytes) -> None:
        """Count the lines of a block of whole lines."""
        groups = block.translate(None, _DIGITS).split(b"\n")
        if not groups[-1]:
            groups.pop()
        counts = Counter(groups)
        last = dict(zip(groups, range(self._line, self._line + len(groups)), strict=True))
        single: set[bytes] = set()
        for group, count in counts.items():
            tally = self._groups.get(group)
            if tally is not None:
                tally.see(count, last[group])
            else:
                single.add(group)
        if single:
            lines = block.split(b"\n")
            for index, group in enumerate(groups):
                # without digits, a blank line and one of digits alone are one group
                if group in single and (group.strip() or lines[index].strip()):
                    self._one(lines[index], self._line + index, group)
        self._line += len(groups)

    def _one(self, line: bytes, number: int, group: bytes) -> None:
        tally = self._groups.get(group)  # it may have become known within the block
        if tally is None:
            tally = self._compared(line, number, group)
            doubt = self._doubtful.get(group)
            if doubt is not None and doubt.settled(tally):
                self._groups[group] = tally
        tally.see(1, number)

    def _compared(self, line: bytes, number: int, group: bytes) -> _Tally:
        if self._left_to_compare <= 0:
            return self._beyond(line, number)
        self._left_to_compare -= 1
        words = _words(line)
        shape = line.translate(None, _HEX)
        kinds = self._words.get(shape, [])
        for kind in kinds:
            if kind.length == len(words):
                tally = kind.tallies.get(kind.pick(words))
                if tally is not None:
                    return tally
        return self._masked(line, number, group, shape)

    def _masked(self, line: bytes, number: int, group: bytes, shape: bytes) -> _Tally:
        if self._left <= 0:
            return self._beyond(line, number)
        self._left -= 1
        masked = _Masked(line)
        tally = self._tree.place(masked, line, number)
        if tally is None:
            self._left -= _REFUSED
            return self._beyond(line, number)
        if masked.comparable:
            kinds = self._words.setdefault(shape, [])
            self._remember(_words(line), masked.fixed, kinds, tally)
        if group.strip() and len(self._groups) + len(self._doubtful) < _GROUPS:
            if not masked.keeps_digits:
                self._groups[group] = tally
            elif not masked.codes:
                self._doubtful.setdefault(group, _Doubt())
        return tally

    def _remember(
        self, words: list[bytes], fixed: tuple[int, ...], kinds: list[_Words], tally: _Tally
    ) -> None:
        shape = (len(words), fixed)
        kind = next((kind for kind in kinds if (kind.length, kind.at) == shape), None)
        if kind is None and len(kinds) < _KINDS:
            kind = _Words(*shape)
            kinds.append(kind)
        if kind is not None and len(kind.tallies) < _VARIANTS:
            kind.tallies[kind.pick(words)] = tally

    def _beyond(self, line: bytes, number: int) -> _Tally:
        if self._other is None:
            self._other = _Tally([], line, number)
        return self._other

    def templates(self) -> list[Template]:
        """What was found; leaves whose texts became equal are one template."""
        by_text: dict[str, Template] = {}
        for tally in self._tree.tallies:
            text = " ".join(tally.tokens).replace(_CODE, "")
            new = _template(_id(text), text, tally)
            by_text[text] = _joined(by_text[text], new) if text in by_text else new
        found = list(by_text.values())
        if self._other:
            found.append(_template(OTHER, "(lines beyond the budget)", self._other))
        return sorted(found, key=lambda template: (-template.count, template.first_line))


_GROUPS = 50_000
_REFUSED = 3
"""Lines that one line costs which finds no place: what follows will hardly find one either."""


def _id(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _template(name: str, text: str, tally: _Tally) -> Template:
    example = shorten(tally.example.decode("utf-8", "replace").strip(), 500)
    return Template(name, text, tally.count, tally.first, tally.last, example)


def _joined(one: Template, other: Template) -> Template:
    first = min(one, other, key=lambda template: template.first_line)
    return msgspec.structs.replace(
        first, count=one.count + other.count, last_line=max(one.last_line, other.last_line)
    )


# ---------------------------------------------------------------- one masked line

_CODE = "\x01"
"""Ends a word that holds a code, inside this module."""
_LEVEL = re2.compile(
    r"^(?:\S+ ){0,6}[\[(|:]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE)[\])|:]?(?: [-:|])?(?: |$)"
)


class _Event(msgspec.Struct, gc=False):
    event: str = ""
    level: str = ""
    logger: str = ""
    error_detail: Any = None


_decode = msgspec.json.Decoder(_Event).decode


class _Masked:
    """A line as words of its template.

    `head` is how many words stand before the message; `codes` the words that hold a code, and where;
    `fixed` the places of the words of the *raw* line that masking left alone. `comparable`: those
    tell the codes too.
    """

    def __init__(self, line: bytes) -> None:
        text, kept, touched = _mask(line)
        self.keeps_digits = _DIGIT.search(text) is not None
        event = _event(line)
        if event:
            text = _of_event(event, [line[start:stop] for start, stop in kept])
            self.head = 2
        else:
            level = _LEVEL.search(text)
            self.head = len(level.group().split()) if level else 0
        self.tokens = text.split()
        self.codes = tuple(pair for pair in enumerate(self.tokens) if _CODE in pair[1])
        self.fails = speaks_of_failure(text.encode())
        words = _words(line)
        hidden = _overlapping(line, words, touched)
        self.fixed = tuple(sorted(set(range(len(words))) - hidden))
        self.comparable = hidden.isdisjoint(_overlapping(line, words, kept))


def _event(line: bytes) -> _Event | None:
    if not line.startswith(b'{"') or b'"event"' not in line:
        return None
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _of_event(event: _Event, codes: list[bytes]) -> str:
    """`level logger: event`, the exception's type, and the codes that stand beside the event."""
    message, _, _ = _mask(event.event.encode("utf-8", "replace"))
    words = [event.level or "-", (event.logger or "-").replace(" ", "_") + ":", message]
    detail = event.error_detail
    if isinstance(detail, list) and detail and isinstance(detail[-1], dict):
        words.append(f"[{detail[-1].get('exc_type')}]")
    beside = [_marked(code).decode("utf-8", "replace").replace('"', "") for code in codes]
    words += [code for code in beside if code not in message]
    return " ".join(words)


def _mask(line: bytes) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]]]:
    """The masked text, its codes marked; where the codes stand; where something was taken out."""
    pieces: list[bytes] = []
    codes: list[tuple[int, int]] = []
    touched: list[tuple[int, int]] = []
    end = 0
    for part in parts(line):
        pieces.append(line[end : part.start])
        pieces.append(_marked(part.stand_in) if part.code else part.stand_in)
        end = part.stop
        if part.code:
            codes.append((part.start, end))
        elif part.stand_in != line[part.start : end]:
            touched.append((part.start, end))
    pieces.append(line[end:])
    return b"".join(pieces).decode("utf-8", "replace"), codes, touched


def _marked(code: bytes) -> bytes:
    mark = _CODE.encode()
    return code.replace(b" ", mark + b" ") + mark


_SEPARATORS = b"\"',;=:()[]{}|<>"
_SPACES = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))


def _words(line: bytes) -> list[bytes]:
    return line.translate(_SPACES).split()


def _overlapping(line: bytes, words: list[bytes], spans: list[tuple[int, int]]) -> set[int]:
    """Which words share a byte with a span; both are in order."""
    found: set[int] = set()
    rest = iter(spans)
    span = next(rest, None)
    at = 0
    for index, word in enumerate(words):
        start = line.find(word, at)
        at = start + len(word)
        while span and span[1] <= start:
            span = next(rest, None)
        if span and span[0] < at:
            found.add(index)
    return found


# ---------------------------------------------------------------- the tree


_SIMILAR = 0.6
"""Share of equal words from which two messages of one length are one template."""
_LEAVES = 64
"""Templates below one first word; a line is compared with each of them."""
_DIGIT = re2.compile(r"[0-9]")
_VARIES = re2.compile(r"[<0-9]")
_CHILDREN = 100
"""First words that are told apart below a node; more of them go to the wildcard."""


class _Tree:
    """Head, length, codes and failure; then the first word; then the most similar leaf."""

    def __init__(self, most: int) -> None:
        self.tallies: list[_Tally] = []
        self._most = most
        self._nodes: dict[Any, dict[str, list[_Tally]]] = {}

    def place(self, masked: _Masked, line: bytes, number: int) -> _Tally | None:
        """The leaf for a line; None when there are too many."""
        tokens, head = masked.tokens, masked.head
        path = (tuple(tokens[:head]), len(tokens), masked.codes, masked.fails)
        node = self._nodes.setdefault(path, {})
        first = tokens[head] if head < len(tokens) else ""
        if _VARIES.search(first) or (first not in node and len(node) >= _CHILDREN):
            first = WILDCARD
        leaf = node.setdefault(first, [])
        best, share = None, _SIMILAR
        for tally in leaf:
            alike = _alike(tally.tokens, tokens, head)
            if alike >= share:
                best, share = tally, alike + 1e-9
        if best is None:
            if len(self.tallies) >= self._most or len(leaf) >= _LEAVES:
                return None
            best = _Tally(tokens, line, number)
            leaf.append(best)
            self.tallies.append(best)
        else:
            best.tokens = [
                one if one == other else WILDCARD
                for one, other in zip(best.tokens, tokens, strict=True)
            ]
        return best


def _alike(one: list[str], other: list[str], head: int) -> float:
    if len(one) == head:
        return 1.0
    same = sum(a == b for a, b in zip(one[head:], other[head:], strict=True))
    return same / (len(one) - head)
