"""Check a batch: from a dataset to one finding, beside the past of its table.

`check` profiles a batch, judges it against what is stored of the dataset, and stores its profile:
healthy batches are learned from, alarms are kept apart until `accept` says that they are the new
normal. `check_files` does the same beside a folder of earlier batches and stores nothing. What calls
it from a scheduler needs `check(engine, name, partition, run, store, task=…)` and the `Finding` that
it gives, which names the try that wrote the batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from dagnosis.data.batch import Blame, Difference
from dagnosis.data.cells import Cell
from dagnosis.data.rows import Outlier
from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.extras import LEARN, lacking
from dagnosis.model import TaskRef

if TYPE_CHECKING:
    from dagnosis.data.batch import Judge, Judgement
    from dagnosis.data.memory import Memory
    from dagnosis.data.memory.found import Found
    from dagnosis.data.profile import Engine
    from dagnosis.data.profile.values import Profile, Rows
    from dagnosis.data.store import ProfileStore

Status: TypeAlias = Literal["healthy", "alarm", "learning"]
"""learning: the past is too short for a judgement; what is certain is an alarm all the same."""

SCHEMA_VERSION = 1
PAST = 90
"""Stored batches that a report shows."""
EXAMPLES = 5
"""Rows shown of what is out of line."""
CELLS, CELL_ROWS = 50, 5_000
"""Wrong cells told, and the largest batch whose cells are looked at one by one."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said about a batch, as `--json` prints it.

    `score` grows with strangeness, above `limit` it is an alarm; `confidence` in [0, 1] is how far the
    past allows a judgement. `blamed` ranks columns (`*`: the batch as a whole), `differences` says what
    is different, in numbers and words. `examples` are rows of the batch; `cells` and `outliers` are
    looked for within the batch alone and are no alarm by themselves. `task` is the try of Airflow in
    which the check ran, `upstream` says which data that it read were alarms themselves. `tool` is who
    judged: dagnosis, or the tool whose results were read (`services.results`).
    """

    dataset: str
    partition: str
    run: str
    status: Status
    alarm: bool
    summary: str
    score: float
    limit: float
    confidence: float
    batches: int
    rows: int
    blamed: tuple[Blame, ...] = ()
    differences: tuple[Difference, ...] = ()
    examples: tuple[dict[str, Any], ...] = ()
    cells: tuple[Cell, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    since: str = ""
    gaps: tuple[str, ...] = ()
    task: TaskRef | None = None
    upstream: tuple[str, ...] = ()
    tool: str = "dagnosis"
    elapsed_ms: float = 0.0
    schema: int = SCHEMA_VERSION


class Checked(msgspec.Struct, frozen=True):
    """A finding with the profiles that it rests on, for a report."""

    finding: Finding
    profile: Profile
    past: tuple[Profile, ...]


Progress: TypeAlias = Callable[[Iterable[Path]], Iterable[Path]]


def check(
    engine: Engine,
    name: str,
    partition: str,
    run: str,
    store: ProfileStore,
    *,
    false_alarms: float = 0.25,
    holidays: frozenset[date] = frozenset(),
    task: TaskRef | None = None,
    upstream: tuple[str, ...] = (),
) -> Checked:
    """Check a batch of the dataset `name` against its stored past, and store its profile.

    `task` is the try that the finding is joined to, `upstream` what is known of the data that it read.
    The past are the partitions before this one; a partition that is checked again is not judged
    against itself, and only one later than all others is learned from.
    """
    judge, newest = _stored_judge(store, name, partition, false_alarms, holidays)
    memory = store.memory(name)
    checked = _check(engine, name, partition, run, judge, memory)
    past = store.history(name, before=partition, most=PAST)
    since = _since(checked.finding, [one.finding for one in past if one.status == "alarm"][-5:])
    finding = msgspec.structs.replace(checked.finding, since=since, task=task, upstream=upstream)
    status: Literal["alarm", "healthy"] = "alarm" if finding.alarm else "healthy"
    learned = memory if newest and not finding.alarm else None
    if learned is not None:
        learned.learn(checked.rows)
        judge.learn(checked.profile)
    store.record(
        checked.profile,
        status,
        learned,
        judge.dump() if learned is not None else b"",
        msgspec.json.encode(finding),
    )
    healthy = tuple(one.profile for one in past if one.status != "alarm")
    return Checked(finding, checked.profile, healthy)


def _stored_judge(
    store: ProfileStore,
    name: str,
    partition: str,
    false_alarms: float,
    holidays: frozenset[date],
) -> tuple[Judge, bool]:
    """The judge of what came before a partition, and whether the partition is later than all others.

    For the newest partition it was stored as it is; for an older one the past is folded anew.
    """
    from dagnosis.data.batch import Budget, Judge

    newest = partition > store.newest(name)
    state = store.judge(name) if newest else b""
    judge = Judge.load(state, Budget(false_alarms), holidays) if state else None
    if judge is None:
        earlier = store.history(name, before=partition)
        past = [(one.profile, one.status) for one in earlier if one.status != "alarm"]
        judge = _judge(past, false_alarms, holidays)
    return judge, newest


def accept(engine: Engine, name: str, partition: str, run: str, store: ProfileStore) -> Profile:
    """Take a batch that was an alarm as the new normal: what it shows is expected from now on.

    Raises `WrongUse` when nothing is stored of the partition.
    """
    from dagnosis.data.profile import profile_rows, read

    known = [one for one in store.history(name) if one.profile.partition == partition]
    if not known:
        raise WrongUse(
            f"accept: nothing is stored of {name}, partition {partition!r}; check it first"
        )
    _, totals, rows = read(engine)
    memory = store.memory(name)
    found = memory.measure(rows)
    made = profile_rows(rows, totals, dataset=name, partition=partition, run=run)
    made = msgspec.structs.replace(made, counts=found.counts, gauges=found.gauges)
    memory.learn(rows)
    store.record(made, "accepted", memory)
    return made


def check_files(
    batch: Path,
    history: Path | None,
    *,
    name: str = "",
    partition: str = "",
    false_alarms: float = 0.25,
    holidays: frozenset[date] = frozenset(),
    progress: Progress = iter,
) -> Checked:
    """Check a file beside the files of a folder whose names sort before its own; nothing is stored.

    Without a folder only the batch itself is looked at. Files of the folder that cannot be read are
    left out and named in `gaps`. Raises `UnreadableInput` for the batch itself.
    """
    from dagnosis.data.memory import Memory
    from dagnosis.data.profile import profile_rows, read
    from dagnosis.data.profile.duckdb import DuckDBEngine, source_name

    engine = DuckDBEngine(batch, ordered=True)
    engine.fields()
    partition = partition or source_name(batch)
    memory, past, gaps = Memory(), [], []
    for path in progress(_earlier(history, batch, partition)):
        try:
            _, totals, rows = read(DuckDBEngine(path))
        except UnreadableInput as error:
            gaps.append(f"left out of the history: {error}")
            continue
        found = memory.measure(rows)
        made = profile_rows(rows, totals, dataset=name, partition=source_name(path))
        past.append(msgspec.structs.replace(made, counts=found.counts, gauges=found.gauges))
        memory.learn(rows)
    judge = _judge([(one, "healthy") for one in past], false_alarms, holidays)
    checked = _check(engine, name or batch.stem, partition, "", judge, memory)
    finding = msgspec.structs.replace(checked.finding, gaps=(*checked.finding.gaps, *gaps))
    return Checked(finding, checked.profile, tuple(past))


def _earlier(folder: Path | None, batch: Path, partition: str) -> list[Path]:
    from dagnosis.data.profile.duckdb import is_readable, source_name

    if folder is None:
        return []
    if not folder.is_dir():
        raise UnreadableInput(f"{folder}: no such folder; --history names a folder of batches")
    files = [path for path in folder.iterdir() if path.is_file() and is_readable(path)]
    if not files:
        raise UnreadableInput(f"{folder}: no batches in this folder (parquet, csv, json)")
    same = batch.resolve()
    earlier = [p for p in files if source_name(p) < partition and p.resolve() != same]
    return sorted(earlier, key=source_name)


def _judge(
    past: Iterable[tuple[Profile, str]], false_alarms: float, holidays: frozenset[date]
) -> Judge:
    from dagnosis.data.batch import Budget, Judge

    judge = Judge(Budget(false_alarms), holidays)
    for profile, status in past:
        if status == "accepted":
            judge.accept(profile)
        else:
            judge.learn(profile)
    return judge


class _Made(msgspec.Struct):
    finding: Finding
    profile: Profile
    rows: Any


def _check(
    engine: Engine, name: str, partition: str, run: str, judge: Judge, memory: Memory
) -> _Made:
    from dagnosis.data.profile import profile_rows, read

    started = time.perf_counter()
    _, totals, rows = read(engine)
    found = memory.measure(rows)
    profile = profile_rows(rows, totals, dataset=name, partition=partition, run=run)
    profile = msgspec.structs.replace(profile, counts=found.counts, gauges=found.gauges)
    judged = judge.score(profile)
    status = _status(judged)
    finding = Finding(
        dataset=name,
        partition=partition,
        run=run,
        status=status,
        alarm=judged.alarm,
        summary=_summary(judged, profile, status),
        score=round(judged.score, 3),
        limit=round(judged.limit, 3),
        confidence=round(judged.confidence, 3),
        batches=judged.batches,
        rows=profile.rows,
        blamed=judged.blamed if judged.alarm else (),
        differences=judged.differences,
        examples=_examples(judged, found, rows) if judged.alarm else (),
        cells=_cells(rows),
        outliers=_outliers(rows),
        gaps=_gaps(judged, rows),
        elapsed_ms=round((time.perf_counter() - started) * 1000, 1),
    )
    return _Made(finding, profile, rows)


def _status(judged: Judgement) -> Status:
    from dagnosis.data.batch import STARTS

    if judged.alarm:
        return "alarm"
    return "healthy" if judged.batches >= STARTS else "learning"


def _summary(judged: Judgement, profile: Profile, status: Status) -> str:
    if status == "learning":
        return (
            f"{profile.rows:,} rows; too few batches before this one ({judged.batches}) to judge it"
        )
    if status == "healthy":
        return f"{profile.rows:,} rows, as the {judged.batches} batches before it"
    first = judged.blamed[0].column if judged.blamed else "*"
    told = [one for one in judged.differences if one.column == first] or list(judged.differences)
    where = "" if first == "*" or told[0].words.startswith("the column") else f"{first}: "
    return where + told[0].words


def _examples(judged: Judgement, found: Found, rows: Rows) -> tuple[dict[str, Any], ...]:
    """Rows that the strangest measures count, the first of each."""
    chosen: list[int] = []
    for one in judged.differences:
        flags = found.rows.get(f"{one.column}|{one.measure}")
        if flags is None or flags.mean() > 0.5:
            continue
        chosen += [row for row in flags.nonzero()[0].tolist() if row not in chosen][:EXAMPLES]
        if len(chosen) >= EXAMPLES:
            break
    return tuple(
        {"row": row, **{name: values.shown(row) for name, values in rows.columns.items()}}
        for row in chosen[:EXAMPLES]
    )


def _cells(rows: Rows) -> tuple[Cell, ...]:
    from dagnosis.data.cells import wrong_cells

    if rows.total > CELL_ROWS or rows.sampled < rows.total:
        return ()
    texts = {name: values.texts() for name, values in rows.columns.items() if values.kind == "text"}
    found = sorted(wrong_cells(texts), key=lambda cell: -cell.score)
    return tuple(found[:CELLS])


def _outliers(rows: Rows) -> tuple[Outlier, ...]:
    """None without the extra `learn`; `_gaps` says so."""
    from dagnosis.data.rows import outliers

    return () if lacking() else tuple(outliers(rows.columns.values(), EXAMPLES))


def _gaps(judged: Judgement, rows: Rows) -> tuple[str, ...]:
    from dagnosis.data.rows import FEWEST

    gaps = []
    if rows.sampled >= FEWEST and lacking():
        gaps.append(f"rows that are unlike the others were not looked for; run {LEARN}")
    if judged.batches < 30:
        gaps.append(f"only {judged.batches} batches of history; from 30 on the judgement is firm")
    if rows.sampled < rows.total:
        gaps.append(f"counts are of all {rows.total:,} rows, relations of {rows.sampled:,} of them")
    return tuple(gaps)


def _since(finding: Finding, alarms: list[bytes]) -> str:
    """The first partition of the alarms in a row that blame the same column: a change, no accident."""
    if not finding.alarm or not finding.blamed:
        return ""
    since = ""
    for raw in reversed(alarms):
        if not raw:
            break
        other = msgspec.json.decode(raw)
        if finding.blamed[0].column not in [one["column"] for one in other["blamed"][:3]]:
            break
        since = other["partition"]
    return since
