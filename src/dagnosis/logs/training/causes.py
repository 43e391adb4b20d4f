"""Train the cause model: a linear softmax over hashed n-grams.

    python -m dagnosis.logs.training.causes --out model
    python -m dagnosis.logs.training.causes --cross-validate
    python -m dagnosis.logs.training.causes --read-corpus corpus

It learns from what dagnosis states itself (the excerpts of the causes, the rows of the tables), from
the failing messages of the lab's corpus, and from variations of both. No log of anybody else is read.
Whole causes and whole faults are held out to choose the temperature: variations of one message never
stand on both sides. A quarter of the faults is never learnt from: retrained models are judged by it.

The messages of the lab lie in faults.jsonl; `--read-corpus` writes them anew from a corpus that
`python -m lab` made.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.logs.causes.catalogue import split_exception
from dagnosis.logs.causes.verdict import judge
from dagnosis.logs.diagnosers.learned import BAR
from dagnosis.logs.labels import Label
from dagnosis.logs.learned.causes import FILE, FORMAT, NAME, CauseModel, load
from dagnosis.logs.learned.features import BITS, columns, value
from dagnosis.logs.training.contract import Evaluation, Progress
from dagnosis.logs.training.examples import (
    LEARNT,
    VARIATIONS,
    Example,
    faults,
    of_corpus,
    stated,
    twins,
    with_variations,
    write_faults,
)
from dagnosis.models.manifest import Manifest, Source, write

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import scipy.sparse as sp

    Vector = npt.NDArray[np.float64]

INVERSE_PENALTY = 30.0
"""Of the squared weights; taken once, not searched for."""
FOLDS = 5


# ---------------------------------------------------------------- fitting


class Fitted(msgspec.Struct):
    """Weights of shape (2**BITS, n), biases of shape (n,); the last column is "passes by itself"."""

    families: tuple[str, ...]
    weights: Any
    bias: Any
    temperature: float = 1.0

    def logits(self, examples: Sequence[Example]) -> Vector:
        """Shape (examples, n)."""
        scores: Vector = _matrix(examples) @ self.weights + self.bias
        return scores

    def shares(self, examples: Sequence[Example]) -> Vector:
        """Probabilities of the families, of shape (examples, n - 1)."""
        from scipy.special import softmax

        shares: Vector = softmax(self.logits(examples)[:, :-1] / self.temperature, axis=1)
        return shares

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As they are shipped: weights as int8 with one scale a column."""
        import numpy as np

        scale = np.abs(self.weights).max(axis=0) / 127
        return {
            "weights": np.round(self.weights / scale).astype(np.int8),
            "scale": scale.astype(np.float32),
            "bias": self.bias.astype(np.float32),
            "temperature": np.float32(self.temperature),
            "families": np.array(self.families),
        }


