"""The cause model: from the words of one message to a family, with a confidence, or no answer.

A linear softmax over hashed n-grams (`features`), trained by `dagnosis.logs.training.causes` on what
the causes and tables say, on the lab's corpus and on variations of both. It is asked where rules and
tables leave the cause open: a message of a library that nobody described still says "quota" or
"certificate".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from dagnosis.logs.learned.features import BITS, columns, value
from dagnosis.model import FAMILIES, Transience
from dagnosis.models.store import open_model

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

NAME = "causes"
FORMAT = 1
FILE = "causes.npz"
SURE = 0.75
"""From this probability on a message is called transient or permanent."""


class Opinion(msgspec.Struct, frozen=True):
    """What the model makes of a message: families by probability, best first, summing to 1, and the
    probability that the same try may succeed later."""

    families: tuple[tuple[str, float], ...]
    passes: float

    @property
    def family(self) -> str:
        """The likeliest family."""
        return self.families[0][0]

    @property
    def confidence(self) -> float:
        """Its calibrated probability, in (0, 1]."""
        return self.families[0][1]

    @property
    def transience(self) -> Transience:
        """Transient, permanent, or unknown where the probability is near neither end."""
        if self.passes >= SURE:
            return "transient"
        return "permanent" if self.passes <= 1 - SURE else "unknown"


class CauseModel:
    """Weights of shape (2**BITS, families + 1) as int8 with a scale for each column; the last
    column is the logit of "passes by itself"."""

    def __init__(
        self,
        weights: npt.NDArray[np.int8],
        scale: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
        temperature: float,
        families: tuple[str, ...],
    ) -> None:
        if set(families) - set(FAMILIES) or weights.shape != (1 << BITS, len(families) + 1):
            raise ValueError("the cause model's families are not those of this dagnosis")
        self._weights, self._scale, self._bias = weights, scale, bias
        self._temperature, self.families = temperature, families

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> CauseModel:
        """From arrays called weights, scale, bias, temperature and families. Raises ValueError for
        families that are not known here, KeyError for an array that is missing."""
        return cls(
            arrays["weights"],
            arrays["scale"],
            arrays["bias"],
            float(arrays["temperature"]),
            tuple(map(str, arrays["families"])),
        )

    def judge(self, message: str, exception: str = "") -> Opinion | None:
        """The opinion on one message; None for one that says nothing (no letters)."""
        import numpy as np

        on = columns(message, exception)
        if not on:
            return None
        summed = self._weights[on].sum(axis=0, dtype=np.int32)
        logits = self._bias + summed * self._scale * value(len(on))
        shares = _softmax(logits[:-1] / self._temperature)
        order = np.argsort(-shares)
        return Opinion(
            tuple((self.families[index], float(shares[index])) for index in order),
            float(1 / (1 + np.exp(-logits[-1]))),
        )


def _softmax(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import numpy as np

    powers = np.exp(logits - logits.max())
    shares: npt.NDArray[Any] = powers / powers.sum()
    return shares


def cause_model() -> CauseModel | None:
    """The model in use, loaded once for each file of weights; None where there is none or it is
    refused (then the rules speak alone)."""
    opened = open_model(NAME, FORMAT)
    return load(opened.folder / FILE) if opened else None


@lru_cache(maxsize=2)
def load(path: Path) -> CauseModel:
    """The model in a file of weights. Raises ValueError or KeyError for one of another layout."""
    import numpy as np

    with np.load(path, allow_pickle=False) as arrays:
        return CauseModel.of(arrays)
