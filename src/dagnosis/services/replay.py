"""What would `DiagnosedRetry` have done? The past of an Airflow, decided again, with what it would have
saved and what it would have broken.

Only tries that were followed by another one count: a decision about the last try changes nothing.
The policy is asked where a task raised; a try whose process was killed is none of its business, and
a try without a log cannot be judged. Both are counted, and nothing is claimed about them.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

import msgspec

from dagnosis.errors import DagnosisError, UnreadableInput
from dagnosis.forecast.history import AIRFLOW_STATES
from dagnosis.logs.dating import first_time, last_time
from dagnosis.logs.reading import LogText
from dagnosis.model import TaskRef
from dagnosis.services.explain import examine
from dagnosis.services.retry import Decision, Rules, decide, has_raised
from dagnosis.sources.contract import Attempt, LogSource
from dagnosis.sources.log_files import LogFolder

Progress = Callable[[int, int], None]
Fate = Literal["judged", "killed", "no log", "unreadable"]
CLEARED = timedelta(hours=24)
"""A try that starts so long after the one before was started by a person who cleared it: Airflow's own
backing off ends at 24 hours (`max_retry_delay`)."""


class Effect(msgspec.Struct, frozen=True):
    """What failing at once would have done about one cause.

    `fails` are tasks that would have been failed at a try that Airflow retried; of those, `ended` are
    ones that a later try saved: the harm. `tries` and `run_hours` are what later tries cost that failed
    too, `sooner_hours` how much earlier somebody would have known.
    """

    detail: str
    fails: int
    tries: int
    run_hours: float
    sooner_hours: float
    ended: int


class Harm(msgspec.Struct, frozen=True):
    """One task that a wrong fail would have ended: the try, what was decided, the try that succeeded."""

    task: TaskRef
    detail: str
    confidence: float
    reason: str
    succeeded: int


class Replayed(msgspec.Struct, frozen=True):
    """The whole report. `fates` says of the retried tries how many could be judged; `actions` counts the
    decisions about those; `recovered` are the tries decided as retry that a later one did save, of
    `actions["retry"]`; `untimed` are saved tries of which nobody knows how long they took.
    """

    tries: int
    failed: int
    retried: int
    fates: dict[str, int]
    actions: dict[str, int]
    recovered: int
    effects: tuple[Effect, ...]
    total: Effect
    harms: tuple[Harm, ...]
    untimed: int
    confidence: float
    troubles: tuple[str, ...] = ()


def replay(
    attempts: Iterable[Attempt],
    logs: LogSource,
    *,
    rules: Rules | None = None,
    cleared: timedelta = CLEARED,
    progress: Progress = lambda _done, _all: None,
) -> Replayed:
    """Decide every try that Airflow retried, in the order of tries; a task that would have been failed has
    no later ones."""
    rules = rules or Rules()
    chains = list(_chains(attempts, cleared))
    tally = _Tally(rules)
    wanted = [chain for chain in chains if len(chain) > 1]
    for done, chain in enumerate(wanted):
        progress(done, len(wanted))
        tally.take(chain, logs)
    every = [attempt for chain in chains for attempt in chain]
    return tally.report(len(every), sum(map(_failed, every)))


class _Tally:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.fates: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.effects: dict[str, list[Effect]] = defaultdict(list)
        self.harms: list[Harm] = []
        self.recovered = self.untimed = 0
        self.troubles: list[str] = []

    def take(self, chain: list[Attempt], logs: LogSource) -> None:
        """One task instance: its tries up to the one that would have been failed."""
        retried = [attempt for attempt in chain[:-1] if _failed(attempt)]
        saved = chain[-1].state == "success"
        failed_at: int | None = None
        for attempt in retried:
            fate, made = self._decide(attempt, logs)
            self.fates[fate] += 1
            if made is None or failed_at is not None:
                continue
            self.actions[made.action] += 1
            self.recovered += made.action == "retry" and saved
            if made.action == "fail":
                failed_at = chain.index(attempt)
                self._end(chain, failed_at, made, saved)

    def _decide(self, attempt: Attempt, logs: LogSource) -> tuple[Fate, Decision | None]:
        try:
            log = logs.read(attempt.task)
        except UnreadableInput as error:
            self.troubles.append(str(error))
            return "unreadable", None
        if log is None:
            return "no log", None
        examined = examine(log)
        if not has_raised(examined.parsed):
            return "killed", None
        number = attempt.task.try_number
        return "judged", decide(examined.answer, try_number=number, rules=self.rules)

    def _end(self, chain: list[Attempt], at: int, made: Decision, saved: bool) -> None:
        later = [attempt for attempt in chain[at + 1 :] if _failed(attempt)]
        spent = [_seconds(attempt.started, attempt.ended) for attempt in later]
        sooner = _seconds(chain[at].ended, chain[-1].ended)
        if saved:
            reached = chain[-1].task.try_number
            self.harms.append(
                Harm(chain[at].task, made.detail, made.confidence, made.reason, reached)
            )
        else:
            self.untimed += sum(seconds is None for seconds in spent)
        self.effects[made.detail].append(
            Effect(
                made.detail,
                1,
                0 if saved else len(later),
                0.0 if saved else sum(filter(None, spent)) / 3600,
                0.0 if saved else (sooner or 0.0) / 3600,
                int(saved),
            )
        )

    def report(self, tries: int, failed: int) -> Replayed:
        """The figures, the costliest cause first."""
        effects = [_sum(detail, found) for detail, found in self.effects.items()]
        effects.sort(
            key=lambda effect: (-effect.ended, -effect.run_hours, -effect.tries, effect.detail)
        )
        return Replayed(
            tries=tries,
            failed=failed,
            retried=sum(self.fates.values()),
            fates=dict(self.fates),
            actions=dict(self.actions),
            recovered=self.recovered,
            effects=tuple(effects),
            total=_sum("all", effects),
            harms=tuple(self.harms),
            untimed=self.untimed,
            confidence=self.rules.confidence,
            troubles=tuple(self.troubles),
        )


def _sum(detail: str, effects: Iterable[Effect]) -> Effect:
    found = list(effects)
    return Effect(
        detail,
        sum(effect.fails for effect in found),
        sum(effect.tries for effect in found),
        round(sum(effect.run_hours for effect in found), 4),
        round(sum(effect.sooner_hours for effect in found), 4),
        sum(effect.ended for effect in found),
    )


def _failed(attempt: Attempt) -> bool:
    return AIRFLOW_STATES.get(attempt.state.lower(), "unknown") == "failed"


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    return max((until - since).total_seconds(), 0.0) if since and until else None


def _chains(attempts: Iterable[Attempt], cleared: timedelta) -> Iterator[list[Attempt]]:
    """The tries of each task instance in order; a new chain where somebody cleared it."""
    found: dict[tuple[str, str, str, int], dict[int, Attempt]] = defaultdict(dict)
    for attempt in attempts:
        task = attempt.task
        if task.try_number > 0:
            key = (task.dag_id, task.run_id, task.task_id, task.map_index)
            found[key][task.try_number] = attempt
    for tries in found.values():
        chain: list[Attempt] = []
        for _, attempt in sorted(tries.items()):
            if chain and _by_hand(chain[-1], attempt, cleared):
                yield chain
                chain = []
            chain.append(attempt)
        yield chain


def _by_hand(before: Attempt, after: Attempt, cleared: timedelta) -> bool:
    """Nobody retries a success; and retries do not wait for ever."""
    if not _failed(before):
        return True
    waited = _seconds(before.ended, after.started)
    return waited is not None and waited > cleared.total_seconds()


# ---------------------------------------------------------------- where the past comes from


def from_file(path: Path) -> list[Attempt]:
    """Tries from a CSV, one row a try: dag_id, task_id, run_id, state, and, as far as it has them,
    try_number, map_index, start_time, end_time. Without try_number, the end of `run_uid` tells
    (`…/MAP_INDEX/TRY`, as `dagnosis forecast pull` writes it).

    Raises `UnreadableInput` that names the file, row and column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = {"dag_id", "task_id", "run_id", "state"} - set(rows.fieldnames or ())
            if missing:
                raise UnreadableInput(f"{path}: no column {', '.join(sorted(missing))}")
            return [_of_row(row, f"{path}: row {number}") for number, row in enumerate(rows, 1)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableInput(f"{path}: {str(reason).lower()}") from None


def from_database(url: str, since: datetime | None = None) -> Iterator[Attempt]:
    """Tries from Airflow's metadata database, which is only read. Raises as `read_attempts` does."""
    from dagnosis.forecast.airflow_history import read_attempts

    for row in read_attempts(url, since):
        index, number = _end_of(str(row["run_uid"]))
        task = TaskRef(row["dag_id"], row["run_id"], row["task_id"], index, number)
        yield Attempt(
            task=task, state=row["state"], started=row["start_time"], ended=row["end_time"]
        )


def from_logs(folder: LogFolder, progress: Progress = lambda _done, _all: None) -> list[Attempt]:
    """Tries from nothing but their logs: states and times are what the logs say. A task whose logs
    were cleaned up in part looks as if it had had fewer tries."""
    found = list(folder.walk())
    attempts = []
    for done, log in enumerate(found):
        progress(done, len(found))
        try:
            text = folder.read(log.task)
        except DagnosisError:
            text = None
        attempts.append(_of_log(log.task, text))
    return attempts


def _of_log(task: TaskRef, log: LogText | None) -> Attempt:
    if log is None:
        return Attempt(task=task, state="failed")
    state = "failed" if examine(log).answer.failed else "success"
    return Attempt(
        task=task, state=state, started=first_time(log.lines), ended=last_time(log.lines)
    )


def _of_row(row: dict[str, str], where: str) -> Attempt:
    index, number = -1, 1
    if not row.get("try_number"):
        index, number = _end_of(row.get("run_uid") or "")
    number = _whole(row.get("try_number"), number, f"{where}: try_number")
    index = _whole(row.get("map_index"), index, f"{where}: map_index")
    return Attempt(
        task=TaskRef(row["dag_id"] or "", row["run_id"] or "", row["task_id"] or "", index, number),
        state=row["state"] or "",
        started=_time(row.get("start_time"), f"{where}: start_time"),
        ended=_time(row.get("end_time"), f"{where}: end_time"),
    )


def _end_of(uid: str) -> tuple[int, int]:
    """Map index and try of a `run_uid` that ends with them; -1 and 1 where it does not."""
    parts = uid.rsplit("/", 2)
    try:
        return int(parts[-2]), int(parts[-1])
    except (IndexError, ValueError):
        return -1, 1


def _whole(text: str | None, default: int, where: str) -> int:
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise UnreadableInput(f"{where}: {text!r} is no whole number") from None


def _time(text: str | None, where: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise UnreadableInput(f"{where}: {text!r} is no time (2026-11-26T04:00:00+00:00)") from None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