def fit(examples: Sequence[Example]) -> Fitted:
    """Multinomial logistic regression on the family, binary on the transience where it is known.

    Raises `WrongUse` for examples of fewer than two families.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    if len({example.family for example in examples}) < 2:
        raise WrongUse("the cause model needs examples of at least two families")
    matrix = _matrix(examples)
    weight = np.array([example.weight for example in examples])
    settings: dict[str, Any] = {"C": INVERSE_PENALTY, "max_iter": 300, "class_weight": "balanced"}
    families = LogisticRegression(**settings).fit(
        matrix, [example.family for example in examples], sample_weight=weight
    )
    clear = [i for i, example in enumerate(examples) if example.transience != "unknown"]
    passes = LogisticRegression(**settings).fit(
        matrix[clear],
        [examples[i].transience == "transient" for i in clear],
        sample_weight=weight[clear],
    )
    rows, bias = families.coef_, families.intercept_
    if len(rows) == 1:  # of two families scikit-learn keeps one column
        rows, bias = np.vstack([-rows, rows]), np.array([-bias[0], bias[0]])
    return Fitted(
        families=tuple(map(str, families.classes_)),
        weights=np.vstack([rows, passes.coef_]).T,
        bias=np.append(bias, passes.intercept_),
    )


def _matrix(examples: Sequence[Example]) -> sp.csr_matrix:
    import numpy as np
    import scipy.sparse as sp

    indices: list[int] = []
    pointers = [0]
    values: list[float] = []
    for example in examples:
        on = columns(example.message, example.exception)
        indices += on
        values += [value(len(on))] * len(on)
        pointers.append(len(indices))
    shape = (len(examples), 1 << BITS)
    return sp.csr_matrix((np.array(values, np.float32), indices, pointers), shape=shape)


def temperature_of(logits: Vector, accepted: Vector) -> float:
    """The temperature that makes what experts accept likeliest on held-out logits (Guo et al., "On
    Calibration of Modern Neural Networks", ICML 2017); between 0.1 and 10.

    Both of shape (examples, families); `accepted` is 1 where a family passes, else 0.
    """
    import numpy as np
    from scipy.optimize import minimize_scalar
    from scipy.special import softmax

    def loss(log_temperature: float) -> float:
        shares = softmax(logits / np.exp(log_temperature), axis=1)
        return float(-np.log((shares * accepted).sum(axis=1) + 1e-12).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.3, 2.3), method="bounded").x))


def _accepted(examples: Sequence[Example], families: tuple[str, ...]) -> Vector:
    import numpy as np

    return np.array(
        [[f in (e.accepted or (e.family,)) for f in families] for e in examples], dtype=float
    )


def held_out(
    examples: Sequence[Example],
    base: Sequence[Example],
    seed: int,
    each: Callable[[int, int], object] = lambda done, of: None,
) -> tuple[Vector, tuple[str, ...]]:
    """Logits of each example by a model that saw none of its group; `base` is always learnt from.

    Shape (examples, families); the families in the order of the columns.
    """
    import numpy as np

    groups = sorted({twins(example.group) for example in examples})
    Random(seed).shuffle(groups)  # noqa: S311
    fold = {group: number % FOLDS for number, group in enumerate(groups)}
    out = np.full((len(examples), len(LEARNT)), -1e3)
    for number in range(FOLDS):
        held = [i for i, example in enumerate(examples) if fold[twins(example.group)] == number]
        rest = [example for example in examples if fold[twins(example.group)] != number]
        if not held:
            continue
        fitted = fit(with_variations([*base, *rest], seed))
        at = [LEARNT.index(family) for family in fitted.families]
        out[np.ix_(held, at)] = fitted.logits([examples[i] for i in held])[:, :-1]
        each(number + 1, FOLDS)
    return out, LEARNT


def figures(
    examples: Sequence[Example], shares: Vector, families: tuple[str, ...]
) -> dict[str, float]:
    """Accuracy over groups' first messages, at 80 % answered, and the calibration error."""
    import numpy as np

    best, sure = shares.argmax(axis=1), shares.max(axis=1)
    right = _accepted(examples, families)[np.arange(len(best)), best]
    answered = np.argsort(-sure, kind="stable")[: round(0.8 * len(right))]
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(
        abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    )
    return {
        "messages": float(len(right)),
        "accuracy": float(right.mean()),
        "accuracy_at_80_percent": float(right[answered].mean()),
        "expected_calibration_error": float(error),
    }


# ---------------------------------------------------------------- the model as files


def train(
    examples: Sequence[Example],
    out: Path,
    seed: int = 0,
    each: Callable[[int, int], object] = lambda done, of: None,
    until: datetime | None = None,
) -> Manifest:
    """Fit on all examples, the temperature on held-out groups; write weights, card and manifest."""
    import numpy as np
    from scipy.special import softmax

    failures = [example for example in examples if example.group.startswith("fault ")]
    others = [example for example in examples if not example.group.startswith("fault ")]
    judged = failures or others
    logits, families = held_out(judged, others if failures else [], seed, each)
    temperature = temperature_of(logits, _accepted(judged, families))
    measured = figures(judged, softmax(logits / temperature, axis=1), families)
    fitted = fit(with_variations(examples, seed))
    fitted.temperature = temperature
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out / FILE, **fitted.arrays())  # type: ignore[arg-type]
    rows = {kind: len(list(group)) for kind, group in groupby(sorted(map(_kind, examples)))}
    (out / "card.md").write_text(_card(measured, rows, seed), "utf-8")
    return write(
        out,
        NAME,
        figures=measured,
        data=[Source(kind, "Apache-2.0", count) for kind, count in rows.items()],
        seed=seed,
        format=FORMAT,
        made_by="dagnosis.logs.training.causes",
        until=until,
    )


def _kind(example: Example) -> str:
    if example.group.startswith("fault "):
        return "corpus of the lab"
    return (
        "labels of users" if example.group.startswith("label ") else "causes and tables of dagnosis"
    )


