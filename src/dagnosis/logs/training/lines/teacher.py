"""A teacher for the small network: the last layers of a sentence encoder, trained on the same corpus.

The encoder (all-MiniLM-L6-v2, see `embeddings`) is forty times too slow to ship. Its opinion of each
text of the corpus is what the small network learns beside the labels, which are noisy: what one
project calls a warning another calls an error. The first layers stay as they are, so that each text
goes through them once; the last two are trained.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from dagnosis.logs.training.lines.embeddings import Encoder

_TRAINED = 2
"""Layers that are trained, the last ones."""
_TOKENS = 40
_EPOCHS, _BATCH = 2, 64
_RATE, _HEAD_RATE = 1e-4, 1e-3
_DROPOUT = 0.1


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
