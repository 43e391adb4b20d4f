"""Forecasts as a service: replay, train, evaluate, score.

Nothing here prints; progress and troubles go to callbacks.
"""

from __future__ import annotations

import csv
import statistics
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from dagnosis.errors import UnreadableInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dagnosis.forecast.evaluation import Evaluation
    from dagnosis.forecast.features import Stream
    from dagnosis.forecast.history import Event, Request, Trouble
    from dagnosis.forecast.reasons import Reason
    from dagnosis.forecast.trained import Trained

Progress = Callable[[int, int], None]


class Replayed(msgspec.Struct, frozen=True):
    """What a replay did: answers written, labelled outcomes seen, how many times it was fitted, and
    what was odd in the stream."""

    requests: int
    labelled: int
    fits: int
    troubles: tuple[str, ...]


def replay(
    events: Path, out: Path, model: str = "blend", progress: Progress = lambda _done, _all: None
) -> Replayed:
    """Read a stream of requests and outcomes (or a table of runs, which is brought in order of time)
    and write `run_uid,p_fail` for each request, fixed before anything after it is read.

    Raises `UnreadableInput` for what cannot be read, `WrongUse` for an unknown model.
    """
    from dagnosis.forecast import facts
    from dagnosis.forecast.facts import merged
    from dagnosis.forecast.history import Table
    from dagnosis.forecast.models import make
    from dagnosis.forecast.online import Forecaster
    from dagnosis.forecast.online import replay as answers

    table = Table(events)
    forecaster = Forecaster(lambda: make(model), plain=model == "forest")
    stream = merged(
        _counted(table.events(forecaster.trouble), len(table), progress),
        facts.read(facts.place(events)),
    )
    requests = 0
    try:
        with out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("run_uid", "p_fail"))
            for uid, chance in answers(stream, forecaster):
                writer.writerow((uid, f"{chance:.6g}"))
                requests += 1
    except OSError as error:
        raise UnreadableInput(f"{out}: {(error.strerror or str(error)).lower()}") from None
    return Replayed(requests, len(forecaster), forecaster.fits, tuple(forecaster.trouble.lines()))


class TrainedReport(msgspec.Struct, frozen=True):
    """A training: figures on the newest slice (PR-AUC of the candidate, of the model that was in use,
    of the last ten outcomes), and whether the candidate was put in use."""

    runs: int
    labelled: int
    failures: int
    members: tuple[str, ...]
    candidate: float
    champion: float | None
    last_ten: float
    drift: float
    promoted: bool
    version: str
    why: str


