"""Teachers: what they say of a text does not depend on what its own system calls it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

from dagnosis.errors import UnreadableInput
from dagnosis.logs.training.lines.corpus import FOLD, OUTPUTS, truth
from dagnosis.logs.training.lines.linear import Linear
from dagnosis.logs.training.lines.statements import LABELS, Statement
from dagnosis.logs.training.lines.teacher import (
    TEACHERS,
    Opinions,
    opinions_of,
    read_opinions,
    write_opinions,
)
from tests.logs.training.lines.generated import corpus

WIDTH, LAYERS = 8, 3
ROWS = [row._replace(text=f"{row.text} of {row.system}") for row in corpus(8)]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a BERT encoder of a few hundred weights, drawn at random."""
    folder = tmp_path_factory.mktemp("encoder")
    words = sorted({word for row in ROWS for word in row.text.replace("<*>", " ").split()})
    pieces = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[MASK]", *words])}
    tokenizer = Tokenizer(WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(settings), "utf-8")
    _write_tensors(folder / "model.safetensors", _shapes(len(pieces)))
    return folder


def _shapes(pieces: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (pieces, WIDTH),
        "embeddings.position_embeddings.weight": (64, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    linear = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
    linear |= {"attention.output.dense": (WIDTH, WIDTH)}
    linear |= {"intermediate.dense": (2 * WIDTH, WIDTH), "output.dense": (WIDTH, 2 * WIDTH)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for name, shape in linear.items():
            shapes |= {f"{at}{name}.weight": shape, f"{at}{name}.bias": shape[:1]}
        norms += [f"{at}attention.output.LayerNorm", f"{at}output.LayerNorm"]
    for name in norms:
        shapes |= {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}
    return shapes


def _write_tensors(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    rng = np.random.default_rng(0)
    head, data = {}, b""
    for name, shape in shapes.items():
        raw = rng.standard_normal(shape).astype("<f4").tobytes()
        head[name] = {
            "dtype": "F32",
            "shape": shape,
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    packed = json.dumps(head).encode()
    path.write_bytes(len(packed).to_bytes(8, "little") + packed + data)


def test_what_a_system_calls_its_own_texts_is_not_asked(encoder: Path) -> None:
    steps: list[int] = []
    before = opinions_of(ROWS, ["a text of nobody"], encoder, advance=lambda: steps.append(1))
    assert len(steps) == TEACHERS
    assert set(before) == {*(row.text for row in ROWS), "a text of nobody"}
    for shares in before.values():
        assert shares.shape == (len(OUTPUTS),)
        assert shares.sum() == pytest.approx(1, abs=1e-5)
    after = opinions_of([_louder(row) for row in ROWS], [], encoder)
    own = {row.text for row in ROWS if row.system == "system-3"}
    assert _apart(before, after, own) == 0
    assert _apart(before, after, {row.text for row in ROWS} - own) > 0.01


def _louder(row: Statement) -> Statement:
    changed = row._replace(level="error", label=LABELS["error"])
    return changed if row.system == "system-3" else row


def _apart(one: Opinions, other: Opinions, texts: set[str]) -> float:
    return max(float(np.abs(one[text] - other[text]).max()) for text in texts)


def test_opinions_come_back_from_a_file(tmp_path: Path) -> None:
    opinions = {"a": np.full(5, 0.2, np.float32), "b": np.eye(5, dtype=np.float32)[1]}
    write_opinions(opinions, tmp_path / "opinions.npz")
    back = read_opinions(tmp_path / "opinions.npz", ["b"])
    assert back["b"].tolist() == opinions["b"].tolist()
    with pytest.raises(UnreadableInput, match="lacks 'c'"):
        read_opinions(tmp_path / "opinions.npz", ["c"])


def test_words_tell_levels_of_a_system_that_was_left_out() -> None:
    held = [row for row in ROWS if row.system == "system-0"]
    some = [row for row in ROWS if row.system != "system-0"]
    model = Linear()
    targets = np.eye(len(OUTPUTS), dtype=np.float32)[[OUTPUTS.index(r.level) for r in some]]
    model.learn([r.text for r in some], targets, np.ones(len(OUTPUTS), np.float32))
    shares = model.probabilities([r.text for r in held])
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    assert ((shares @ FOLD).argmax(1) == truth(held)).mean() > 0.95
    assert model.probabilities([]).shape == (0, len(OUTPUTS))
