"""A teacher for the small network: the last layers of a sentence encoder, trained on the same corpus.

The encoder (all-MiniLM-L6-v2, see `embeddings`) is forty times too slow to ship. Its opinion of each
text of the corpus is what the small network learns beside the labels, which are noisy: what one
project calls a warning another calls an error. The first layers stay as they are, so that each text
goes through them once; the last two are trained.

    python -m dagnosis.logs.training.lines.teacher corpus.tsv.gz --encoder minilm --out opinions.npz \\
        --judge a,b,c

writes what a teacher says of every text after it learned from all systems but a, b and c: the same
--judge, with --opinions, then trains and judges the small network.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn

from dagnosis.errors import UnreadableInput
from dagnosis.logs.training.lines.corpus import OUTPUTS, examples
from dagnosis.logs.training.lines.embeddings import Encoder
from dagnosis.logs.training.lines.fitting import targets_of
from dagnosis.logs.training.lines.recipe import Recipe
from dagnosis.logs.training.lines.statements import read, system_of

_TRAINED = 2
"""Layers that are trained, the last ones."""
_TOKENS = 40
_EPOCHS, _BATCH = 2, 64
_RATE, _HEAD_RATE = 1e-4, 1e-3
_DROPOUT = 0.1


Opinions: TypeAlias = dict[str, NDArray[np.float32]]
"""Text -> probabilities of the outputs."""


class Teacher:
    """Texts -> probabilities of the outputs; `learn` first."""

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

    def learn(
        self,
        texts: Sequence[str],
        targets: Tensor,
        weights: Tensor,
        advance: Callable[[], object] = lambda: None,
    ) -> NDArray[np.float32]:
        """Train on texts with targets (texts, outputs); `weights` (outputs,) are those of the loss.

        Gives what `probabilities` would give for the same texts.
        """
        states = self._states(texts)
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
                loss = -(targets[rows] * weights * shares).sum(1).mean()
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_([*trained, *self._head.parameters()], 1.0)
                optimizer.step()
                schedule.step()
            advance()
        return self._judge(states)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (texts, outputs); rows sum to 1."""
        return self._judge(self._states(texts))

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

    def _judge(self, states: Sequence[NDArray[np.float16]]) -> NDArray[np.float32]:
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
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = [row for path in arguments.corpus for row in read(path)]
    held = {system_of(name) for name in arguments.judge.split(",")}
    learned = examples(row for row in rows if row.system not in held)
    teacher = Teacher(arguments.encoder, len(OUTPUTS), arguments.seed)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Teaching", total=_EPOCHS)
        texts = [one.text for one in learned]
        said = teacher.learn(texts, *targets_of(learned, Recipe()), lambda: progress.advance(bar))
    opinions = dict(zip(texts, said, strict=True))
    others = [one.text for one in examples(rows) if one.text not in opinions]
    if others:
        opinions |= dict(zip(others, teacher.probabilities(others), strict=True))
    write_opinions(opinions, arguments.out)
    print(f"{len(opinions)} texts, {len(others)} of them not learned")


if __name__ == "__main__":
    main()
