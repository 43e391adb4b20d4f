"""Systems left out in turn: every message is judged by a network that saw nothing of its system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from dagnosis.logs.learned.lines import Message
from dagnosis.logs.training.lines.corpus import FOLD, examples, folds, macro_f1, truth
from dagnosis.logs.training.lines.fitting import fit, targets_of
from dagnosis.logs.training.lines.judging import Judged, distinct, keywords
from dagnosis.logs.training.lines.linear import Linear
from dagnosis.logs.training.lines.recipe import BASELINE, Aids, Floats, Recipe
from dagnosis.logs.training.lines.statements import Statement
from dagnosis.logs.training.lines.teacher import Opinions, opinions_of, read_opinions


def cross_validate(
    rows: Sequence[Statement],
    recipe: Recipe,
    aids: Aids = Aids(),  # noqa: B008 - frozen
    where: NDArray[np.int64] | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Judged:
    """Train a network for each fold in `where` (None: five), without the systems of that fold.

    Rows whose fold is -1 are learned from and not judged. `jobs` networks are trained at a time.
    """
    where = folds(rows, 5) if where is None else where
    numbers = [int(number) for number in np.unique(where) if number >= 0]
    work = [(rows, where, number, recipe, aids) for number in numbers]
    bar = progress.add_task(f"{recipe.model}: folds", total=len(numbers)) if progress else None
    pool = ProcessPoolExecutor(jobs, get_context("spawn")) if jobs > 1 else None
    found = np.zeros((recipe.epochs, len(rows), 3), np.float32)
    opinions: Opinions = {}
    done = pool.map(_fold, work) if pool else map(_fold, work)
    for number, (probabilities, said) in zip(numbers, done, strict=True):
        found[:, where == number] = probabilities
        held = {row.text for row, at in zip(rows, where, strict=True) if at == number}
        opinions = said | opinions | {text: said[text] for text in held if text in said}
        if progress and bar is not None:
            progress.advance(bar)
    if pool:
        pool.shutdown()
    at = np.flatnonzero(where >= 0)
    judged, found = [rows[i] for i in at.tolist()], found[:, at]
    best = recipe.epochs - 1
    if recipe.model == "default":
        true = truth(judged)
        best = max(range(best + 1), key=lambda epoch: macro_f1(true, found[epoch].argmax(1)))
    return Judged(judged, found[best], where[at], best + 1, opinions)


_Work: TypeAlias = tuple[Sequence[Statement], NDArray[np.int64], int, Recipe, Aids]


def _fold(work: _Work) -> tuple[Floats, Opinions]:
    """Probabilities (epochs, rows of the fold, 3) by networks that saw the other folds, and what their
    teacher, which saw the same, says of all texts."""
    rows, where, number, recipe, aids = work
    texts = [rows[i].text for i in np.flatnonzero(where == number).tolist()]
    known = [row for row, at in zip(rows, where, strict=True) if at != number]
    learned = examples(known)
    bare = [one.text for one in learned]
    opinion = None
    opinions: Opinions = {}
    if recipe.model == "default" and aids.opinions:
        opinions = read_opinions(aids.opinions, [*bare, *texts])
        opinion = np.stack([opinions[text] for text in bare])
    elif recipe.model == "default" and aids.encoder:
        opinions = opinions_of(known, texts, aids.encoder, recipe.seed)
        opinion = np.stack([opinions[text] for text in bare])
    messages = [Message(text) for text in texts]
    fitted = fit(learned, recipe, aids.pieces, opinion)
    return np.stack([t.probabilities(messages) for t in fitted]), opinions


def linear(rows: Sequence[Statement], where: NDArray[np.int64]) -> Floats:
    """Probabilities (rows, 3) of logistic regression on words and their pairs, systems left out."""
    found = np.zeros((len(rows), 3), np.float32)
    for fold in np.unique(where[where >= 0]):
        learned = examples(row for row, at in zip(rows, where, strict=True) if at != fold)
        held = np.flatnonzero(where == fold).tolist()
        targets, weights = targets_of(learned, Recipe())
        model = Linear()
        model.learn([one.text for one in learned], targets.numpy(), weights.numpy())
        found[held] = model.probabilities([rows[i].text for i in held]) @ FOLD
    return found


def compare(
    rows: Sequence[Statement],
    recipe: Recipe,
    aids: Aids,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Iterator[str]:
    """A Markdown table of macro-F1 with systems, and with families of systems, left out in turn."""
    places = [folds(rows, 5, strict) for strict in (False, True)]
    at = distinct(rows)
    at = at[places[0][at] >= 0]
    within = (np.cumsum(places[0] >= 0) - 1)[at]  # of the rows that are judged
    true = truth(rows)[at]
    yield "| model | systems left out | families left out |"
    yield "| --- | --- | --- |"
    said = macro_f1(true, keywords(rows)[at])
    yield f"| keywords | {said:.3f} | {said:.3f} |"
    alone = Aids(aids.pieces)
    kinds = {"baseline": (BASELINE, alone), "default, no teacher": (recipe, alone)}
    if aids.encoder:
        kinds["default"] = (recipe, aids)
    found: dict[str, list[Floats]] = {"linear": [linear(rows, where)[at] for where in places]}
    for name, (kind, helped) in kinds.items():
        judged = [cross_validate(rows, kind, helped, where, jobs, progress) for where in places]
        found[name] = [one.probabilities[within] for one in judged]
    found[f"{name} and linear"] = [a * b for a, b in zip(found[name], found["linear"], strict=True)]
    for name, both in found.items():
        cells = " | ".join(f"{macro_f1(true, one.argmax(1)):.3f}" for one in both)
        yield f"| {name} | {cells} |"