def train(
    runs: Path,
    folder: Path | None = None,
    promote: bool = True,
    step: Callable[[str], None] = lambda _: None,
) -> TrainedReport:
    """Train on a table of runs. The candidate and the model in use are judged on the newest 15 % of
    the labelled runs, which neither candidate nor calibration had seen; only then it learns from all.

    Raises `UnreadableInput` for too little history (50 labelled runs and 5 failures on either side).
    """
    import numpy as np

    from dagnosis.forecast import batch, trained
    from dagnosis.forecast.calibration import drift, fit_line
    from dagnosis.forecast.evaluation import LEAST, pr_auc, sample
    from dagnosis.forecast.history import Table
    from dagnosis.forecast.models import Rows
    from dagnosis.forecast.models.baselines import LastTen
    from dagnosis.forecast.models.blend import Blend
    from dagnosis.models import manifest, store

    step("reading")
    table = batch.load(Table(runs))
    step("features")
    rows = Rows(batch.matrix(table))
    labelled = np.flatnonzero(table.label >= 0)
    labelled = labelled[np.argsort(table.asked[labelled], kind="stable")]
    newest = labelled[int(len(labelled) * 0.85) :]
    truth = table.label[newest] == 1
    if len(newest) < LEAST or not 5 <= truth.sum() < len(newest):
        raise UnreadableInput(
            f"{runs}: not enough history: of {len(labelled):,} runs with a known end the newest 15 % "
            f"hold {len(newest):,}, {int(truth.sum())} of them failed; training needs {LEAST} and 5. "
            "Until then the shipped prior answers"
        )
    now = int(table.asked[newest[0]])
    step("the candidate on older runs")
    learn, weights = sample(table.label, labelled[table.known[labelled] <= now])
    blend = Blend().fit(rows.take(learn), table.label[learn], weights)
    asked = rows.take(newest)
    chances = blend.predict(asked)
    line = fit_line(chances, table.label[newest])
    figures = {
        "pr_auc": pr_auc(truth, chances),
        "last_ten": pr_auc(
            truth, LastTen().fit(asked, table.label[learn][:0], weights[:0]).predict(asked)
        ),
    }
    champion = store.open_model(trained.NAME, trained.FORMAT, folder)
    before = pr_auc(truth, trained.in_use(folder).predict(asked)) if champion else None
    why = _refusal(figures["pr_auc"], figures["last_ten"], before)
    step("the candidate on all runs")
    learn, weights = sample(table.label, labelled)
    blend = Blend().fit(rows.take(learn), table.label[learn], weights)
    days = float(table.asked[newest[-1]] - now) / 86_400e6
    made = trained.Trained(blend, trained.about(line(chances), line, days), "candidate")
    version = ""
    if promote and not why:
        with tempfile.TemporaryDirectory() as part:
            made.save(Path(part))
            until = datetime.fromtimestamp(table.asked[newest[-1]] / 1e6, timezone.utc)
            written = manifest.write(
                Path(part), trained.NAME, figures=figures, format=trained.FORMAT, seed=42,
                made_by="dagnosis forecast train", until=until,
            )  # fmt: skip
            version = written.version
            store.promote(trained.NAME, Path(part), folder)
    return TrainedReport(
        runs=len(table), labelled=len(labelled), failures=int((table.label == 1).sum()),
        members=tuple(blend.members), candidate=figures["pr_auc"], champion=before,
        last_ten=figures["last_ten"], drift=drift(truth, line(chances)),
        promoted=bool(version), version=version, why=why,
    )  # fmt: skip


def _refusal(candidate: float, last_ten: float, champion: float | None) -> str:
    if candidate <= last_ten:
        return "it does not beat the last ten outcomes on the newest runs"
    if champion is not None and candidate < champion:
        return "the model in use is better on the newest runs"
    return ""


def evaluate(runs: Path, step: Callable[[str], None] = lambda _: None) -> Evaluation:
    """Every model by time on a table of runs; raises as `evaluation.evaluate` does."""
    from dagnosis.forecast import batch
    from dagnosis.forecast.evaluation import evaluate as judged
    from dagnosis.forecast.history import Table

    step("reading")
    table = batch.load(Table(runs))
    return judged(runs.stem, table, batch.plain(table), step)


class Risk(msgspec.Struct, frozen=True):
    """A run that is open, or the next one of a task, and what may become of it.

    `when` is when it was asked for, or when the next is expected; `p_fail` in [0, 1]; `seconds` are
    the 50 % and 90 % quantiles of how long it takes, None where nothing of the kind ever succeeded;
    `late` is that an open run has already taken longer than the 90 % quantile.
    """

    dag_id: str
    task_id: str
    kind: Literal["open", "next"]
    when: datetime
    p_fail: float
    alert: bool
    reasons: tuple[Reason, ...]
    seconds: tuple[float, ...] | None
    late: bool


class Scored(msgspec.Struct, frozen=True):
    """Runs by risk, highest first; `model` says which one answered, `threshold` where alerts begin."""

    risks: tuple[Risk, ...]
    model: str
    threshold: float
    now: datetime
    troubles: tuple[str, ...]


