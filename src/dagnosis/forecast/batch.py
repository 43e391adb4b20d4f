"""The features of a whole table of runs at once, equal to those of the stream.

Per track, the events are brought in order of track and time, the state after each outcome is
computed for all outcomes together (sums, and first-order recursions, which are triangular banded
systems), and each run looks up the state that it would have read. Columns are made one at a time, so
a table that is larger than memory can be written out column by column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast import facts
from dagnosis.forecast.facts import Dated
from dagnosis.forecast.features import (
    DAY,
    FAST,
    HOUR,
    MEMORY,
    MIDDLE,
    NAMES,
    RING,
    SLOTS,
    SLOW,
    TRACKS,
)

if TYPE_CHECKING:
    from dagnosis.forecast.facts import Fact
    from dagnosis.forecast.history import Table

Floats: TypeAlias = NDArray[np.float64]
Column: TypeAlias = NDArray[np.float32]
Indices: TypeAlias = NDArray[np.int32]

NEVER = np.iinfo(np.int64).max
_BLOCK = 1 << 19
"""Rows at a time where there are passing arrays: these stay in the cache, and in memory that was used
before (the C library gives arrays beyond 32 MB back to the system, which clears each anew)."""


class Runs(msgspec.Struct, frozen=True):
    """A table of runs as arrays of one length, in the order of the table.

    `asked` and `known` are microseconds since 1970 (`known` is `NEVER` without an outcome); `label`
    is 1, 0 or -1; `seconds` is how long it ran; `codes` numbers the members of each track but "all";
    `static` has the columns of a request; `version` numbers the versions of DAGs, -1 for none.
    `facts` are those of each kind by "dag.kind" and "task.kind", `who` the numbers by which they know
    the "dag" and "task" of a run; both are empty where no facts are known.
    """

    asked: NDArray[np.int64]
    known: NDArray[np.int64]
    label: NDArray[np.int8]
    seconds: Floats
    codes: dict[str, Indices]
    static: dict[str, Column]
    version: Indices
    facts: dict[str, Dated] = {}
    who: dict[str, NDArray[np.int64]] = {}

    def __len__(self) -> int:
        return len(self.asked)

    @property
    def days(self) -> NDArray[np.int64]:
        """The day on which each run was asked for, counted from 1970 (UTC)."""
        return self.asked // 86_400_000_000


def columns(runs: Runs) -> Iterator[tuple[str, Column]]:
    """Name and values of every feature, `NAMES` in order, float32 of the length of `runs`."""
    timeline = _Timeline(runs)
    done: dict[int, dict[str, Column]] = {}
    for track in TRACKS:
        code = runs.codes.get(track)
        same = next((other for other in done if runs.codes[TRACKS[other]] is code), None)
        if code is not None and same is not None:
            made = done[same]
            yield from ((f"{track}.{slot}", made[slot]) for slot in SLOTS)
            continue
        kept: dict[str, Column] = {}
        shared = track == "task" and code is runs.codes["dag"]
        for slot, column in _track(timeline, code):
            if shared:
                kept[slot] = column
            yield f"{track}.{slot}", column
        if shared:
            done[TRACKS.index(track)] = kept
    yield from _facts(timeline)
    now = timeline.asked
    yield "hour_of_day", (now % DAY / HOUR).astype(np.float32)
    yield "weekday", ((now // DAY + 3) % 7).astype(np.float32)
    for name in ("priority", "req_cpus", "req_mem", "req_time"):
        yield name, runs.static[name]
    yield "version_age", _version_age(timeline)


def matrix(runs: Runs) -> Column:
    """All features, shape (runs, len(NAMES)), column-major."""
    out = np.empty((len(runs), len(NAMES)), np.float32, order="F")
    for index, (_, column) in enumerate(columns(runs)):
        out[:, index] = column
    return out


def write(runs: Runs, path: Path) -> None:
    """All features into a .npy file, column by column: memory for one track, whatever the size. A
    column is written while the next is computed."""
    from concurrent.futures import Future, ThreadPoolExecutor

    with path.open("wb") as file, ThreadPoolExecutor(1) as writer:
        header = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)),
            "fortran_order": True,
            "shape": (len(runs), len(NAMES)),
        }
        np.lib.format.write_array_header_1_0(file, header)
        written: Future[int] | None = None
        for _, column in columns(runs):
            if written is not None:
                written.result()
            written = writer.submit(file.write, column.data)
        if written is not None:
            written.result()


class _Timeline:
    """Requests and outcomes in the order in which a stream would have them."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        n = len(runs)
        ended = np.flatnonzero(runs.known != NEVER)
        # outcomes come before requests of the same moment
        moments = np.concatenate([runs.known[ended] * 2, runs.asked * 2 + 1])
        order = np.argsort(moments, kind="stable")
        self.tells = len(ended)
        tell = order < self.tells
        self.run = np.where(tell, 0, order - self.tells).astype(np.int32)
        self.run[tell] = ended[order[tell]]
        self.tell: NDArray[np.bool_] = tell
        clock = np.maximum.accumulate(moments[order] >> 1) / 1e6 if len(order) else np.zeros(0)
        self.now: Floats = clock
        self.asked: Floats = np.empty(n)
        self.asked[self.run[~tell]] = clock[~tell]


