"""Histories that are made up: small, seeded, with something to learn in them."""

from __future__ import annotations

import random

import numpy as np

from dagnosis.forecast.facts import KINDS, Fact
from dagnosis.forecast.features import NAMES
from dagnosis.forecast.history import Event, Outcome, Request
from dagnosis.forecast.models import Labels, Rows, Weights


def events(runs: int, seed: int = 0, tasks: int = 5, failing: float = 0.3) -> list[Event]:
    """Requests and outcomes in order of time; one task in three fails in streaks."""
    draw = random.Random(seed)
    made: list[tuple[float, int, Event]] = []
    time = 1_700_000_000.0
    bad = [draw.random() < failing for _ in range(tasks)]
    for number in range(runs):
        time += draw.choice((0.0, 1.0, 60.0, 3600.0, 90_000.0)) * draw.random()
        task = draw.randrange(tasks)
        if draw.random() < 0.1:
            bad[task] = not bad[task]
        label = int(draw.random() < (0.8 if bad[task] else 0.05))
        if draw.random() < 0.1:
            label = -1
        seconds = draw.choice((0.0, 5.0, 400.0, 50_000.0)) * draw.random()
        request = Request(
            f"r{number}",
            f"dag{task % 2}",
            f"task{task}" if seed % 2 else "",
            time,
            owner=f"o{task % 3}",
            operator="bash" if task else "",
            version=f"v{number // 20}" if seed % 3 == 0 else "",
            priority=float(task) if task % 2 else float("nan"),
        )
        made.append((time, 1, request))
        if draw.random() < 0.95:
            made.append(
                (
                    time + seconds + 1e-6,
                    0,
                    Outcome(request.uid, time + seconds + 1e-6, label, seconds),
                )
            )
    made.sort(key=lambda item: item[:2])
    return [event for *_, event in made]


def facts(stream: list[Event], seed: int = 0, count: int = 30) -> list[Fact]:
    """Facts about the DAGs and tasks of a stream, and about one that never runs."""
    draw = random.Random(seed)
    requests = [event for event in stream if isinstance(event, Request)]
    made = []
    for _ in range(count if requests else 0):
        about = draw.choice(requests)
        task = draw.choice((about.task_id, about.task_id, "", "elsewhere"))
        dag = about.dag_id if draw.random() < 0.9 else "never-runs"
        moment = about.time + draw.choice((0.0, 0.0, -5.0, 3600.0, 1e5))
        made.append(Fact(draw.choice(list(KINDS)), dag, task, moment))
    return made


def rows(count: int = 400, seed: int = 0) -> tuple[Rows, Labels, Weights]:
    """Features of made-up runs with their labels, and plain columns."""
    from dagnosis.forecast.features import Stream

    stream, kept = Stream(), {}
    labels: dict[str, int] = {}
    for event in events(count * 2, seed):
        if isinstance(event, Request):
            kept[event.uid] = stream.ask(event)
        else:
            stream.tell(event)
            labels[event.uid] = event.label
    known = [uid for uid in kept if labels.get(uid, -1) >= 0][:count]
    raw = np.array([kept[uid] for uid in known], np.float32)
    assert raw.shape[1] == len(NAMES)
    label = np.array([labels[uid] for uid in known], np.int8)
    return Rows(raw, raw[:, -7:-3].copy()), label, np.ones(len(known))
