"""Train the line classifier: embedding -> GRU -> linear, in PyTorch, out as ONNX.

    python -m dagnosis.logs.training.lines corpus.tsv.gz --pieces pieces.npz --out model
    python -m dagnosis.logs.training.lines corpus.tsv.gz --model baseline --out model
    python -m dagnosis.logs.training.lines corpus.tsv.gz --quick --out model    in seconds, for tests
    python -m dagnosis.logs.training.lines corpus.tsv.gz --pieces pieces.npz --compare

With `--encoder` (or `--opinions`), a fine-tuned sentence encoder teaches the small network what it
thinks of each text.

Systems are left out in turn: a message is only ever judged by a network that saw nothing of its
system. That gives the figures, the number of epochs (early stopping), the calibration and the weight
of keywords; then one network is trained on everything. `statements` and `embeddings` beside this
file make the two inputs, `sources` a second corpus in other languages, which judges nothing. The same
seed on the same machine gives the same weights.

Default: word pieces with vectors of a sentence encoder, bidirectional GRU, pooling and attention, five
outputs (the levels as they are called), values in the place of `<*>`, logger and trace as inputs,
each left out at random, weighted classes. Baseline: words, GRU 128, last hidden state, Adam 1e-3, 10
epochs, cross-entropy.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from dagnosis.errors import WrongUse
from dagnosis.logs.learned.lines import FORMAT, NAME, Head, LineModel, Message
from dagnosis.logs.training.lines.corpus import Example, examples, folds
from dagnosis.logs.training.lines.fitting import Trained, fit, seeded
from dagnosis.logs.training.lines.judging import Judged, figures, head_of
from dagnosis.logs.training.lines.network import graph, round_embedding
from dagnosis.logs.training.lines.recipe import BASELINE, Aids, Pieces, Recipe
from dagnosis.logs.training.lines.statements import FOREIGN, Statement, read, system_of
from dagnosis.logs.training.lines.validation import compare, cross_validate
from dagnosis.logs.training.lines.values import filled
from dagnosis.models import manifest


def main() -> None:
    """Train, export, check and describe; or compare."""
    arguments = _arguments()
    rows = [row for path in arguments.corpus for row in read(path)]
    if not rows:
        raise WrongUse("the corpus is empty")
    pieces = Pieces.load(arguments.pieces) if arguments.pieces else None
    if arguments.opinions and not arguments.judge:
        raise WrongUse("--opinions goes with the --judge that they were made with")
    aids = Aids(pieces, arguments.encoder, arguments.opinions)
    recipe = _recipe(arguments)
    where = folds(rows, arguments.folds)
    if arguments.judge:
        held = {system_of(name) for name in arguments.judge.split(",")}
        where = np.array([0 if row.system in held else -1 for row in rows])
        if where.max() < 0:
            raise WrongUse(f"--judge {arguments.judge}: no such system in the corpus")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        if arguments.compare:
            for line in compare(rows, recipe, aids, arguments.jobs, progress):
                print(line)
            return
        found = train(rows, recipe, arguments.out, aids, where, arguments.jobs, progress)
    for name, value in found.items():
        print(f"{name:22}{value:g}")


def train(
    rows: Sequence[Statement],
    recipe: Recipe,
    folder: Path,
    aids: Aids = Aids(),  # noqa: B008 - frozen
    where: NDArray[np.int64] | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Leave systems out, then train on all, export and describe; gives the figures.

    `where` is that of `cross_validate`.
    """
    judged = cross_validate(rows, recipe, aids, where, jobs, progress)
    head = head_of(judged, recipe.tokens, recipe.model == "default")
    measured = figures(judged, head)
    learned = examples(rows)
    opinions = [judged.opinions[one.text] for one in learned] if judged.opinions else None
    opinion = np.stack(opinions) if opinions else None
    fitted = fit(learned, recipe, aids.pieces, opinion)
    trained = next(islice(fitted, judged.epochs - 1, None))
    export(trained, head, folder)
    rng = seeded(recipe)
    some = [Message(filled(one.text, rng)) for one in learned[:: max(1, len(learned) // 500)]]
    apart = difference(trained, folder, some)
    if apart > 1e-4:
        raise WrongUse(f"{folder}: ONNX and PyTorch differ by {apart:.1e}; do not use it")
    _describe(rows, learned, recipe, aids, judged, measured, folder)
    return measured


# ---------------------------------------------------------------- the model as files


def export(trained: Trained, head: Head, folder: Path) -> None:
    """Write network, tokenizer and head. Raises `WrongUse` unless ONNX gives what PyTorch gives."""
    folder.mkdir(parents=True, exist_ok=True)
    round_embedding(trained.network)
    (folder / "lines.onnx").write_bytes(
        graph(trained.network, trained.fold).SerializeToString(deterministic=True)
    )
    trained.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "lines.json").write_bytes(msgspec.json.format(msgspec.json.encode(head)) + b"\n")


def difference(trained: Trained, folder: Path, messages: Sequence[Message]) -> float:
    """The largest difference of a probability between PyTorch and the exported network."""
    there = LineModel(folder).probabilities(messages)
    return float(np.abs(there - trained.probabilities(messages)).max())


_CARD = """# Line classifier ({model})

INFO, WARNING or ERROR of a log message.
{network}

- Data: logging calls, {distinct} distinct texts: {statements} of {systems} Python packages (Apache, MIT,
  BSD), read with `ast` by `dagnosis.logs.training.lines.statements`, and {foreign} of {packages} Debian
  source packages in C, C++, Java, Go, Rust and Erlang (files under Apache, MIT, BSD, ISC, PostgreSQL,
  MPL and like licences), by `dagnosis.logs.training.lines.sources`.
  No text of it is in this folder. INFO is debug and info; ERROR is error, exception and critical.
- Vectors of word pieces: {pieces}
- Teacher: {teacher}
- Licence of the model: Apache-2.0.
- Made by: `{command}`, seed {seed}.

## Figures

{judged}
Macro-F1 is over distinct (system, text, label).

| figure | value |
| --- | --- |
{table}

Levels are the opinion of whoever wrote the call: one project's warning is another's error, so no
model gets near 1. Random splits show 0.9 and more and mean nothing here.

## Limits

English messages of server software; other languages get INFO more often than they should. Values are
masked before the network reads a message, so it knows nothing of numbers but exit codes and the like.
"""
_TEACHER = (
    "the last two layers of all-MiniLM-L6-v2 (Apache-2.0) and a logistic regression, trained on\n"
    "  texts of other systems than the one they judge, by `dagnosis.logs.training.lines.teacher`; they are\n"
    "  not in this folder."
)
_NETWORKS = {
    "default": "Word pieces -> bidirectional GRU -> maximum, mean and attention -> linear.",
    "baseline": "Words -> GRU of 128 -> linear on the last hidden state.",
}


def _describe(
    rows: Sequence[Statement],
    learned: Sequence[Example],
    recipe: Recipe,
    aids: Aids,
    judged: Judged,
    measured: dict[str, float],
    folder: Path,
) -> None:
    others = [row for row in rows if row.system.startswith(FOREIGN)]
    own = [row for row in rows if not row.system.startswith(FOREIGN)]
    of_vectors = "all-MiniLM-L6-v2 (Apache-2.0), by `dagnosis.logs.training.lines.embeddings`."
    card = _CARD.format(
        model=recipe.model,
        network=_NETWORKS[recipe.model],
        statements=f"{len(own):,}",
        systems=len({row.system for row in own}),
        foreign=f"{len(others):,}",
        packages=len({row.system for row in others}),
        distinct=f"{len(learned):,}",
        pieces=of_vectors if aids.pieces else "none, they were learned.",
        teacher=_TEACHER if judged.opinions else "none.",
        command="python -m dagnosis.logs.training.lines",
        seed=recipe.seed,
        judged=_how(judged),
        table="\n".join(f"| {name} | {value:g} |" for name, value in measured.items()),
    )
    (folder / "card.md").write_text(card, "utf-8")
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    corpus = f"logging calls, sha256 {sha256(text.encode()).hexdigest()[:16]}"
    sources = [manifest.Source(corpus, "Apache-2.0, MIT, BSD, ISC, PostgreSQL, MPL-2.0", len(rows))]
    if aids.pieces:
        sources.append(
            manifest.Source("all-MiniLM-L6-v2 word vectors", "Apache-2.0", len(aids.pieces.names))
        )
    manifest.write(
        folder,
        NAME,
        figures=measured,
        data=sources,
        seed=recipe.seed,
        format=FORMAT,
        made_by=f"dagnosis.logs.training.lines ({recipe.model})",
    )


def _how(judged: Judged) -> str:
    systems = sorted({row.system for row in judged.rows})
    number = len(np.unique(judged.fold))
    if number > 1:
        return f"Systems left out in turn, in {number} folds."
    return f"Judged on systems that were left out, then trained on all: {', '.join(systems)}."


def _recipe(arguments: argparse.Namespace) -> Recipe:
    recipe = BASELINE if arguments.model == "baseline" else Recipe()
    if arguments.quick:
        changes = {"epochs": 2, "hidden": 8, "width": 16, "vocabulary": 300, "rate": 1e-2}
        recipe = msgspec.structs.replace(recipe, **changes)
    if arguments.epochs:
        recipe = msgspec.structs.replace(recipe, epochs=arguments.epochs)
    return msgspec.structs.replace(recipe, seed=arguments.seed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpus", type=Path, nargs="+", help="what `statements` and `sources` wrote"
    )
    parser.add_argument("--out", type=Path, default=Path("model"), help="folder of the model")
    parser.add_argument("--model", choices=("default", "baseline"), default="default")
    parser.add_argument("--pieces", type=Path, help="vectors that `embeddings` wrote (.npz)")
    parser.add_argument("--encoder", type=Path, help="folder of a sentence encoder, to teach")
    parser.add_argument("--opinions", type=Path, help="what `teacher` wrote, with the same --judge")
    parser.add_argument(
        "--judge",
        metavar="NAMES",
        help="leave out these systems once (a,b,c) instead of all in turn",
    )
    parser.add_argument("--folds", type=int, default=5, help="parts of the systems (5)")
    parser.add_argument("--jobs", type=int, default=1, help="folds at a time (1)")
    parser.add_argument("--epochs", type=int, help="the most epochs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a tiny network, in seconds")
    parser.add_argument("--compare", action="store_true", help="print a table, write nothing")
    return parser.parse_args()