def _grouped(code: Indices) -> tuple[Indices | None, Any]:
    """The stable order by code (None: as it is), and where each code begins in it."""
    from scipy.sparse import coo_array

    n = len(code)
    kinds = int(code.max()) + 1 if n else 0
    # a counting sort: a sparse matrix with one entry a column, made row-wise
    made = coo_array((np.ones(n, np.int8), (code, np.arange(n, dtype=np.int32))), (kinds, n))
    rows = made.tocsr()
    return rows.indices, rows.indptr


def _track(timeline: _Timeline, code: Indices | None) -> Iterator[tuple[str, Column]]:
    runs = timeline.runs
    n = len(runs)
    tell, run, now = timeline.tell, timeline.run, timeline.now
    starts = np.array([0, len(run)])
    if code is not None:
        order, starts = _grouped(code[run])
        tell, run, now = tell[order], run[order], now[order]
    begin = starts[:-1]
    asks = ~tell
    ask_run = run[asks]
    label = runs.label[run[tell]]
    known = label >= 0

    told_before = np.cumsum(tell, dtype=np.int32) - tell
    known_event = tell.copy()
    known_event[tell] = known
    known_before = np.cumsum(known_event, dtype=np.int32) - known_event
    first_told = told_before[np.minimum(begin, max(len(run) - 1, 0))] if n else begin
    first_known = known_before[np.minimum(begin, max(len(run) - 1, 0))] if n else begin

    def at_asks(values: NDArray[Any]) -> NDArray[Any]:
        out = np.empty(n, values.dtype)
        out[ask_run] = values
        return out

    def of_track(values: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(values, n) if code is None else values[code]

    told = at_asks(told_before[asks])
    told_start = of_track(first_told)
    seen = at_asks(known_before[asks])
    seen_start = of_track(first_known)
    when = timeline.asked

    yield from _outcomes(
        label[known].astype(np.int8), now[tell][known], seen, seen_start, first_known, when
    )
    last = _Look(told, told_start)
    first = _firsts(first_told, len(label))
    yield "cancelled", last(_recursion(1 - MEMORY, MEMORY, ~known, first), 0)

    ask_times = now[asks]
    asked_before = np.cumsum(asks, dtype=np.int32) - asks
    first_asked = asked_before[np.minimum(begin, max(len(run) - 1, 0))] if n else begin
    mine = asked_before[asks]
    mine_start = of_track(first_asked)[ask_run]
    yield "pending", (at_asks(mine - mine_start) - (told - told_start)).astype(np.float32)
    for name, back in (("gap", 1), ("gap_before", 2)):
        earlier = mine - back
        gap = ask_times - ask_times[np.maximum(earlier, 0)]
        yield name, at_asks(np.where(earlier >= mine_start, gap, np.nan).astype(np.float32))

    seconds = np.log1p(runs.seconds[run[tell]])
    yield "seconds", last(seconds, np.nan)
    yield "usual", last(_recursion(1 - MEMORY, MEMORY, seconds, first), 0)
    times = now[tell]
    passed = np.diff(times, prepend=times[:1])  # below 0 where a track begins
    since = when - times[last.index] if len(times) else when
    for name, span in (("hour", HOUR), ("day", DAY)):
        kept, fade = _fading(passed, span, np.float64), _fading(since, span, np.float32)
        for suffix, counted in (("", np.ones(len(label), bool)), ("_failed", label == 1)):
            yield name + suffix, last(_recursion(kept, 1.0, counted, first), 0, fade)


def _blocks(length: int) -> Iterator[slice]:
    for start in range(0, length, _BLOCK):
        yield slice(start, start + _BLOCK)


def _fading(passed: Floats, span: float, kind: type[np.floating]) -> NDArray[Any]:
    """exp(-passed / span), at most 1."""
    out = np.empty(len(passed), kind)
    for part in _blocks(len(passed)):
        out[part] = np.exp(np.minimum(passed[part] / -span, 0))
    return out


class _Look:
    """Reads, for each run, what held after the last of its track's events before it."""

    def __init__(self, before: Indices, start: Indices) -> None:
        self.none = before <= start
        self.index = np.maximum(before - 1, 0)

    def __call__(self, state: NDArray[Any], empty: float, scale: Column | None = None) -> Column:
        if not len(state):
            return np.full(len(self.index), empty, np.float32)
        # narrow first: what is looked up at random should fit the cache
        values: Column = state.astype(np.float32, copy=False)[self.index]
        if scale is not None:
            values *= scale
        values[self.none] = empty
        return values


def _outcomes(
    label: NDArray[np.int8],
    times: Floats,
    seen: Indices,
    seen_start: Indices,
    first_known: Indices,
    when: Floats,
) -> Iterator[tuple[str, Column]]:
    """The slots that know labelled outcomes alone."""
    m = len(label)
    last = _Look(seen, seen_start)
    first = _firsts(first_known, m)
    failures = np.zeros(m + 1, np.int32)
    np.cumsum(label, dtype=np.int32, out=failures[1:])
    yield "outcomes", (seen - seen_start).astype(np.float32)
    yield "failures", (failures[seen] - failures[seen_start]).astype(np.float32)
    for name, weight in (("fast", FAST), ("middle", MIDDLE), ("slow", SLOW)):
        yield name, last(_recursion(1 - weight, weight, label, first), 0)
    ring = failures[seen] - failures[np.maximum(seen - RING, seen_start)]
    yield "last10", ring.astype(np.float32)
    bits = np.zeros(len(seen), np.int32)
    for back in range(3):
        there = seen - 1 - back
        bit = label[np.maximum(there, 0)] if m else np.zeros(len(seen), np.int8)
        bits += np.where(there >= seen_start, bit, 0).astype(np.int32) << back
    yield "last3", bits.astype(np.float32)

    index = np.arange(m, dtype=np.int32)
    changed = first.copy()
    changed[1:] |= label[1:] != label[:-1]
    began = np.maximum.accumulate(np.where(changed, index, 0)) if m else index
    yield "streak", last((index - began + 1) * (2 * label - 1), 0)
    if not m:
        yield "since", np.full(len(seen), np.nan, np.float32)
        yield "since_failure", np.full(len(seen), np.nan, np.float32)
        return
    since = (when - times[last.index]).astype(np.float32)
    since[last.none] = np.nan
    yield "since", since
    failed = np.maximum.accumulate(np.where(label == 1, index, -1))[last.index]
    never = last.none | (failed < seen_start)
    since = (when - times[np.maximum(failed, 0)]).astype(np.float32)
    since[never] = np.nan
    yield "since_failure", since


def _firsts(starts: Indices, length: int) -> NDArray[np.bool_]:
    """Which of `length` states are the first of their track."""
    first = np.zeros(length, bool)
    first[starts[starts < length]] = True
    return first


def _recursion(
    keep: float | Floats, weight: float, values: NDArray[Any], first: NDArray[np.bool_]
) -> Column:
    """v[i] = keep[i] v[i-1] + weight values[i], beginning anew where `first`."""
    from scipy.linalg.lapack import dtbtrs

    out = np.empty(len(values), np.float32)
    before = 0.0
    for part in _blocks(len(values)):
        kept = np.where(first[part], 0.0, keep if isinstance(keep, float) else keep[part])
        added = weight * values[part].astype(float)
        added[0] += kept[0] * before
        band = np.ones((2, len(kept)), order="F")
        np.negative(kept[1:], out=band[1, :-1])
        solved, _ = dtbtrs(band, added[:, None], uplo="L", diag="U", overwrite_b=True)
        out[part] = solved[:, 0]
        before = solved[-1, 0]
    return out


def _version_age(timeline: _Timeline) -> Column:
    runs = timeline.runs
    age = np.full(len(runs), np.nan, np.float32)
    if not (runs.version >= 0).any():
        return age
    began: dict[int, tuple[int, float]] = {}
    dag = runs.codes["dag"]
    for index in timeline.run[~timeline.tell]:
        version = int(runs.version[index])
        if version >= 0:
            now = float(timeline.asked[index])
            known, since = began.get(int(dag[index]), (-1, now))
            if known != version:
                since = now
                began[int(dag[index])] = (version, now)
            age[index] = now - since
    return age


def _facts(timeline: _Timeline) -> Iterator[tuple[str, Column]]:
    runs = timeline.runs
    empty: dict[str, Column] = {}
    looked: dict[str, tuple[Column, Column]] = {}
    for name in facts.NAMES:
        about, _, what = name.rpartition("_")
        dated = runs.facts.get(about)
        if dated is None:
            value = np.nan if what == "since" else 0.0
            yield f"facts.{name}", empty.setdefault(what, np.full(len(runs), value, np.float32))
            continue
        if about not in looked:
            looked[about] = dated(runs.who[about.partition(".")[0]], timeline.asked)
        yield f"facts.{name}", looked[about][what == "since"]


def load(table: Table, known: Sequence[Fact] = ()) -> Runs:
    """The runs of a table (not of events), numbered and typed, and the facts about them. Raises as
    `Table.events` does."""
    runs = from_columns(table.run_columns())
    return _with_facts(runs, table, known) if known else runs


def _with_facts(runs: Runs, table: Table, known: Sequence[Fact]) -> Runs:
    who, numbers = table.numbers(known)
    kinds = np.array([fact.kind for fact in known])
    times = np.array([round(fact.known_at * 1e6) for fact in known], np.int64)
    has_task = np.array([bool(fact.task_id) for fact in known])
    found: dict[str, Dated] = {}
    for kind in facts.KINDS:
        of_kind = kinds == kind
        if of_kind.any():
            found[f"dag.{kind}"] = Dated(numbers["dag"][of_kind], times[of_kind])
        of_kind &= has_task
        if kind in facts.OF_TASKS and of_kind.any():
            found[f"task.{kind}"] = Dated(numbers["task"][of_kind], times[of_kind])
    return msgspec.structs.replace(runs, facts=found, who=who)


def from_columns(raw: dict[str, NDArray[Any]]) -> Runs:
    """Runs from what `Table.run_columns` gives."""
    from dagnosis.forecast.history import TRACK_KEYS

    codes: dict[str, Indices] = {}
    for track in TRACK_KEYS:
        if track == "task" and not raw["has_task"].any():
            continue
        codes[track] = np.unique(raw[track], return_inverse=True)[1].astype(np.int32)
    codes.setdefault("task", codes["dag"])
    label = raw["label"].astype(np.int8)
    known = np.where(raw["ended"], np.maximum(raw["end"], raw["submit"] + 1), NEVER)
    began = np.where(raw["started"], raw["start"], known)
    seconds = np.where(known == NEVER, 0, np.maximum(known - began, 0)) / 1e6
    version = np.full(len(label), -1, np.int32)
    if raw["has_version"].any():
        version = np.unique(raw["version"], return_inverse=True)[1].astype(np.int32)
        version[~raw["has_version"]] = -1
    return Runs(
        raw["submit"], known, label, seconds, codes,
        {name: raw[name].astype(np.float32) for name in ("priority", "req_cpus", "req_mem", "req_time")},
        version,
    )  # fmt: skip


def plain(runs: Runs) -> Column:
    """The run table as the plain forest sees it: ids as codes, hour, weekday, what was asked for."""
    seconds = runs.asked / 1e6
    made: list[NDArray[Any]] = [runs.codes[track] for track in ("dag", "task", "owner", "kind")]
    made += [seconds % DAY / HOUR, (seconds // DAY + 3) % 7, *runs.static.values()]
    return np.stack([column.astype(np.float32) for column in made], 1)
