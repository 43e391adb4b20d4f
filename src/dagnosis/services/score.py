"""The open runs of a history, and the next of each task, by risk; nothing here prints."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.forecast.facts import Fact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dagnosis.forecast.facts import Mixed
    from dagnosis.forecast.features import Stream
    from dagnosis.forecast.history import Event, Outcome, Request, Trouble
    from dagnosis.forecast.reasons import Reason
    from dagnosis.forecast.running import Signals
    from dagnosis.forecast.trained import Trained

Progress = Callable[[int, int], None]
LEVELS = (0.5, 0.9)
"""Quantiles that are told of durations and lateness."""


class Risk(msgspec.Struct, frozen=True):
    """A run that is open, or the next one of a task, and what may become of it.

    `when` is when it was asked for, or when the next is expected; `p_fail` in [0, 1] is the risk now,
    `before` what it was before it started (the same for one that has not). `seconds` are the 50 % and
    90 % quantiles of how long it runs, `ends` those of when it ends, `late_by` those of how many
    seconds later than usual that is (below 0: earlier); all three are None where nothing of the kind
    ever succeeded. `late` is that an open run is already older than the 90 % quantile; `p_late` the
    chance that it ends after its deadline, None where it has none. `run_uid` is that of an open run,
    empty for the next one.
    """

    dag_id: str
    task_id: str
    kind: Literal["open", "next"]
    when: datetime
    p_fail: float
    before: float
    alert: bool
    reasons: tuple[Reason, ...]
    seconds: tuple[float, ...] | None
    ends: tuple[datetime, ...] | None
    late_by: tuple[float, ...] | None
    late: bool
    p_late: float | None = None
    run_uid: str = ""


class Scored(msgspec.Struct, frozen=True):
    """Runs by risk, highest first; `model` says which one answered, `threshold` where alerts begin."""

    risks: tuple[Risk, ...]
    model: str
    threshold: float
    now: datetime
    troubles: tuple[str, ...]


class Deadlines(msgspec.Struct, frozen=True):
    """Seconds after a run was asked for until it should have ended: of every DAG (None: no deadline),
    and of those that have their own."""

    every: float | None = None
    dags: Mapping[str, float] = {}

    def of(self, dag_id: str) -> float | None:
        """That of a DAG."""
        return self.dags.get(dag_id, self.every)


def score(
    runs: Path,
    alerts_a_day: float = 5.0,
    most: int = 20,
    folder: Path | None = None,
    progress: Progress = lambda _done, _all: None,
    deadlines: Deadlines | None = None,
    signals: Mapping[str, Signals] | None = None,
) -> Scored:
    """The open runs of a table, and the next of each task that runs regularly, by risk.

    "Now" is the time of the table's last event. The next run is expected a median gap after the last;
    tasks that missed two of them are left out. The risk of an open run is updated by its age and by
    `signals` (by run_uid).
    """
    import numpy as np

    from dagnosis.forecast import facts
    from dagnosis.forecast.history import Table, Trouble
    from dagnosis.forecast.models import Rows
    from dagnosis.forecast.trained import in_use
    from dagnosis.services.forecast import counted

    trouble = Trouble()
    table = Table(runs)
    state = State()
    events = counted(table.events(trouble), len(table), progress)
    for event in facts.merged(events, facts.read(facts.place(runs))):
        state.take(event, trouble)
    candidates = state.candidates()
    if not candidates:
        raise UnreadableInput(f"{runs}: holds no run that is open, and no task that runs regularly")
    model = in_use(folder)
    raw = np.array([one.row for one in candidates], np.float32)
    before = model.predict(Rows(raw))
    now = state.updated(model, candidates, before, signals or {})
    threshold = model.about.threshold(alerts_a_day)
    order = np.argsort(-now, kind="stable")[:most]
    # the threshold keeps the budget on average; this listing, which is about a day, keeps it as such
    risks = []
    for rank, index in enumerate(order):
        alert = rank < alerts_a_day and float(now[index]) >= threshold
        chances = float(before[index]), float(now[index])
        one = candidates[index]
        risks.append(_risk(state, model, one, raw[index], chances, alert, deadlines or Deadlines()))
    return Scored(
        risks=tuple(risks),
        model=model.origin,
        threshold=threshold,
        now=_moment(state.stream.now),
        troubles=tuple(trouble.lines()),
    )


class Candidate(msgspec.Struct, frozen=True):
    """A run that can be scored, with its features."""

    request: Request
    kind: Literal["open", "next"]
    row: list[float]


class State:
    """What a pass over the events leaves: tracks, open runs, gaps and durations of tasks."""

    def __init__(self) -> None:
        from dagnosis.forecast.durations import Durations
        from dagnosis.forecast.features import Stream

        self.stream: Stream = Stream()
        self.durations = Durations()
        self.open: dict[str, tuple[Request, list[float]]] = {}
        self._last: dict[str, Request] = {}
        self._gaps: dict[str, deque[float]] = {}

    def take(self, event: Mixed, trouble: Trouble) -> None:
        """Take what came next."""
        from dagnosis.forecast.history import Request

        if isinstance(event, Fact):
            self.stream.know(event)
        elif isinstance(event, Request):
            if event.uid in self.open:
                trouble.note("runs asked for twice: the first request counts", event.uid)
                return
            task = name(event)
            if task in self._last:
                gaps = self._gaps.setdefault(task, deque(maxlen=10))
                gaps.append(max(event.time - self._last[task].time, 0.0))
            self._last[task] = event
            self.open[event.uid] = event, self.stream.ask(event)
        elif event.uid not in self.open:
            trouble.note("outcomes without a request are ignored", event.uid)
        else:
            request, _ = self.open.pop(event.uid)
            self.stream.tell(event)
            self._ended(request, event)

    def follow(self, event: Event) -> None:
        """Take an event for durations alone: features are not computed."""
        from dagnosis.forecast.history import Request

        if isinstance(event, Request):
            self.open.setdefault(event.uid, (event, []))
        elif event.uid in self.open:
            request, _ = self.open.pop(event.uid)
            self._ended(request, event)

    def _ended(self, request: Request, outcome: Outcome) -> None:
        if outcome.label >= 0:
            total = max(outcome.time - request.time, 0.0)
            self.durations.tell(name(request), outcome.seconds, total, outcome.label == 1)

    def candidates(self) -> list[Candidate]:
        """The open runs, and the next of each task that runs regularly."""
        now = self.stream.now
        found = [Candidate(request, "open", row) for request, row in self.open.values()]
        running = {name(request) for request, _ in self.open.values()}
        for task, gaps in self._gaps.items():
            gap = statistics.median(gaps)
            last = self._last[task]
            if task in running or len(gaps) < 3 or gap <= 0 or now - last.time > 3 * gap:
                continue
            coming = last._replace(uid="", time=max(last.time + gap, now))
            found.append(Candidate(coming, "next", self.stream.peek(coming)))
        return found

    def elapsed(self, one: Candidate) -> float:
        """Seconds since it was asked for; 0 for one that was not."""
        return max(self.stream.now - one.request.time, 0.0) if one.kind == "open" else 0.0

    def updated(
        self,
        model: Trained,
        candidates: list[Candidate],
        before: NDArray[np.float64],
        signals: Mapping[str, Signals],
    ) -> NDArray[np.float64]:
        """The forecasts, those of open runs moved by what they lived through."""
        from dagnosis.forecast.running import NOTHING, Snapshot

        now = before.copy()
        open_ones = [index for index, one in enumerate(candidates) if one.kind == "open"]
        snapshots = []
        for index in open_ones:
            one = candidates[index]
            age = self.durations.lives_longer(name(one.request), self.elapsed(one))
            seen = signals.get(one.request.uid, NOTHING)
            snapshots.append(Snapshot(float(before[index]), age, seen))
        if snapshots:
            now[open_ones] = model.about.update(snapshots)
        return now


def name(request: Request) -> str:
    """The task, over all DAGs."""
    return f"{request.dag_id}\0{request.task_id}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _risk(
    state: State,
    model: Trained,
    one: Candidate,
    raw: NDArray[np.float32],
    chances: tuple[float, float],
    alert: bool,
    deadlines: Deadlines,
) -> Risk:
    from dagnosis.forecast.reasons import reasons, update_reason

    request, task = one.request, name(one.request)
    elapsed = state.elapsed(one)
    usual = state.durations.ends(task, LEVELS)
    ends = state.durations.ends(task, LEVELS, elapsed)
    deadline = deadlines.of(request.dag_id)
    why: list[Reason] = reasons(model.blend, model.about.line, raw)
    moved = update_reason(*chances, elapsed)
    return Risk(
        dag_id=request.dag_id,
        task_id=request.task_id,
        kind=one.kind,
        when=_moment(request.time),
        p_fail=chances[1],
        before=chances[0],
        alert=alert,
        reasons=tuple([moved, *why] if moved else why),
        seconds=state.durations.quantiles(task, LEVELS),
        ends=tuple(_moment(request.time) + timedelta(seconds=s) for s in ends) if ends else None,
        late_by=tuple(end - usual[0] for end in ends) if ends and usual else None,
        late=bool(one.kind == "open" and usual and elapsed > usual[1]),
        p_late=None if deadline is None else state.durations.after(task, deadline, elapsed),
        run_uid=request.uid,
    )


def read_signals(path: Path) -> dict[str, Signals]:
    """The newest signals of each run from JSON lines: run_uid, warnings, errors, silent (seconds
    since the last heartbeat). Raises `UnreadableInput` that names the line."""
    return {row.run_uid: row.signals() for row in signal_rows(path)}


class SignalRow(msgspec.Struct, frozen=True):
    """A line of a file of signals; `at` is when it was seen, seconds since 1970."""

    run_uid: str
    at: float = 0.0
    warnings: int = 0
    errors: int = 0
    silent: float | None = None

    def signals(self) -> Signals:
        """Without whom and when."""
        from dagnosis.forecast.running import Signals

        return Signals(self.warnings, self.errors, self.silent)


def signal_rows(path: Path) -> list[SignalRow]:
    """The lines of a file of signals. Raises `UnreadableInput` that names the line."""
    found = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        found.append(msgspec.json.decode(line, type=SignalRow))
                    except msgspec.DecodeError as error:
                        raise UnreadableInput(f"{path}: line {number}: {error}") from None
    except OSError as error:
        raise UnreadableInput(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return found


def deadlines(texts: tuple[str, ...]) -> Deadlines:
    """From `2h` (every DAG) and `dag_id=90m`. Raises `WrongUse` for what is no span of time."""
    every, dags = None, {}
    for text in texts:
        dag_id, _, span = text.rpartition("=")
        if dag_id:
            dags[dag_id] = _span(text, span)
        else:
            every = _span(text, span)
    return Deadlines(every, dags)


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _span(text: str, span: str) -> float:
    unit = _UNITS.get(span[-1:], 0.0)
    try:
        seconds = float(span[:-1]) * unit
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise WrongUse(f"--deadline {text}: is no span; write 90m, 2h or DAG=2h (units s, m, h, d)")
    return seconds
