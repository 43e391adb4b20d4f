"""Train the forecast on a history of runs, and put it in use only if it wins on the newest of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.extras import need_learn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dagnosis.forecast.batch import Runs
    from dagnosis.forecast.history import Table
    from dagnosis.forecast.models import Chances, Rows
    from dagnosis.forecast.running import Signals, Snapshot, Update
    from dagnosis.forecast.trained import Trained
    from dagnosis.models.store import OpenModel
    from dagnosis.services.score import SignalRow

    Index = NDArray[np.int64]

NEWEST = 0.15
"""Share of the labelled runs that judges."""
Step = Callable[[str], None]


class TrainedReport(msgspec.Struct, frozen=True):
    """A training: figures on the newest slice (PR-AUC of the candidate and of the last ten outcomes),
    and on that part of it which the model in use has not learned from (`champion`, and the candidate
    there), and whether the candidate was put in use; `why` says why not."""

    runs: int
    labelled: int
    failures: int
    members: tuple[str, ...]
    candidate: float
    last_ten: float
    champion: float | None
    candidate_there: float | None
    drift: float
    promoted: bool
    version: str
    why: str
    update: tuple[float, ...]


class _History(msgspec.Struct, frozen=True):
    """A table with its features, its labelled runs in order of time, and those that judge."""

    path: Path
    table: Table
    runs: Runs
    rows: Rows
    labelled: Index
    newest: Index

    @property
    def cut(self) -> int:
        """When the first of the newest was asked for."""
        return int(self.runs.asked[self.newest[0]])


def train(
    runs: Path,
    folder: Path | None = None,
    promote: bool = True,
    step: Step = lambda _: None,
    signals: Path | None = None,
    seed: int = 42,
) -> TrainedReport:
    """Train on a table of runs and the facts beside it.

    The candidate is judged on the newest 15 % of the labelled runs, which neither it nor its
    calibration had seen, against the last ten outcomes; against the model in use on those of them that
    were asked for after it was trained. Only then it learns from all. `signals` (JSON lines) teach how
    far warnings and silence of a running task move its risk.

    Raises `UnreadableInput` for too little history (50 labelled runs and 5 failures on either side),
    `MissingExtra` without the extra `learn`.
    """
    need_learn("training the forecast")
    from dagnosis.forecast import trained
    from dagnosis.forecast.calibration import drift, fit_line
    from dagnosis.forecast.evaluation import pr_auc, sample
    from dagnosis.forecast.models.baselines import LastTen
    from dagnosis.forecast.models.blend import Blend
    from dagnosis.models import store

    known = _read(runs, step)
    label, newest = known.runs.label, known.newest
    truth = label[newest] == 1
    step("the candidate on older runs")
    learn, weights = sample(
        label, known.labelled[known.runs.known[known.labelled] <= known.cut], seed
    )
    asked = known.rows.take(newest)
    chances = Blend().fit(known.rows.take(learn), label[learn], weights).predict(asked)
    line = fit_line(chances, label[newest], known.runs.days[newest])
    baseline = LastTen().fit(asked, label[:0], weights[:0]).predict(asked)
    figures = {"pr_auc": pr_auc(truth, chances), "last_ten": pr_auc(truth, baseline)}
    champion = store.open_model(trained.NAME, trained.FORMAT, folder)
    before, there, why = _contest(known, champion, chances, folder)
    if figures["pr_auc"] <= figures["last_ten"]:
        why = "it does not beat the last ten outcomes on the newest runs"
    step("risks of running tasks")
    update = _update(known, line(chances), signals)
    step("the candidate on all runs")
    learn, weights = sample(label, known.labelled, seed)
    blend = Blend().fit(known.rows.take(learn), label[learn], weights)
    days = float(known.runs.asked[newest[-1]] - known.cut) / 86_400e6
    about = trained.about(line(chances), line, days, update)
    version = ""
    if promote and not why:
        step("putting it in use")
        until = datetime.fromtimestamp(known.runs.asked[newest[-1]] / 1e6, timezone.utc)
        made = trained.Trained(blend, about, "candidate")
        version = _promote(made, figures, until, seed, folder)
    return TrainedReport(
        runs=len(known.runs), labelled=len(known.labelled), failures=int((label == 1).sum()),
        members=tuple(blend.members), candidate=figures["pr_auc"], last_ten=figures["last_ten"],
        champion=before, candidate_there=there, drift=drift(truth, line(chances)),
        promoted=bool(version), version=version, why=why, update=update.weights,
    )  # fmt: skip


def _read(path: Path, step: Step) -> _History:
    import numpy as np

    from dagnosis.forecast import batch, facts
    from dagnosis.forecast.evaluation import LEAST
    from dagnosis.forecast.history import Table
    from dagnosis.forecast.models import Rows

    step("reading")
    table = Table(path)
    runs = batch.load(table, facts.read(facts.place(path)))
    step("features")
    rows = Rows(batch.matrix(runs), days=runs.days)
    labelled = np.flatnonzero(runs.label >= 0)
    labelled = labelled[np.argsort(runs.asked[labelled], kind="stable")]
    newest = labelled[int(len(labelled) * (1 - NEWEST)) :]
    failed = int((runs.label[newest] == 1).sum())
    if len(newest) < LEAST or not 5 <= failed < len(newest):
        raise UnreadableInput(
            f"{path}: not enough history: of {len(labelled):,} runs with a known end the newest 15 % "
            f"hold {len(newest):,}, {failed} of them failed; training needs {LEAST} and 5. "
            "Until then the shipped prior answers"
        )
    return _History(path, table, runs, rows, labelled, newest)


def _contest(
    known: _History, champion: OpenModel | None, chances: Chances, folder: Path | None
) -> tuple[float | None, float | None, str]:
    """PR-AUC of the model in use and of the candidate on what the former has not learned from, and
    why the candidate must not follow it; both None where there is no such model, or nothing new."""
    from dagnosis.forecast import trained
    from dagnosis.forecast.evaluation import LEAST, pr_auc

    if champion is None:
        return None, None, ""
    until = champion.manifest.until
    asked = known.runs.asked[known.newest]
    fresh = asked > (until.timestamp() * 1e6 if until else 0)
    truth = known.runs.label[known.newest] == 1
    failed = int(truth[fresh].sum())
    if fresh.sum() < LEAST or failed < 5:
        return None, None, (
            f"too little is new since the model in use was trained: {int(fresh.sum()):,} runs with a "
            f"known end, {failed} failed; {LEAST} and 5 are needed to judge by"
        )  # fmt: skip
    old = trained.in_use(folder).predict(known.rows.take(known.newest[fresh]))
    before, there = pr_auc(truth[fresh], old), pr_auc(truth[fresh], chances[fresh])
    return before, there, "" if there > before else "the model in use is better on the newest runs"


def _update(known: _History, chances: Chances, signals: Path | None) -> Update:
    """How risks move while runs go on, from snapshots of the newest runs."""
    import numpy as np

    from dagnosis.forecast.running import fit
    from dagnosis.services.score import signal_rows

    seen: dict[str, list[SignalRow]] = {}
    for row in signal_rows(signals) if signals else ():
        seen.setdefault(row.run_uid, []).append(row)
    uids = known.table.uids()
    newest = {
        uids[index]: float(chance) for index, chance in zip(known.newest, chances, strict=True)
    }
    taken, labels = snapshots(known.table, newest, seen)
    return fit(taken, np.array(labels, np.int8))


def snapshots(
    table: Table, forecasts: dict[str, float], seen: dict[str, list[SignalRow]]
) -> tuple[list[Snapshot], list[int]]:
    """Runs with a forecast as they were while they ran, and how they ended: at the moments when
    something was seen of them; without any at the 50 % and 90 % quantile of their task's time, and at
    twice that, where they had not ended by then. In order of the runs' ends."""
    from dagnosis.forecast.history import Request
    from dagnosis.forecast.running import NOTHING, Snapshot
    from dagnosis.services.score import LEVELS, State, name

    state, taken, labels = State(), list[Snapshot](), list[int]()
    plans: dict[str, list[tuple[float, float, Signals]]] = {}
    for event in table.events():
        if isinstance(event, Request):
            if event.uid in forecasts:
                task = name(event)
                moments = [(row.at - event.time, row.signals()) for row in seen.get(event.uid, ())]
                ends = state.durations.ends(task, LEVELS) if not moments else None
                if ends:
                    moments = [(at, NOTHING) for at in (*ends, 2 * ends[-1])]
                plans[event.uid] = [
                    (at, state.durations.lives_longer(task, at), signals)
                    for at, signals in moments
                    if at > 0
                ]
        elif event.uid in state.open and event.label >= 0:
            total = event.time - state.open[event.uid][0].time
            for at, age, signals in plans.pop(event.uid, ()):
                if at < total:
                    taken.append(Snapshot(forecasts[event.uid], age, signals))
                    labels.append(event.label)
        state.follow(event)
    return taken, labels


