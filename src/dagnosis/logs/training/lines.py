"""Train the line classifier: embedding -> GRU -> linear, in PyTorch, out as ONNX.

    python -m dagnosis.logs.training.lines corpus.tsv.gz --pieces pieces.npz --out model
    python -m dagnosis.logs.training.lines corpus.tsv.gz --model baseline --out model
    python -m dagnosis.logs.training.lines corpus.tsv.gz --quick --out model    in seconds, for tests
    python -m dagnosis.logs.training.lines corpus.tsv.gz --pieces pieces.npz --compare

With `--encoder`, a fine-tuned sentence encoder teaches the small network what it thinks of each text.

Systems are left out in turn: a message is only ever judged by a network that saw nothing of its
system. That gives the figures, the number of epochs (early stopping), the calibration and the weight
of keywords; then one network is trained on everything. `statements` and `embeddings` beside this
file make the two inputs. The same seed on the same machine gives the same weights.

Default: word pieces with vectors of a sentence encoder, bidirectional GRU, pooling and attention, five
outputs (the levels as they are called), values in the place of `<*>`, logger and trace as inputs,
each left out at random, weighted classes. Baseline: words, GRU 128, last hidden state, Adam 1e-3, 10
epochs, cross-entropy.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel, WordPiece
from torch import nn

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.learned.lines import FORMAT, NAME, Head, LineModel, Message, prepared
from dagnosis.logs.training.corpus import (
    FOLD,
    OUTPUTS,
    Example,
    examples,
    folds,
    macro_f1,
    truth,
)
from dagnosis.logs.training.judging import Judged, distinct, figures, head_of, keywords
from dagnosis.logs.training.network import Baseline, Default, graph, round_embedding
from dagnosis.logs.training.statements import Statement, read, system_of
from dagnosis.logs.training.teacher import Teacher
from dagnosis.logs.training.values import filled
from dagnosis.models import manifest

Floats: TypeAlias = NDArray[np.float32]


class Recipe(msgspec.Struct, frozen=True):
    """How a network is trained."""

    model: Literal["default", "baseline"] = "default"
    epochs: int = 6
    batch: int = 128
    rate: float = 2e-3
    embedding_rate: float = 0.03
    """Of the embedding, as a share of `rate`: rare words keep the vector that they begin with."""
    width: int = 256
    hidden: int = 96
    dropout: float = 0.3
    forget: float = 0.1
    """Share of tokens that are hidden."""
    smoothing: float = 0.05
    balance: float = 0.5
    """Power of the inverse frequency of a level, its weight in the loss."""
    concrete: float = 0.3
    """Share of messages with values in the place of `<*>`."""
    context: float = 0.3
    """Share of messages that keep their logger, and of those that keep their trace."""
    trust: float = 0.6
    """Share of the teacher's opinion in what is learned, where there is a teacher."""
    vocabulary: int = 16_000
    tokens: int = 48
    seed: int = 0


BASELINE = Recipe(
    model="baseline",
    epochs=10,
    batch=128,
    rate=1e-3,
    width=128,
    hidden=128,
    dropout=0,
    forget=0,
    smoothing=0,
    balance=0,
    concrete=0,
    context=0,
)