def score(
    runs: Path,
    alerts_a_day: float = 5.0,
    most: int = 20,
    folder: Path | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Scored:
    """The open runs of a table, and the next of each task that runs regularly, by risk.

    "Now" is the time of the table's last event. The next run is expected a median gap after the last;
    tasks that missed two of them are left out.
    """
    import numpy as np

    from dagnosis.forecast.history import Table, Trouble
    from dagnosis.forecast.models import Rows
    from dagnosis.forecast.reasons import reasons
    from dagnosis.forecast.trained import in_use

    trouble = Trouble()
    table = Table(runs)
    state = _State()
    for event in _counted(table.events(trouble), len(table), progress):
        state.take(event, trouble)
    candidates = state.candidates()
    if not candidates:
        raise UnreadableInput(f"{runs}: holds no run that is open, and no task that runs regularly")
    model = in_use(folder)
    raw = np.array([row for *_, row in candidates], np.float32)
    chances = model.predict(Rows(raw))
    threshold = model.about.threshold(alerts_a_day)
    order = np.argsort(-chances, kind="stable")[:most]
    # the threshold keeps the budget on average; this listing, which is about a day, keeps it as such
    return Scored(
        risks=tuple(
            _risk(
                state,
                model,
                candidates[i],
                raw[i],
                float(chances[i]),
                rank < alerts_a_day and float(chances[i]) >= threshold,
                reasons,
            )
            for rank, i in enumerate(order)
        ),
        model=model.origin,
        threshold=threshold,
        now=_moment(state.stream.now),
        troubles=tuple(trouble.lines()),
    )


class _State:
    """What a pass over the events leaves: tracks, open runs, gaps and durations of tasks."""

    def __init__(self) -> None:
        from dagnosis.forecast.durations import Durations
        from dagnosis.forecast.features import Stream

        self.stream: Stream = Stream()
        self.durations = Durations()
        self.open: dict[str, tuple[Request, list[float]]] = {}
        self._last: dict[str, Request] = {}
        self._gaps: dict[str, deque[float]] = {}

    def take(self, event: Event, trouble: Trouble) -> None:
        from dagnosis.forecast.history import Request

        if isinstance(event, Request):
            if event.uid in self.open:
                trouble.note("runs asked for twice: the first request counts", event.uid)
                return
            task = _task(event)
            if task in self._last:
                gaps = self._gaps.setdefault(task, deque(maxlen=10))
                gaps.append(max(event.time - self._last[task].time, 0.0))
            self._last[task] = event
            self.open[event.uid] = event, self.stream.ask(event)
            return
        if event.uid not in self.open:
            trouble.note("outcomes without a request are ignored", event.uid)
            return
        request, _ = self.open.pop(event.uid)
        self.stream.tell(event)
        if event.label == 0:
            self.durations.tell(_task(request), event.seconds)

    def candidates(self) -> list[tuple[Request, Literal["open", "next"], list[float]]]:
        now = self.stream.now
        found: list[tuple[Request, Literal["open", "next"], list[float]]] = [
            (request, "open", row) for request, row in self.open.values()
        ]
        running = {_task(request) for request, _ in self.open.values()}
        for task, gaps in self._gaps.items():
            gap = statistics.median(gaps)
            last = self._last[task]
            if task in running or len(gaps) < 3 or gap <= 0 or now - last.time > 3 * gap:
                continue
            coming = last._replace(uid="", time=max(last.time + gap, now))
            found.append((coming, "next", self.stream.peek(coming)))
        return found


def _task(request: Request) -> str:
    return f"{request.dag_id}\0{request.task_id}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _risk(
    state: _State,
    model: Trained,
    candidate: tuple[Request, Literal["open", "next"], list[float]],
    raw: NDArray[np.float32],
    chance: float,
    alert: bool,
    reasons: Callable[..., list[Reason]],
) -> Risk:
    request, kind, _ = candidate
    elapsed = max(state.stream.now - request.time, 0.0) if kind == "open" else 0.0
    usual = state.durations.quantiles(_task(request))
    return Risk(
        dag_id=request.dag_id,
        task_id=request.task_id,
        kind=kind,
        when=_moment(request.time),
        p_fail=chance,
        alert=alert,
        reasons=tuple(reasons(model.blend, model.about.line, raw)),
        seconds=state.durations.quantiles(_task(request), elapsed=elapsed),
        late=bool(kind == "open" and usual and elapsed > usual[1]),
    )


def pull(url: str, runs: Path) -> tuple[int, int]:
    """Read what changed in Airflow's metadata database into our store of runs; returns the number of
    tries read and kept. Tries are read again from a day before the newest end, and open ones always.
    """
    from datetime import timedelta

    from dagnosis.forecast import kept
    from dagnosis.forecast.airflow_history import read_attempts

    newest = kept.newest(runs)
    since = newest - timedelta(days=1) if newest else None
    return kept.add(runs, read_attempts(url, since))


def _counted(events: Iterable[Event], total: int, progress: Progress) -> Iterator[Event]:
    for done, event in enumerate(events, 1):
        if done % 10_000 == 0:
            progress(done, total)
        yield event