def _card(measured: dict[str, float], rows: dict[str, int], seed: int) -> str:
    data = "\n".join(f"- {kind}: {count:,} messages" for kind, count in rows.items())
    table = "\n".join(
        f"| {name.replace('_', ' ')} | {value:.3f} |" for name, value in measured.items()
    )
    return f"""# The cause model

What it does: from the words of one failing message to one of {len(LEARNT)} families, with a
calibrated probability, and whether the same try may succeed later. It is asked where the rules leave
the cause open.

Architecture: linear softmax over {1 << BITS:,} hashed columns (words, pairs, pieces of words, the
exception's name), int8. Seed {seed}; the weights are the same on the same machine.

Data (all of this project, Apache-2.0), each with {VARIATIONS} variations:
{data}

Measured on messages of which nothing was learnt (whole faults held out in turn):

| figure | value |
| --- | --- |
{table}

Limits: it reads one message in English best; it knows the families of dagnosis and no others; it has
never seen your logs, unless you retrained it with your labels (`dagnosis retrain causes`).
"""


class CauseTrainer:
    """`dagnosis retrain causes`: the shipped examples, and what users said."""

    name = NAME
    format = FORMAT

    def train(self, labels: Sequence[Label], seed: int, out: Path, progress: Progress) -> Path:
        """As the contract says; a label counts as much as an excerpt, times its weight."""
        examples = [*stated(), *faults(judging=False), *map(_labelled, labels)]
        until = max((label.occurred for label in labels), default=None)
        train(examples, out, seed, lambda done, of: progress(done / (of + 1), "fitting"), until)
        progress(1.0, "written")
        return out

    def evaluate(self, folder: Path | None, labels: Sequence[Label] | None) -> Evaluation:
        """The cascade's answers: the rules' where they know the words, else the model's."""
        model = load(folder / FILE) if folder else None
        asked = faults(judging=True) if labels is None else [_labelled(label) for label in labels]
        right = tuple(
            _answer(model, example) in (example.accepted or (example.family,)) for example in asked
        )
        return Evaluation(right, {"accuracy": sum(right) / len(right)} if right else {})


def _labelled(label: Label) -> Example:
    return Example(
        label.message,
        split_exception(label.message)[0],
        label.family,
        "unknown",
        f"label {label.fingerprint}",
        weight=label.weight,
    )


def _answer(model: CauseModel | None, example: Example) -> str:
    verdicts = judge(example.message, example.exception, free=True)
    if verdicts and not (verdicts[0].vague or verdicts[0].symptom):
        return verdicts[0].family
    opinion = model.judge(example.message, example.exception) if model else None
    return opinion.family if opinion and opinion.confidence >= BAR else "unknown"


TRAINER = CauseTrainer()


def main() -> None:
    """Train, or cross-validate, or read the messages of a corpus."""
    from rich.progress import Progress as Bars

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="folder of the new model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cross-validate", action="store_true", help="only measure")
    parser.add_argument("--read-corpus", type=Path, metavar="DIR", help="folder with index.jsonl")
    arguments = parser.parse_args()
    if not (arguments.cross_validate or arguments.out or arguments.read_corpus):
        parser.error("--out, --cross-validate or --read-corpus is needed")
    with Bars() as bars:

        def show(what: str) -> Callable[[int, int], object]:
            task = bars.add_task(what)
            return lambda done, of: bars.update(task, completed=done, total=of)

        measured: dict[str, float] = {}
        if arguments.read_corpus:
            write_faults(of_corpus(arguments.read_corpus, show("reading")))
        if arguments.cross_validate:
            measured = cross_validate(arguments.seed, show("folds"))
        elif arguments.out:
            examples = [*stated(), *faults(judging=False)]
            measured = train(examples, arguments.out, arguments.seed, show("folds")).figures
    for name, figure in measured.items():
        print(f"{name:28s} {figure:8.3f}" if figure < 2 else f"{name:28s} {figure:8.0f}")


def cross_validate(seed: int, each: Callable[[int, int], object]) -> dict[str, float]:
    """Figures on all faults of the lab, each judged by a model that saw none of it."""
    from scipy.special import softmax

    judged = [*faults(judging=False), *faults(judging=True)]
    logits, families = held_out(judged, stated(), seed, each)
    temperature = temperature_of(logits, _accepted(judged, families))
    return figures(judged, softmax(logits / temperature, axis=1), families)


if __name__ == "__main__":
    main()