class Pieces(msgspec.Struct, frozen=True):
    """Word pieces and their vectors (pieces, width); what `embeddings` wrote."""

    names: list[str]
    vectors: Any

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Raises `UnreadableInput`."""
        try:
            with np.load(path, allow_pickle=False) as held:
                return cls(
                    [str(name) for name in held["pieces"]], held["vectors"].astype(np.float32)
                )
        except (OSError, KeyError, ValueError) as error:
            raise UnreadableInput(f"{path}: no vectors of word pieces ({error})") from None


class Aids(msgspec.Struct, frozen=True):
    """What is known before the corpus is read."""

    pieces: Pieces | None = None
    encoder: Path | None = None
    """Folder of the encoder that becomes the teacher."""


# ---------------------------------------------------------------- tokens

_VALUES = (
    "<*> <num> <time> <path> <ip> <uuid> <hex> <id> <url> <email> <host> <duration> <size>".split()
)
_MARKS = ["<sep>", "<trace>"]
_PAD, _UNKNOWN = "[PAD]", "[UNK]"
_WORD = "[A-Za-z]+|<[*a-z]+>|[^\\sA-Za-z]"


def tokenizer_of(texts: Sequence[str], recipe: Recipe, pieces: Pieces | None) -> Tokenizer:
    """Texts -> ids: words for the baseline; else the given pieces, or ones learned from the texts.

    Of the given pieces those are kept that the texts hold, all single characters, and the most
    frequent of the rest, up to `recipe.vocabulary`. Id 0 pads, id 1 is an unknown word, and every
    placeholder of a value has the same id.
    """
    special = [_PAD, _UNKNOWN, *_VALUES, *_MARKS]
    if recipe.model == "baseline":
        return _words(texts, recipe, special)
    normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex("(?<=[a-z])(?=[A-Z])"), " "),  # ConnectionError: two words
            normalizers.BertNormalizer(lowercase=True),
        ]
    )
    if pieces is None:
        return _piecewise(_learned(texts, recipe, normalizer), normalizer, special)
    made = _piecewise(pieces.names, normalizer, special)
    used = Counter(token for one in made.encode_batch(list(texts)) for token in one.tokens)
    wanted = [n for n in pieces.names if n in used or len(n.removeprefix("##")) == 1]
    kept = set(wanted[: recipe.vocabulary])
    rest = (n for n in pieces.names if n not in kept and n[0] != "[")
    kept.update(islice(rest, recipe.vocabulary - len(kept)))
    names = [name for name in pieces.names if name in kept]
    return _piecewise([n for n in names if n not in special], normalizer, special)


def _piecewise(names: Sequence[str], normalizer: Any, special: list[str]) -> Tokenizer:
    vocabulary = {name: i for i, name in enumerate(dict.fromkeys([*special, *names]))}
    made = Tokenizer(WordPiece(vocabulary, unk_token=_UNKNOWN, max_input_chars_per_word=60))
    made.normalizer = normalizer
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    _add(made)
    return made


def _add(made: Tokenizer) -> None:
    made.add_special_tokens([AddedToken(name, normalized=False) for name in [*_VALUES, *_MARKS]])


def _learned(texts: Sequence[str], recipe: Recipe, normalizer: Any) -> list[str]:
    """Single characters and the words that occur twice, most frequent first; ties as they came.

    Not the trainers of the tokenizers library: the same texts give them other pieces every time.
    """
    split = pre_tokenizers.BertPreTokenizer()
    counts = Counter(
        word for text in texts for word, _ in split.pre_tokenize_str(normalizer.normalize_str(text))
    )
    characters = sorted({character for word in counts for character in word})
    words = [word for word, times in counts.most_common() if times > 1 and len(word) > 1]
    return [*characters, *(f"##{c}" for c in characters), *words][: recipe.vocabulary]


def _words(texts: Sequence[str], recipe: Recipe, special: list[str]) -> Tokenizer:
    made = Tokenizer(WordLevel({name: i for i, name in enumerate(special)}, unk_token=_UNKNOWN))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
    counts = Counter(
        word
        for text in texts
        for word, _ in made.pre_tokenizer.pre_tokenize_str(made.normalizer.normalize_str(text))
    )
    common = [w for w, n in counts.most_common(recipe.vocabulary) if n > 1 and w not in special]
    made.model = WordLevel(
        {name: i for i, name in enumerate([*special, *common])}, unk_token=_UNKNOWN
    )
    _add(made)
    return made


def table_of(tokenizer: Tokenizer, recipe: Recipe, pieces: Pieces | None) -> Floats:
    """What the embedding begins with (vocabulary, width): the vectors, by their main directions."""
    rng = np.random.default_rng(recipe.seed)
    size = tokenizer.get_vocab_size()
    if pieces is None:
        return (rng.standard_normal((size, recipe.width)) * 0.5).astype(np.float32)
    centred = pieces.vectors - pieces.vectors.mean(0)
    _, axes = np.linalg.eigh(np.cov(centred.T))  # in order of rising variance
    turned = centred @ axes[:, ::-1][:, : recipe.width]
    turned *= 3 / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-6)
    at = {name: i for i, name in enumerate(pieces.names)}
    table = (rng.standard_normal((size, recipe.width)) * 0.25).astype(np.float32)
    for name, i in tokenizer.get_vocab().items():
        if name in at:
            table[i] = turned[at[name]]
    table[tokenizer.token_to_id(_PAD)] = 0
    return table.astype(np.float32)


# ---------------------------------------------------------------- one network


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
    targets, weights = _targets(learned, recipe)
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


def _targets(learned: Sequence[Example], recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor]:
    """Smoothed shares (examples, outputs) and the weight of each output, of mean 1."""
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


# ---------------------------------------------------------------- systems left out in turn


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
    seen: dict[str, Floats] = {}
    unseen: dict[str, Floats] = {}
    done = pool.map(_fold, work) if pool else map(_fold, work)
    for number, (probabilities, of_learned, of_held) in zip(numbers, done, strict=True):
        found[:, where == number] = probabilities
        seen.update(of_learned)
        unseen.update(of_held)
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
    return Judged(judged, found[best], where[at], best + 1, seen | unseen)


_Work: TypeAlias = tuple[Sequence[Statement], NDArray[np.int64], int, Recipe, Aids]
_Opinions: TypeAlias = dict[str, Floats]


def _fold(work: _Work) -> tuple[Floats, _Opinions, _Opinions]:
    """Probabilities (epochs, rows of the fold, 3) by networks that saw the other folds; what their
    teacher says of the texts that it learned, and of those of the fold."""
    rows, where, number, recipe, aids = work
    texts = [rows[i].text for i in np.flatnonzero(where == number).tolist()]
    learned = examples(row for row, at in zip(rows, where, strict=True) if at != number)
    opinion = None
    of_learned: _Opinions = {}
    of_held: _Opinions = {}
    if aids.encoder and recipe.model == "default":
        teacher = Teacher(aids.encoder, len(OUTPUTS), recipe.seed)
        opinion = teacher.learn([one.text for one in learned], *_targets(learned, recipe))
        of_learned = dict(zip([one.text for one in learned], opinion, strict=True))
        of_held = dict(zip(texts, teacher.probabilities(texts), strict=True))
    messages = [Message(text) for text in texts]
    fitted = fit(learned, recipe, aids.pieces, opinion)
    return np.stack([t.probabilities(messages) for t in fitted]), of_learned, of_held


_LINEAR_WORD = r"(?u)<\*>|\w+|[^\w\s]"


def linear(rows: Sequence[Statement], where: NDArray[np.int64]) -> Floats:
    """Probabilities (rows, 3) of logistic regression on words and characters, systems left out."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    found = np.zeros((len(rows), 3), np.float32)
    for fold in np.unique(where):
        learned = examples(row for row, at in zip(rows, where, strict=True) if at != fold)
        held = np.flatnonzero(where == fold).tolist()
        words = TfidfVectorizer(
            ngram_range=(1, 2), token_pattern=_LINEAR_WORD, min_df=2, sublinear_tf=True
        )
        characters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), min_df=5, sublinear_tf=True, lowercase=False
        )
        texts = [one.text for one in learned]
        inputs = hstack([words.fit_transform(texts), characters.fit_transform(texts)])
        labels = (np.array([one.shares for one in learned]) @ FOLD).argmax(1)
        model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=80, tol=1e-2)
        model.fit(inputs, labels)
        texts = [rows[i].text for i in held]
        found[held] = model.predict_proba(
            hstack([words.transform(texts), characters.transform(texts)])
        )
    return found


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

