"""Which cells are wrong? Without labels, from what a table shows of itself.

Checks, each with its reason and its guard: a check that would flag too much of a column says nothing
about it, so that a clean column stays clean.

    encoding      U+FFFD, control characters, UTF-8 read as Latin-1, HTML entities in rare values
    null word     "N/A", "unknown", "-" in a column that is otherwise filled
    typo          a rare value one or a few characters from a frequent one
    shape         a value built differently from nearly all of its column
    date          a date that no calendar has
    number        a number far outside the others, or a wrong unit (a power of ten away)
    dependency    a value other than the one that its group agrees on (the minority side)
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

import msgspec

Table: TypeAlias = Mapping[str, Sequence[str | None]]
"""Column name -> its cells as text, row by row; None and the empty text are empty cells."""

NULL_WORDS = frozenset(
    "n/a na nan null none nil unknown undefined missing not available not applicable - -- ? . "
    "#n/a #value! #ref! tbd (null) (blank) <na> n.a.".split()
) | {"not available", "not applicable", "no data"}
"""Texts that mean that there is no value, in lower case."""

RARE = 0.02
"""Share of a column up to which a value or shape counts as rare."""
USUAL = 0.9
"""Share of the filled cells that frequent shapes must cover before another one is odd."""
GUARD = 0.12
"""Share of the filled cells above which a check of one column is not believed."""
GROUP = 3
"""Rows from which a group has a majority."""
SHORT = 4
"""Values of fewer characters are codes, which differ in one character by design."""
LIFT, WEAK = 0.8, 0.45
"""How much more than chance a column must be decided by another before its minority is wrong: the
agreement within groups, where 0 is that of the whole column and 1 is always. From `WEAK` on it is
enough when the disagreement comes from rows that some source has often wrong."""
EXPLAINED = 0.95
"""With a third column beside it that decides so much, the minority is no error: the distance of a
destination hangs on the origin, too."""
SETTLED = 0.7
"""Share of a group that must agree where no source is known to be often wrong."""
ONCE = 0.7
"""Distinct values a row, within groups, from which a column can be the source of reports."""
SPREAD = 0.08
"""How much the values of a column must differ in how often they are right to be called sources."""


class Cell(msgspec.Struct, frozen=True):
    """A cell that is held for wrong: 0-based row, a score in (0, 1], the check and a sentence."""

    row: int
    column: str
    score: float
    check: str
    reason: str


def wrong_cells(table: Table) -> list[Cell]:
    """The cells held for wrong, the surest reason of each, by row and column.

    A table without rows has none; neither has a column that is empty or constant.
    """
    found: dict[tuple[int, str], Cell] = {}
    columns = {name: [cell or "" for cell in cells] for name, cells in table.items()}
    for name, cells in columns.items():
        for check in (_encoding, _null_words, _typos, _shapes, _dates, _numbers):
            for cell in _guarded(check(name, cells), cells):
                _keep(found, cell)
    for cell in _dependencies(columns):
        _keep(found, cell)
    return [found[key] for key in sorted(found)]


def _keep(found: dict[tuple[int, str], Cell], cell: Cell) -> None:
    key = (cell.row, cell.column)
    if key not in found or found[key].score < cell.score:
        found[key] = cell


def _guarded(cells: Iterator[Cell], column: list[str]) -> list[Cell]:
    flagged = list(cells)
    filled = sum(1 for cell in column if cell)
    return flagged if len(flagged) <= max(1, GUARD * filled) else []


def _where(
    name: str, cells: list[str], values: Mapping[str, tuple[float, str]], check: str
) -> Iterator[Cell]:
    for row, cell in enumerate(cells):
        if cell in values:
            score, reason = values[cell]
            yield Cell(row, name, score, check, reason)


_DAMAGE = re.compile(
    r"[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f]|[ÃÂ][\x80-\xbf]|â€|&(?:amp|lt|gt|quot|#\d+);"
)


def _encoding(name: str, cells: list[str]) -> Iterator[Cell]:
    counts = Counter(cells)
    odd = {
        value: (0.99, f"{value[:40]!r} holds characters of a wrong decoding")
        for value, count in counts.items()
        if count <= max(3, RARE * len(cells)) and _DAMAGE.search(value)
    }
    yield from _where(name, cells, odd, "encoding")


def _null_words(name: str, cells: list[str]) -> Iterator[Cell]:
    counts = Counter(cells)
    filled = len(cells) - counts[""]
    odd = {
        value: (0.9, f"{value!r} stands for no value in a column that is filled")
        for value, count in counts.items()
        if value.strip().lower() in NULL_WORDS and count <= GUARD * filled
    }
    if len(counts) > len(odd) + 2:
        yield from _where(name, cells, odd, "null word")


def _typos(name: str, cells: list[str]) -> Iterator[Cell]:
    """Rare values that are a small edit of a frequent one, of words and not of numbers."""
    counts = Counter(cell for cell in cells if cell)
    total = sum(counts.values())
    if len(counts) < 2 or len(counts) > max(50, total * 0.5):
        return
    frequent = [value for value, count in counts.items() if count >= 4]
    by_length: dict[int, list[str]] = defaultdict(list)
    for value in frequent:
        by_length[len(value)].append(value)
    words = Counter(word for value in counts for word in set(_WORDS.findall(value)))
    odd = {}
    for value, count in counts.items():
        # a value of words that other values have, too, is another value: US-049 beside DE-049
        if all(words[word] >= 3 for word in _WORDS.findall(value)):
            continue
        limit = max(1, round(len(value) * 0.3))
        candidates = (v for d in (0, -1, 1) for v in by_length.get(len(value) + d, ()))
        for known in candidates:
            if counts[known] < 4 * count or not _letters_differ(value, known):
                continue
            edits = _edits(value, known, limit)
            if 0 < edits <= limit:
                share = counts[known] / (counts[known] + count)
                odd[value] = (share, f"{value[:40]!r} looks like {known[:40]!r}, which is frequent")
                break
    yield from _where(name, cells, odd, "typo")


_WORDS = re.compile(r"[^\W\d_]+")


def _letters_differ(one: str, two: str) -> bool:
    """Whether two values differ as a slip of the hand does: not only in digits (12 is no typo of 13),
    and of short codes in the kind of a character (AS is no typo of AA, but xA is)."""
    if len(two) < SHORT:
        return _cases(one) != _cases(two)
    return _masked(one) != _masked(two)


def _cases(value: str) -> str:
    return re.sub(r"[a-z]+", "a", re.sub(r"[A-Z0-9]+", "A", value))


def _masked(value: str) -> str:
    return re.sub(r"\d+", "9", value)


def _edits(one: str, two: str, limit: int) -> int:
    """Levenshtein distance up to `limit`, which it exceeds by one where there are more."""
    if abs(len(one) - len(two)) > limit:
        return limit + 1
    if len(one) == len(two):
        differing = sum(a != b for a, b in zip(one, two, strict=True))
        if differing <= limit:
            return differing
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(two, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _skeleton(value: str) -> str:
    """Digits as 9, and words as they are where a column repeats them: "12 patients" -> "9 patients"."""
    return re.sub(r"\d+", "9", value)


def _letters(value: str) -> str:
    """Digits as 9, letters as a or A, runs drawn together."""
    masked = re.sub(r"\d+", "9", value)
    masked = re.sub(r"[A-Z]+", "A", masked)
    return re.sub(r"[a-z]+", "a", masked)


def _shapes(name: str, cells: list[str]) -> Iterator[Cell]:
    """Values whose skeleton (first) or shape (then) hardly any other value of the column has."""
    filled = [cell for cell in cells if cell]
    for form in (_skeleton, _letters):
        counts = Counter(map(form, filled))
        if form is _skeleton and not all(map(_WORDED.search, counts)):
            continue
        limit = max(2.0, RARE * len(filled))
        usual = {shape for shape, count in counts.items() if count > limit}
        covered = sum(counts[shape] for shape in usual)
        if not usual or len(usual) > 12 or covered < USUAL * len(filled) or covered == len(filled):
            continue
        best = max(usual, key=lambda shape: counts[shape])
        for row, cell in enumerate(cells):
            if cell and form(cell) not in usual:
                # what is known better about a cell is told first
                score = 0.85 * covered / len(filled)
                yield Cell(
                    row, name, score, "shape", f"{cell[:40]!r} is not built like {best[:40]!r}"
                )
        return


_WORDED = re.compile(r"[^\W\d_]{4}|[^\w\s]|^9$")
"""What a skeleton must hold to be one: a word or a symbol beside the digits, or digits alone."""

_DATE = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?$")


def _dates(name: str, cells: list[str]) -> Iterator[Cell]:
    matched = [(row, _DATE.match(cell)) for row, cell in enumerate(cells) if cell]
    dates = [(row, m) for row, m in matched if m]
    if len(dates) < USUAL * len(matched):
        return
    for row, m in dates:
        try:
            date(int(m[1]), int(m[2]), int(m[3]))
        except ValueError:
            yield Cell(row, name, 1.0, "date", f"{cells[row]!r} is in no calendar")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _numbers(name: str, cells: list[str]) -> Iterator[Cell]:
    """Numbers beyond three times the Tukey fence, of columns where hardly any other is beyond 1.5."""
    values = [
        (row, number) for row, cell in enumerate(cells) if (number := _number(cell)) is not None
    ]
    finite = sorted(v for _, v in values if abs(v) != float("inf") and v == v)
    if len(finite) < 20 or len(finite) < USUAL * sum(1 for cell in cells if cell):
        return
    low, high = finite[len(finite) // 4], finite[3 * len(finite) // 4]
    spread = high - low
    outside = sum(1 for v in finite if v < low - 1.5 * spread or v > high + 1.5 * spread)
    if not spread or outside > 0.01 * len(finite):
        return
    for row, value in values:
        far = max(low - value, value - high) / spread
        if far > 4.5:
            yield Cell(
                row,
                name,
                far / (far + 1),
                "number",
                f"{cells[row]} is far outside {low:g} to {high:g}",
            )


class _Vote(NamedTuple):
    """What a group says of a cell: that it is wrong (a positive weight) or right."""

    weight: float
    reason: str
    by: str
    sourced: bool


Votes: TypeAlias = dict[tuple[int, str], list[_Vote]]


def _dependencies(columns: Mapping[str, list[str]]) -> Iterator[Cell]:
    """Cells that differ from what their group agrees on, when the groups decide the column."""
    groups = {name: found for name, cells in columns.items() if (found := _groups(cells))}
    votes: Votes = defaultdict(list)
    for by, members in groups.items():
        _vote(columns, by, members, _decided(columns, by, members), votes)
    wrong: dict[int, list[str]] = defaultdict(list)
    for (row, name), cast in votes.items():
        if sum(vote.weight for vote in cast) > 0:
            wrong[row].append(name)
    for row, names in wrong.items():
        against = [vote for name in names for vote in votes[row, name] if vote.weight > 0]
        sure = len({vote.by for vote in against}) > 1 or any(vote.sourced for vote in against)
        # several cells that one column alone speaks against are two things that share its value, two
        # routes of one length, rather than several errors; unless a source is known for them
        if sure or len(names) == 1:
            yield from (_outvoted(row, name, votes[row, name]) for name in names)


def _outvoted(row: int, name: str, cast: list[_Vote]) -> Cell:
    weights = [vote.weight for vote in cast]
    share = sum(weights) / sum(map(abs, weights))
    return Cell(row, name, 0.5 + share / 2.5, "dependency", max(cast).reason)


def _decided(
    columns: Mapping[str, list[str]], by: str, groups: list[list[int]]
) -> dict[str, float]:
    """The columns that the groups of one decide, and how much more than chance."""
    lifts = {name: _lift(cells, groups) for name, cells in columns.items() if name != by}
    free = {name: columns[name] for name, lift in lifts.items() if lift < WEAK}
    return {
        name: lift
        for name, lift in lifts.items()
        if name not in free
        and (lift >= EXPLAINED or not _explained(columns[name], free, groups, lift))
    }


def _vote(
    columns: Mapping[str, list[str]],
    by: str,
    groups: list[list[int]],
    decided: Mapping[str, float],
    votes: Votes,
) -> None:
    """Add what the groups of `by` say of the columns that they decide."""
    if not decided:
        return
    trust, sourced = _trust(columns, groups, by, list(decided))
    for name, lift in decided.items():
        if lift < LIFT and not sourced:
            continue
        told = list(_against(columns[name], groups, trust, by, sourced))
        if not sourced and sum(verdict for _, verdict, _ in told) > GUARD * len(told):
            continue
        for row, verdict, reason in told:
            votes[row, name].append(_Vote(lift if verdict else -lift, reason, by, sourced))


def _groups(cells: list[str]) -> list[list[int]] | None:
    """Rows by value, when groups of `GROUP` rows and more hold most of the rows."""
    members: dict[str, list[int]] = defaultdict(list)
    for row, cell in enumerate(cells):
        if cell:
            members[cell].append(row)
    large = [rows for rows in members.values() if len(rows) >= GROUP]
    covered = sum(map(len, large))
    return large if len(large) >= 2 and covered >= 0.5 * len(cells) else None


def _lift(cells: list[str], groups: list[list[int]]) -> float:
    """0: the groups say nothing of the column; 1: they decide it."""
    agreed = size = 0
    for rows in groups:
        counts = Counter(cells[row] for row in rows if cells[row])
        if counts:
            # one row of a group agrees with itself, which is no evidence
            agreed += counts.most_common(1)[0][1] - 1
            size += sum(counts.values()) - 1
    filled = Counter(cell for cell in cells if cell)
    if not size or len(filled) < 2:
        return 0.0
    base = filled.most_common(1)[0][1] / sum(filled.values())
    return (agreed / size - base) / (1 - base)


def _explained(
    cells: list[str], free: Mapping[str, list[str]], groups: list[list[int]], lift: float
) -> bool:
    """Whether another column, free of the one that decides, splits the groups into ones that agree
    and still have several rows."""
    for values in free.values():
        parts: list[list[int]] = []
        covered = 0
        for rows in groups:
            split: dict[str, list[int]] = defaultdict(list)
            for row in rows:
                split[values[row]].append(row)
            larger = [part for part in split.values() if len(part) > 1]
            parts += larger
            covered += sum(map(len, larger))
        if covered < 0.5 * sum(map(len, groups)):
            continue
        finer = _lift(cells, parts)
        if finer >= EXPLAINED and 1 - finer < (1 - lift) / 2:
            return True
    return False


def _trust(
    columns: Mapping[str, list[str]], groups: list[list[int]], by: str, decided: list[str]
) -> tuple[list[float], bool]:
    """How far each row is to be believed: rows of a source that often stands alone count less; and
    whether there is such a source.

    The source is the column whose values differ most in how often they agree with the majority of
    their group; agreement and trust are found in turns (Dong et al., VLDB 2009, without copying).
    """
    size = len(columns[by])
    trust, sourced = [1.0] * size, False
    witnesses = {
        name: cells
        for name, cells in columns.items()
        if name != by
        and name not in decided
        and 3 <= len(set(cells)) <= size / 8
        and _once(cells, groups)
    }
    for _ in range(4):
        right, seen = [0] * size, [0] * size
        for name in decided:
            cells = columns[name]
            for rows in groups:
                best = _majority(cells, rows, trust)[0]
                for row in rows:
                    if cells[row]:
                        seen[row] += 1
                        right[row] += cells[row] == best
        chosen = max(
            (_rates(cells, right, seen) for cells in witnesses.values()),
            key=lambda found: found[0],
            default=(0.0, {}, []),
        )
        if chosen[0] < SPREAD:
            break
        sourced = True
        trust = [chosen[1].get(value, 0.5) ** 3 for value in chosen[2]]
    return trust, sourced


def _once(cells: list[str], groups: list[list[int]]) -> bool:
    """Whether a column may name sources: each tells of a thing once, so the rows of a group differ in it."""
    told = sum(len({cells[row] for row in rows}) for rows in groups)
    return told >= ONCE * sum(map(len, groups))


def _rates(
    cells: list[str], right: list[int], seen: list[int]
) -> tuple[float, dict[str, float], list[str]]:
    """Spread over the values of how often their rows are right, the rate of each value, the values."""
    hits: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for value, one, all_ in zip(cells, right, seen, strict=True):
        hits[value][0] += one
        hits[value][1] += all_
    total = max(sum(seen), 1)
    mean = sum(right) / total
    # a value of few rows is taken for as right as all are
    rates = {value: (yes + 2 * mean) / (all_ + 2) for value, (yes, all_) in hits.items()}
    square = sum(all_ * (rates[value] - mean) ** 2 for value, (_, all_) in hits.items()) / total
    # so much rates differ by chance
    chance = len(hits) * mean * (1 - mean) / total
    spread = max(square - chance, 0.0) ** 0.5
    return spread, rates, cells


def _majority(cells: list[str], rows: list[int], trust: list[float]) -> tuple[str, float]:
    """The value of a group by weight, and its share of the weight of the filled cells."""
    weights: dict[str, float] = defaultdict(float)
    for row in rows:
        if cells[row]:
            weights[cells[row]] += trust[row] + 1e-3
    if not weights:
        return "", 0.0
    best = max(weights, key=lambda value: weights[value])
    return best, weights[best] / sum(weights.values())


def _against(
    cells: list[str], groups: list[list[int]], trust: list[float], by: str, sourced: bool
) -> Iterator[tuple[int, bool, str]]:
    """Row, whether it differs from its group, and a sentence; groups that disagree say nothing."""
    empties = sum(1 for cell in cells if not cell) / len(cells)
    for rows in groups:
        best, share = _majority(cells, rows, trust)
        if share < (0.5 if sourced else SETTLED) or (share < 0.6 and len(rows) < 5):
            continue
        filled = sum(1 for row in rows if cells[row])
        for row in rows:
            cell = cells[row]
            if not cell and (filled < 2 or not empties):
                continue
            yield row, cell != best, f"rows with the same {by} have {best[:40]!r}"
