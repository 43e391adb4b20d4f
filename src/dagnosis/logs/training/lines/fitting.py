"""One network: from examples to weights."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn

from dagnosis.logs.learned.lines import Message, prepared
from dagnosis.logs.training.lines.corpus import FOLD, OUTPUTS, Example
from dagnosis.logs.training.lines.network import Baseline, Default
from dagnosis.logs.training.lines.recipe import Floats, Pieces, Recipe
from dagnosis.logs.training.lines.tokens import table_of, tokenizer_of
from dagnosis.logs.training.lines.values import filled


class Trained:
    """A network and its tokenizer."""

    def __init__(self, network: nn.Module, tokenizer: Tokenizer, recipe: Recipe) -> None:
        self.network = network
        self.tokenizer = tokenizer
        self.recipe = recipe
        self.fold = FOLD if recipe.model == "default" else np.eye(3, dtype=np.float32)

    def coded(self, messages: Sequence[Message]) -> list[list[int]]:
        """The ids of messages, never none of them."""
        texts = [prepared(message, self.recipe.model == "default") for message in messages]
        coded = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return [one.ids[: self.recipe.tokens] or [0] for one in coded]

    def probabilities(self, messages: Sequence[Message]) -> Floats:
        """Shape (messages, 3)."""
        ids = self.coded(messages)
        found = np.zeros((len(ids), 3), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        self.network.eval()
        with torch.inference_mode():
            for at in range(0, len(order), 512):
                rows = order[at : at + 512]
                logits = self.network(*_padded([ids[i] for i in rows]))
                found[rows] = logits.softmax(1).numpy() @ self.fold
        return found


def _padded(ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(one) for one in ids])
    padded = torch.zeros((len(ids), int(lengths.max())), dtype=torch.long)
    for row, one in enumerate(ids):
        padded[row, : len(one)] = torch.tensor(one)
    return padded, lengths


def seeded(recipe: Recipe) -> random.Random:
    """Everything that is random begins anew; one thread, so that sums have one order."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    return random.Random(recipe.seed)  # noqa: S311


def fit(
    learned: Sequence[Example],
    recipe: Recipe,
    pieces: Pieces | None,
    opinion: Floats | None = None,
) -> Iterator[Trained]:
    """Train; gives the network after each epoch (the same object, further trained).

    `opinion` (examples, outputs) is what a teacher says of each example.
    """
    rng = seeded(recipe)
    default = recipe.model == "default"
    bare = [Message(one.text) for one in learned]
    tokenizer = tokenizer_of([prepared(m, default) for m in bare], recipe, pieces)
    made: nn.Module
    if default:
        table = table_of(tokenizer, recipe, pieces)
        made = Default(table, recipe.hidden, len(OUTPUTS), recipe.dropout)
    else:
        made = Baseline(tokenizer.get_vocab_size(), recipe.width, recipe.hidden)
    trained = Trained(made, tokenizer, recipe)
    targets, weights = targets_of(learned, recipe)
    targets = targets * weights
    if opinion is not None:  # the teacher learned under the same weights
        targets = (1 - recipe.trust) * targets + recipe.trust * torch.from_numpy(opinion)
    optimizer = _optimizer(made, recipe, frozen_start=pieces is not None and default)
    steps = recipe.epochs * -(-len(learned) // recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step / steps))
    for _ in range(recipe.epochs):
        ids = trained.coded([_seen(one, recipe, rng) for one in learned])
        made.train()
        for rows in _batches(ids, recipe, rng):
            inputs, lengths = _padded([ids[i] for i in rows])
            hidden = (torch.rand(inputs.shape) < recipe.forget) & (inputs > 0)
            shares = made(inputs.masked_fill(hidden, 1), lengths).log_softmax(1)
            loss = -(targets[rows] * shares).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(made.parameters(), 1.0)
            optimizer.step()
            if default:
                schedule.step()
        yield trained


def _rate(done: float) -> float:
    """The learning rate as a share of its height: up in the first tenth, then down a cosine."""
    return min(1.0, 10 * done + 0.02) * (1 + math.cos(math.pi * min(1.0, done))) / 2


def _seen(one: Example, recipe: Recipe, rng: random.Random) -> Message:
    """An example as it is seen this time: perhaps with values, perhaps with its context."""
    text = filled(one.text, rng) if rng.random() < recipe.concrete else one.text
    logger = one.logger if rng.random() < recipe.context else ""
    return Message(text, logger, one.place == "trace" and rng.random() < recipe.context)


def _batches(ids: list[list[int]], recipe: Recipe, rng: random.Random) -> Iterator[list[int]]:
    """Messages of about the same length together, the batches in random order."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]) + 4 * rng.random())
    batches = [order[at : at + recipe.batch] for at in range(0, len(order), recipe.batch)]
    rng.shuffle(batches)
    yield from batches


def targets_of(learned: Sequence[Example], recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Smoothed shares (examples, outputs), and the weight of each output, of mean 1."""
    shares = np.array([one.shares for one in learned], np.float32)
    level = FOLD
    if recipe.model == "baseline":
        shares, level = shares @ FOLD, np.eye(3, dtype=np.float32)
    outputs = shares.shape[1]
    # an output weighs by the frequency of its level, so that debug and info weigh the same
    frequency = level @ (level.T @ shares.mean(0))
    weight = np.maximum(frequency, 1e-3) ** -recipe.balance
    weight /= (weight * shares.mean(0)).sum()
    smoothed = shares * (1 - recipe.smoothing) + recipe.smoothing / outputs
    return torch.from_numpy(smoothed), torch.from_numpy(weight.astype(np.float32))


def _optimizer(made: nn.Module, recipe: Recipe, frozen_start: bool) -> torch.optim.Optimizer:
    if recipe.model == "baseline":
        return torch.optim.Adam(made.parameters(), lr=recipe.rate)
    table = [p for name, p in made.named_parameters() if name == "embedding.weight"]
    others = [p for name, p in made.named_parameters() if name != "embedding.weight"]
    slow = recipe.rate * (recipe.embedding_rate if frozen_start else 1)
    return torch.optim.AdamW(
        [
            {"params": table, "lr": slow, "weight_decay": 0.0},
            {"params": others, "lr": recipe.rate, "weight_decay": 0.01},
        ]
    )
