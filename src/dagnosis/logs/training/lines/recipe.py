"""How a network is trained, and what is known before the corpus is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.errors import UnreadableInput

Floats: TypeAlias = NDArray[np.float32]


class Recipe(msgspec.Struct, frozen=True):
    """How a network is trained."""

    model: Literal["default", "baseline"] = "default"
    epochs: int = 4
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
    concrete: float = 0.2
    """Share of messages with values in the place of `<*>`."""
    context: float = 0.2
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
    opinions: Path | None = None
    """What a teacher said of each text, as `teacher` wrote it; takes the place of `encoder`."""