INFO, WARNING or ERROR of a log message. {network}

- Data: {statements} logging calls of {systems} openly licensed Python packages (Apache, MIT, BSD),
  read with `ast` by `dagnosis.logs.training.statements`, {distinct} distinct texts. No text of it is
  in this folder. INFO is debug and info; ERROR is error, exception and critical.
- Vectors of word pieces: {pieces}
- Teacher: {teacher}
- Licence of the model: Apache-2.0.
- Made by: `{command}`, seed {seed}.

## Figures

{judged} Macro-F1 is over distinct (system, text, label).

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
    "the last two layers of all-MiniLM-L6-v2 (Apache-2.0), trained on the same texts by"
    " `dagnosis.logs.training.teacher`; it is not in this folder."
)
_NETWORKS = {
    "default": "Word pieces -> bidirectional GRU -> maximum, mean and attention -> linear.",
    "baseline": "Words -> GRU of 128 -> linear on the last hidden state.",
}


def main() -> None:
    """Train, export, check and describe; or compare."""
    arguments = _arguments()
    rows = [row for path in arguments.corpus for row in read(path)]
    if not rows:
        raise WrongUse("the corpus is empty")
    pieces = Pieces.load(arguments.pieces) if arguments.pieces else None
    aids = Aids(pieces, arguments.encoder)
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


