"""Statements -> what the networks learn from: distinct texts, targets, folds by system."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dagnosis.logs.learned.lines import LEVELS
from dagnosis.logs.training.lines.statements import FOREIGN, Place, Statement

OUTPUTS = ("debug", "info", "warning", "error", "exception")
"""What `Default` tells apart; `critical` is `error`."""
FOLD: NDArray[np.float32] = np.array(
    [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], np.float32
)
"""Outputs -> levels: a sum of their probabilities."""
RELATIVES: tuple[frozenset[str], ...] = (
    frozenset(
        "nova neutron glance keystone ironic heat octavia designate magnum barbican trove manila swift"
        " ceilometer python-watcher sahara senlin mistral zun masakari vitrage ironic-inspector"
        " ironic-python-agent oslo-messaging taskflow tacker os-ken".split()
    ),
    frozenset("botocore boto3 awscli s3transfer moto localstack-core aws-sam-cli".split()),
    frozenset("torch onnxruntime transformers datasets huggingface-hub lightning".split()),
    frozenset("azure-identity azure-cli-core".split()),
    frozenset("kafka-python aiokafka".split()),
    frozenset("meltano singer-sdk airbyte-cdk".split()),
    frozenset("jupyter-server jupyterhub ipython".split()),
)
"""Systems that share authors, code or style, for the stricter folds."""


class Example(NamedTuple):
    """A distinct text and how often it was called at each level, over the systems that hold it."""

    text: str
    logger: str
    place: Place
    shares: tuple[float, ...]
    """Over `OUTPUTS`; sums to 1."""


def examples(rows: Iterable[Statement]) -> list[Example]:
    """One example a text, in order of first appearance; a text that systems share counts once."""
    seen: dict[str, list[Statement]] = {}
    for row in rows:
        seen.setdefault(row.text, []).append(row)
    found = []
    for text, alike in seen.items():
        counts = [0.0] * len(OUTPUTS)
        for row in alike:
            level = "error" if row.level == "critical" else row.level
            counts[OUTPUTS.index(level)] += 1 / len(alike)
        found.append(Example(text, alike[0].logger, alike[0].place, tuple(counts)))
    return found


def folds(rows: Sequence[Statement], number: int, strict: bool = False) -> NDArray[np.int64]:
    """The fold of each row: no system stands in two, and with `strict` no family of `RELATIVES`.

    Systems are laid largest first into the fold that holds the fewest rows. Rows of `FOREIGN` systems
    are in none (-1): they are learned from, and judge nothing.
    """
    own = [row for row in rows if not row.system.startswith(FOREIGN)]
    family = {system: min(group) for group in RELATIVES if strict for system in group}
    sizes = Counter(family.get(row.system, row.system) for row in own)
    load: dict[int, int] = defaultdict(int)
    place = {}
    for name, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        place[name] = min(range(number), key=lambda fold: (load[fold], fold))
        load[place[name]] += size
    return np.array([place.get(family.get(row.system, row.system), -1) for row in rows], np.int64)


def truth(rows: Iterable[Statement]) -> NDArray[np.int64]:
    """The index in `LEVELS` of each row's label."""
    return np.array([LEVELS.index(row.label) for row in rows], np.int64)


def macro_f1(true: NDArray[np.int64], said: NDArray[np.int64]) -> float:
    """Mean F1 of the levels that are present in `true`, in [0, 1]; nan for no rows."""
    scores = []
    for level in np.unique(true):
        hits = float(((true == level) & (said == level)).sum())
        scores.append(2 * hits / float((true == level).sum() + (said == level).sum()))
    return float(np.mean(scores)) if scores else float("nan")
