"""Teachers for the small network: their opinion of each text is what it learns beside the labels.

Labels are noisy: what one project calls a warning another calls an error. So every text is judged by
teachers that saw nothing of its system, and learned what the others call such a thing. There are two
kinds, which err at different messages: the last layers of a sentence encoder (all-MiniLM-L6-v2, see
`embeddings`; forty times too slow to ship), and `linear`. The opinion is their geometric mean.

    python -m dagnosis.logs.training.lines.teacher corpus.tsv.gz --encoder minilm --out opinions.npz \\
        --judge a,b,c

writes the opinions of teachers that saw nothing of the systems a, b and c: the same --judge, with
--opinions, then trains and judges the small network.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn

from dagnosis.errors import UnreadableInput
from dagnosis.logs.training.lines.corpus import OUTPUTS, Example, examples
from dagnosis.logs.training.lines.embeddings import Encoder
from dagnosis.logs.training.lines.fitting import targets_of
from dagnosis.logs.training.lines.linear import Linear
from dagnosis.logs.training.lines.recipe import Floats, Recipe
from dagnosis.logs.training.lines.statements import Statement, read, system_of

_TRAINED = 2
"""Layers that are trained, the last ones."""
_TOKENS = 40
_EPOCHS, _BATCH = 2, 64
_RATE, _HEAD_RATE = 1e-4, 1e-3
_DROPOUT = 0.1
_ONCE = 8192
"""Texts whose states are held in memory when they are judged."""
_HALVES, _PARTS = 2, 6
"""Into how many parts systems are divided, by an encoder and by `linear`."""
_MOST = 25_000
"""Texts from which an encoder learns; from 15,000 it learned as much within the noise."""


Opinions: TypeAlias = dict[str, Floats]
"""Text -> probabilities of the outputs."""


class Teacher(Protocol):
    """Texts -> probabilities of the outputs; `learn` first."""

    def learn(self, texts: Sequence[str], targets: Floats, weights: Floats) -> None:
        """Train on texts with targets (texts, outputs); `weights` (outputs,) are those of the loss."""

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, outputs); rows sum to 1."""


class Tuned:
    """A sentence encoder. The first layers stay as they are, so that each text goes through them once;
    the last two are trained."""

    def __init__(self, folder: Path, outputs: int, seed: int = 0) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self._rng = random.Random(seed)  # noqa: S311
        self._encoder = Encoder(folder)
        self._first = self._encoder.layers - _TRAINED
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_TOKENS)
        self._head = nn.Linear(2 * self._encoder.settings["hidden_size"], outputs)

    def learn(self, texts: Sequence[str], targets: Floats, weights: Floats) -> None:
        """As a `Teacher`."""
        states = self._states(texts)
        wanted = torch.from_numpy(targets * weights)
        trained = [
            value
            for name, value in self._encoder.weights.items()
            if any(f".layer.{i}." in name for i in range(self._first, self._encoder.layers))
        ]
        for value in trained:
            value.requires_grad_()
        optimizer = torch.optim.AdamW(
            [
                {"params": trained, "lr": _RATE},
                {"params": self._head.parameters(), "lr": _HEAD_RATE},
            ],
            weight_decay=0.01,
        )
        steps = _EPOCHS * -(-len(texts) // _BATCH)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1.0, 10 * step / steps + 0.02) * (1 - step / (steps + 1))
        )
        for _ in range(_EPOCHS):
            for rows in self._batches(states):
                shares = self._logits([states[i] for i in rows], _DROPOUT).log_softmax(1)
                loss = -(wanted[rows] * shares).sum(1).mean()
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_([*trained, *self._head.parameters()], 1.0)
                optimizer.step()
                schedule.step()

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """As a `Teacher`; some thousand texts at a time, so that their states need little memory."""
        parts = [
            self._judge(self._states(texts[at : at + _ONCE])) for at in range(0, len(texts), _ONCE)
        ]
        return np.concatenate([np.zeros((0, self._head.out_features), np.float32), *parts])

    def _states(self, texts: Sequence[str]) -> list[NDArray[np.float16]]:
        """What the layers that stay as they are make of each text: (tokens, width), in 16 bits."""
        coded = self._tokenizer.encode_batch([text.replace("<*>", " [MASK] ") for text in texts])
        ids = [one.ids for one in coded]
        found: list[NDArray[np.float16]] = [np.empty((0, 0), np.float16)] * len(ids)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        with torch.inference_mode():
            for at in range(0, len(order), 2 * _BATCH):
                rows = order[at : at + 2 * _BATCH]
                padded = nn.utils.rnn.pad_sequence(
                    [torch.tensor(ids[i]) for i in rows], batch_first=True
                )
                states = self._encoder(padded, self._first).numpy().astype(np.float16)
                for row, i in enumerate(rows):
                    found[i] = states[row, : len(ids[i])].copy()
        return found

    def _judge(self, states: Sequence[NDArray[np.float16]]) -> Floats:
        found = np.zeros((len(states), self._head.out_features), np.float32)
        order = sorted(range(len(states)), key=lambda i: len(states[i]))
        with torch.inference_mode():
            for at in range(0, len(order), 2 * _BATCH):
                rows = order[at : at + 2 * _BATCH]
                found[rows] = self._logits([states[i] for i in rows], 0.0).softmax(1).numpy()
        return found

    def _logits(self, states: Sequence[NDArray[np.float16]], dropout: float) -> Tensor:
        padded = nn.utils.rnn.pad_sequence(
            [torch.from_numpy(one.astype(np.float32)) for one in states], batch_first=True
        )
        lengths = torch.tensor([len(one) for one in states])
        seen = torch.arange(padded.shape[1])[None] < lengths[:, None]
        out = self._encoder.through(padded, seen, range(self._first, self._encoder.layers), dropout)
        mean = (out * seen[..., None]).sum(1) / lengths[:, None]
        pooled = torch.cat([out[:, 0], mean], 1)
        logits: Tensor = self._head(nn.functional.dropout(pooled, 2 * dropout))
        return logits

    def _batches(self, states: Sequence[NDArray[np.float16]]) -> Iterator[list[int]]:
        order = sorted(range(len(states)), key=lambda i: len(states[i]) + 4 * self._rng.random())
        batches = [order[at : at + _BATCH] for at in range(0, len(order), _BATCH)]
        self._rng.shuffle(batches)
        yield from batches