def _describe(
    rows: Sequence[Statement],
    learned: Sequence[Example],
    recipe: Recipe,
    aids: Aids,
    judged: Judged,
    measured: dict[str, float],
    folder: Path,
) -> None:
    of_vectors = "all-MiniLM-L6-v2 (Apache-2.0), by `dagnosis.logs.training.embeddings`."
    card = _CARD.format(
        model=recipe.model,
        network=_NETWORKS[recipe.model],
        statements=f"{len(rows):,}",
        systems=len({row.system for row in rows}),
        distinct=f"{len(learned):,}",
        pieces=of_vectors if aids.pieces else "none, they were learned.",
        teacher=_TEACHER if aids.encoder else "none.",
        command="python -m dagnosis.logs.training.lines",
        seed=recipe.seed,
        judged=_how(judged),
        table="\n".join(f"| {name} | {value:g} |" for name, value in measured.items()),
    )
    (folder / "card.md").write_text(card, "utf-8")
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    corpus = f"logging calls, sha256 {sha256(text.encode()).hexdigest()[:16]}"
    sources = [manifest.Source(corpus, "Apache-2.0, MIT, BSD", len(rows))]
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
    return f"Judged on systems that were left out ({', '.join(systems)}), then trained on all."


def compare(
    rows: Sequence[Statement],
    recipe: Recipe,
    aids: Aids,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Iterator[str]:
    """A Markdown table of macro-F1 with systems, and with families of systems, left out in turn."""
    at = distinct(rows)
    true = truth(rows)[at]
    yield "| model | systems left out | families left out |"
    yield "| --- | --- | --- |"
    said = macro_f1(true, keywords(rows)[at])
    yield f"| keywords | {said:.3f} | {said:.3f} |"
    alone = Aids(aids.pieces)
    kinds = {"baseline": (BASELINE, alone), "default, no teacher": (recipe, alone)}
    if aids.encoder:
        kinds["default"] = (recipe, aids)
    places = [folds(rows, 5, strict) for strict in (False, True)]
    found: dict[str, list[Floats]] = {"linear": [linear(rows, where)[at] for where in places]}
    for name, (kind, helped) in kinds.items():
        judged = [cross_validate(rows, kind, helped, where, jobs, progress) for where in places]
        found[name] = [one.probabilities[at] for one in judged]
    found[f"{name} and linear"] = [a * b for a, b in zip(found[name], found["linear"], strict=True)]
    for name, both in found.items():
        cells = " | ".join(f"{macro_f1(true, one.argmax(1)):.3f}" for one in both)
        yield f"| {name} | {cells} |"


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
    parser.add_argument("corpus", type=Path, nargs="+", help="corpora that `statements` wrote")
    parser.add_argument("--out", type=Path, default=Path("model"), help="folder of the model")
    parser.add_argument("--model", choices=("default", "baseline"), default="default")
    parser.add_argument("--pieces", type=Path, help="vectors that `embeddings` wrote (.npz)")
    parser.add_argument("--encoder", type=Path, help="folder of a sentence encoder, to teach")
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


if __name__ == "__main__":
    main()
