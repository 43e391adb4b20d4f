"""Texts -> ids of word pieces, and the vectors that the pieces begin with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordLevel, WordPiece

from dagnosis.logs.training.lines.recipe import Floats, Pieces, Recipe

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
