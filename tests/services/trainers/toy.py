"""A small real trainer: naive Bayes over the words of a message, kept as JSON."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from dagnosis.logs.labels import Label
from dagnosis.logs.training.contract import Evaluation, Progress
from dagnosis.models import manifest

SHIPPED = [(f"flange {n} wobbles", "external_service_error") for n in range(30)]
SHIPPED += [(f"spool {n} is gone", "disk_full") for n in range(30)]


class Toy:
    name = "toy"
    format = 1

    def train(self, labels: Sequence[Label], seed: int, out: Path, progress: Progress) -> Path:
        counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        items = [(message, family, 1.0) for message, family in SHIPPED]
        items += [(label.message, label.family, label.weight) for label in labels]
        for done, (message, family, weight) in enumerate(items, 1):
            for word in message.lower().split():
                counts[family][word] += weight
            progress(done / len(items), "counting")
        (out / "counts.json").write_text(json.dumps(counts, sort_keys=True))
        until = max((label.occurred for label in labels), default=None)
        manifest.write(out, self.name, seed=seed, until=until, made_by="tests")
        return out

    def evaluate(self, folder: Path | None, labels: Sequence[Label] | None) -> Evaluation:
        asked = SHIPPED if labels is None else [(one.message, one.family) for one in labels]
        counts = json.loads((folder / "counts.json").read_text()) if folder else {}
        right = tuple(_best(counts, message) == family for message, family in asked)
        return Evaluation(right, {"accuracy": sum(right) / len(right)} if right else {})


def _best(counts: dict[str, dict[str, float]], message: str) -> str:
    def score(family: str) -> float:
        words, total = counts[family], sum(counts[family].values())
        return sum(
            math.log((words.get(w, 0) + 0.1) / (total + 10)) for w in message.lower().split()
        )

    return max(sorted(counts), key=score, default="unknown")


TRAINER = Toy()
