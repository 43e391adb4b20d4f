"""Retrain models on what users said, and put in use only what wins."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.logs.labels import Label
from dagnosis.logs.training.contract import Evaluation, Progress, Trainer, needs
from dagnosis.models import manifest as manifests
from dagnosis.models import store as models
from dagnosis.models.store import OpenModel
from dagnosis.services.forecast_training import TrainedReport
from dagnosis.services.trial import ALPHA, LEAST, NOISE, Slices, chance, slices, weighted


class Contest(msgspec.Struct, frozen=True):
    """Two models on the same items: how many each had right, and how likely the difference is by
    chance (`p_win`: that the new one is so far ahead, `p_loss`: so far behind)."""

    items: int
    old_right: int
    new_right: int
    p_win: float
    p_loss: float
    old: dict[str, float] = {}
    new: dict[str, float] = {}


class Outcome(msgspec.Struct, frozen=True):
    """What came of retraining one model. `why` is one sentence; `missing` are the labels that a trial
    still needs; `won` says that the new model is better, `promoted` that it is in use."""

    name: str
    why: str
    won: bool = False
    promoted: bool = False
    missing: int = 0
    labels: int = 0
    old_version: str | None = None
    new_version: str | None = None
    since: datetime | None = None
    newest: Contest | None = None
    shipped: Contest | None = None


def retrain(
    trainer: Trainer,
    labels: Sequence[Label],
    *,
    seed: int = 0,
    dag_share: float = 0.2,
    dry_run: bool = False,
    folder: Path | None = None,
    progress: Progress = lambda share, what: None,
) -> Outcome:
    """Train a challenger on the older labels, and promote it where it wins.

    It wins when it is better than the model in use on the newest slice (McNemar, one-sided, below
    `trial.ALPHA`), and not worse on the evaluation set that is shipped (above `trial.NOISE`).
    `dag_share` in (0, 1] is the most that one DAG may weigh of all labels; `folder` is the user's
    model folder. With too few labels nothing is trained. Raises what the trainer raises, and
    `WrongUse` where the model folder cannot be written or a library is missing that training needs;
    the model in use then stays.
    """
    old = models.open_model(trainer.name, trainer.format, folder)
    cut = slices(labels, old.manifest.until if old else None)
    if cut.missing:
        return _too_few(trainer, labels, cut, old)
    with tempfile.TemporaryDirectory(prefix="dagnosis-") as work:
        out = Path(work, trainer.name)
        out.mkdir()
        try:
            made = trainer.train(weighted(cut.learned, dag_share), seed, out, progress)
        except ModuleNotFoundError as error:
            raise needs(error) from None
        outcome = _try(trainer, labels, cut, old, made, progress)
        if not outcome.won or dry_run:
            return outcome
        return _promote(trainer, outcome, made, folder)


def retrain_forecast(
    runs: Path,
    *,
    seed: int = 0,
    dry_run: bool = False,
    folder: Path | None = None,
    progress: Progress = lambda share, what: None,
) -> TrainedReport:
    """Train a challenger of the forecast on a history of runs, and promote it where it beats the last
    ten outcomes and the model in use, on runs that neither has learned from.

    Raises `UnreadableInput` where there is no history, or too little, and `MissingExtra` without the
    extra `learn`.
    """
    from dagnosis.services.forecast_training import train

    if not runs.exists():
        raise UnreadableInput(f"{runs}: no history of runs; dagnosis forecast pull URL makes one")
    steps = 0

    def step(what: str) -> None:
        nonlocal steps
        steps += 1
        progress(min(steps / 7, 1.0), what)

    return train(runs, folder, promote=not dry_run, step=step, seed=seed)


def _too_few(
    trainer: Trainer, labels: Sequence[Label], cut: Slices, old: OpenModel | None
) -> Outcome:
    return Outcome(
        name=trainer.name,
        why=(
            f"too few labels: {len(labels)} are there, at least {cut.missing} more are needed, until"
            f" {LEAST} can be learned from and {LEAST} newer failures, none of them labelled before,"
            f" can judge (now {len(cut.learned)} and {len(cut.judged)})"
        ),
        missing=cut.missing,
        labels=len(labels),
        old_version=old.manifest.version if old else None,
    )


def _try(
    trainer: Trainer,
    labels: Sequence[Label],
    cut: Slices,
    old: OpenModel | None,
    made: Path,
    progress: Progress,
) -> Outcome:
    before = old.folder if old else None
    contests = []
    for step, items in enumerate((cut.judged, None)):
        progress(0.9 + 0.05 * step, "judging")
        contests.append(_contest(trainer.evaluate(before, items), trainer.evaluate(made, items)))
    newest, shipped = contests
    won, why = _verdict(newest, shipped)
    return Outcome(
        name=trainer.name,
        why=why,
        won=won,
        labels=len(labels),
        old_version=old.manifest.version if old else None,
        new_version=manifests.verify(made, trainer.name, trainer.format).version,
        since=cut.judged[0].occurred,
        newest=newest,
        shipped=shipped,
    )


def _contest(old: Evaluation, new: Evaluation) -> Contest:
    return Contest(
        items=len(new.right),
        old_right=sum(old.right),
        new_right=sum(new.right),
        p_win=chance(new.right, old.right),
        p_loss=chance(old.right, new.right),
        old=old.figures,
        new=new.figures,
    )


def _verdict(newest: Contest, shipped: Contest) -> tuple[bool, str]:
    if newest.p_win >= ALPHA:
        ahead = newest.new_right - newest.old_right
        how = f"{ahead} more right" if ahead > 0 else "no more right"
        return False, (
            f"no clear win on the newest slice ({how} of {newest.items}, p {_p(newest.p_win)},"
            f" below {ALPHA} is asked)"
        )
    if shipped.p_loss < NOISE:
        return False, (
            f"worse on the shipped evaluation set ({shipped.old_right} to {shipped.new_right} right of"
            f" {shipped.items}, p {_p(shipped.p_loss)})"
        )
    return True, (
        f"better on the newest slice ({newest.old_right} to {newest.new_right} right of"
        f" {newest.items}, p {_p(newest.p_win)}), not worse on the shipped evaluation set"
    )


def _p(chance: float) -> str:
    return f"{chance:.3f}" if chance >= 0.001 else "< 0.001"


def _promote(trainer: Trainer, outcome: Outcome, made: Path, folder: Path | None) -> Outcome:
    now = models.open_model(trainer.name, trainer.format, folder)
    if (now.manifest.version if now else None) != outcome.old_version:
        why = "another retraining promoted a model meanwhile; run it again"
        return msgspec.structs.replace(outcome, won=False, why=why)
    models.promote(trainer.name, made, folder)
    return msgspec.structs.replace(outcome, promoted=True)


def rows(outcome: Outcome) -> Iterator[str]:
    """The outcome for a terminal: what, why, then the figures of both contests."""
    verb = (
        "promoted" if outcome.promoted else "would be promoted" if outcome.won else "not promoted"
    )
    yield f"{outcome.name}: {verb}: {outcome.why}"
    if outcome.promoted:
        was = outcome.old_version or "none"
        yield f"  {outcome.new_version} is in use (was {was}; dagnosis models rollback {outcome.name})"
    since = f" since {outcome.since:%Y-%m-%d}" if outcome.since else ""
    named = (f"newest slice{since}", outcome.newest), ("shipped evaluation", outcome.shipped)
    for name, contest in named:
        if contest and contest.items:
            yield f"  {name}: right {contest.old_right} -> {contest.new_right} of {contest.items}"
            for key in contest.new:
                before = contest.old.get(key)
                shown = "–" if before is None else f"{before:.3f}"
                yield f"    {key} {shown} -> {contest.new[key]:.3f}"
