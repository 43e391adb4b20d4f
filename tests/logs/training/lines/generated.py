"""A corpus out of a grammar: enough for a tiny network to learn something from, no package's text."""

from __future__ import annotations

from random import Random

from dagnosis.logs.training.lines.statements import LABELS, Statement

_NOUNS = "table task queue file session bucket worker schema record model".split()
_SENTENCES = {
    "debug": ("checking {0}", "{0} is <*>", "found {0} <*> in {1}"),
    "info": ("starting {0} <*>", "finished {0} in <*> seconds", "loaded <*> rows into {0}"),
    "warning": ("retrying {0} after <*>", "{0} is deprecated, use {1}", "skipping missing {0}"),
    "error": ("failed to open {0}: <*>", "cannot connect to {0}", "{0} is corrupt"),
    "exception": ("unexpected error in {0}", "could not save {0} <*>"),
}


def corpus(systems: int = 4, seed: int = 0) -> list[Statement]:
    """Rows of so many systems, each with its own nouns; the same for the same seed."""
    rng = Random(seed)
    rows = []
    for system in range(systems):
        for level, sentences in _SENTENCES.items():
            for sentence in sentences:
                for one in rng.sample(_NOUNS, 6):
                    text = sentence.format(one, rng.choice(_NOUNS))
                    place = "trace" if level == "exception" else ""
                    rows.append(
                        Statement(
                            f"system-{system}",
                            level,
                            LABELS[level],
                            1,
                            text,
                            f"system.{one}",
                            place,  # type: ignore[arg-type]
                        )
                    )
    return rows