def _promote(
    made: Trained, figures: dict[str, float], until: datetime, seed: int, folder: Path | None
) -> str:
    from dagnosis.forecast import trained
    from dagnosis.models import manifest, store

    with tempfile.TemporaryDirectory() as part:
        made.save(Path(part))
        written = manifest.write(
            Path(part), trained.NAME, figures=figures, format=trained.FORMAT, seed=seed,
            made_by="dagnosis forecast train", until=until,
        )  # fmt: skip
        store.promote(trained.NAME, Path(part), folder)
        return written.version


def lines(report: TrainedReport) -> Sequence[str]:
    """The report for a terminal or a log, a sentence a line."""
    ended = f"{report.labelled:,} runs with a known end of {report.runs:,}"
    ranking = f"PR-AUC on the newest 15 %: {report.candidate:.3f}"
    found = [
        f"{ended}, {report.failures:,} failed; members: {', '.join(report.members)}",
        f"{ranking}, last ten outcomes {report.last_ten:.3f}",
    ]
    if report.champion is not None and report.candidate_there is not None:
        found.append(
            f"PR-AUC since the model in use was trained: {report.candidate_there:.3f}, "
            f"the model in use {report.champion:.3f}"
        )
    if abs(report.drift) > 4:
        more = "more" if report.drift > 0 else "fewer"
        found.append(f"Drift: {more} of the newest runs failed than was forecast")
    if report.promoted:
        found.append(f"In use: {report.version} (back: dagnosis models rollback forecast)")
    else:
        found.append(f"Not put in use: {report.why or 'training only was asked for'}")
    return found