def opinions_of(
    rows: Sequence[Statement],
    others: Iterable[str],
    encoder: Path,
    seed: int = 0,
    jobs: int = 1,
    advance: Callable[[], object] = lambda: None,
) -> Opinions:
    """What the teachers say of each text of `rows`, none of whom learned from its system, and of
    `others`, which none of them learned.

    `jobs` teachers learn at a time; `advance` is called once a teacher, `TEACHERS` times.
    """
    learned = examples(rows)
    texts = [one.text for one in learned]
    known = set(texts)
    texts += [text for text in dict.fromkeys(others) if text not in known]
    everywhere = np.arange(len(learned), len(texts))
    places, work = [], []
    for kind, (folder, parts, most) in enumerate(((encoder, _HALVES, _MOST), (None, _PARTS, None))):
        where = _parts(rows, learned, parts, seed)
        for part in range(parts):
            rest = np.random.default_rng(seed).permutation(np.flatnonzero(where != part))[:most]
            judged = np.concatenate([np.flatnonzero(where == part), everywhere])
            some = [learned[i] for i in rest.tolist()]
            places.append((kind, judged))
            work.append((folder, seed, some, [texts[i] for i in judged.tolist()]))
    said = np.zeros((2, len(texts), len(OUTPUTS)), np.float32)
    times = np.zeros((2, len(texts), 1), np.float32)
    pool = ProcessPoolExecutor(jobs, get_context("spawn")) if jobs > 1 else None
    told = pool.map(_taught, work) if pool else map(_taught, work)
    for place, shares in zip(places, told, strict=True):
        said[place] += shares
        times[place] += 1
        advance()
    if pool:
        pool.shutdown()
    mean = np.exp(np.log(np.maximum(said / times, _LEAST)).mean(0))
    return dict(zip(texts, mean / mean.sum(1, keepdims=True), strict=True))


def _taught(work: tuple[Path | None, int, Sequence[Example], Sequence[str]]) -> Floats:
    """What a teacher, an encoder or `linear`, says of texts after it learned from examples."""
    folder, seed, some, texts = work
    teacher: Teacher = Tuned(folder, len(OUTPUTS), seed) if folder else Linear(seed)
    targets, weights = targets_of(some, Recipe())
    teacher.learn([one.text for one in some], targets.numpy(), weights.numpy())
    return teacher.probabilities(texts)


TEACHERS = _HALVES + _PARTS
_LEAST = 1e-6


def _parts(
    rows: Sequence[Statement], learned: Sequence[Example], number: int, seed: int
) -> NDArray[np.int64]:
    """The part of each example: that of the system which is first to hold its text."""
    systems = sorted({row.system for row in rows})
    order = np.random.default_rng(seed).permutation(len(systems)).tolist()
    part = {system: place % number for system, place in zip(systems, order, strict=True)}
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.text, part[row.system])
    return np.array([first[one.text] for one in learned], np.int64)


def write_opinions(opinions: Opinions, path: Path) -> None:
    """One archive of texts and probabilities, without pickles."""
    np.savez_compressed(
        path, texts=np.array(list(opinions)), shares=np.stack(list(opinions.values()))
    )


def read_opinions(path: Path, texts: Iterable[str]) -> Opinions:
    """The opinions of these texts. Raises `UnreadableInput` when one is missing."""
    try:
        with np.load(path, allow_pickle=False) as held:
            known = dict(zip(held["texts"].tolist(), held["shares"], strict=True))
    except (OSError, KeyError, ValueError) as error:
        raise UnreadableInput(f"{path}: no opinions of a teacher ({error})") from None
    try:
        return {text: known[text] for text in texts}
    except KeyError as error:
        raise UnreadableInput(f"{path}: made for another corpus, it lacks {error}") from None


def main() -> None:
    """Train a teacher and write its opinions."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "corpus", type=Path, nargs="+", help="what `statements` and `sources` wrote"
    )
    parser.add_argument("--encoder", type=Path, required=True, help="folder of the encoder")
    parser.add_argument("--out", type=Path, required=True, help="opinions to write (.npz)")
    parser.add_argument("--judge", metavar="NAMES", default="", help="systems not to learn from")
    parser.add_argument("--jobs", type=int, default=1, help="teachers at a time (1)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = [row for path in arguments.corpus for row in read(path)]
    held = {system_of(name) for name in arguments.judge.split(",")}
    learned = [row for row in rows if row.system not in held]
    others = [row.text for row in rows if row.system in held]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Teaching", total=TEACHERS)
        opinions = opinions_of(
            learned,
            others,
            arguments.encoder,
            arguments.seed,
            arguments.jobs,
            lambda: progress.advance(bar),
        )
    write_opinions(opinions, arguments.out)
    print(f"{len(opinions)} texts")


if __name__ == "__main__":  # not in the processes that it starts
    main()
