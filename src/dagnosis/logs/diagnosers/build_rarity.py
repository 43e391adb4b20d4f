"""Write `rarity.json`: `python -m dagnosis.logs.diagnosers.build_rarity`.

The inverse document frequency of the words in the excerpts of all causes, smoothed as scikit-learn
does it: `1 + ln((1 + excerpts) / (1 + excerpts with the word))`.
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import msgspec

from dagnosis.logs.causes.catalogue import load_causes
from dagnosis.logs.diagnosers.vectors import _WORD
from dagnosis.logs.fingerprint import normalise


def build() -> dict[str, float]:
    """Word -> rarity, in order of the word."""
    excerpts = [text for cause in load_causes() for text in cause.spec.examples.match]
    counts = Counter(word for text in excerpts for word in set(_WORD.findall(normalise(text))))
    counts = Counter({word: count for word, count in counts.items() if count > 1})
    table = {"": 1}
    return {
        word: round(1 + math.log((1 + len(excerpts)) / (1 + count)), 3)
        for word, count in sorted({**table, **counts}.items())
    }


if __name__ == "__main__":
    encoded = msgspec.json.format(msgspec.json.encode(build()), indent=0)
    Path(__file__).with_name("rarity.json").write_bytes(encoded + b"\n")
