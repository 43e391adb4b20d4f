"""Results of other tools as findings: one finding a dataset, of the form that `check` gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dagnosis.data.batch import Blame, Difference
from dagnosis.data.results import Expectation, Outcome, read
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.services.check import Finding

SCORES: dict[Outcome, float] = {"error": 1.0, "fail": 1.0, "warn": 0.5, "skip": 0.0, "pass": 0.0}
"""Scores of outcomes; what is above `LIMIT` is an alarm, so warnings are told and are none."""
LIMIT = 0.5


def read_results(path: Path) -> list[Finding]:
    """The findings in a file of results, in the order of its datasets.

    `differences` are the expectations that were not met, `now` the rows that fail (0 where the tool
    does not count them). Raises `UnreadableInput` for a file of no known tool.
    """
    by_dataset: dict[str, list[Expectation]] = defaultdict(list)
    for one in read(path):
        by_dataset[one.dataset].append(one)
    return [_finding(dataset, found) for dataset, found in by_dataset.items()]


def as_one(
    findings: Sequence[Finding], name: str, partition: str, task: TaskRef | None = None
) -> Finding:
    """Several findings as that of one batch: an alarm where one is. Without any it is healthy."""
    worst = max(findings, key=lambda one: (one.alarm, one.score), default=None)
    alarms = [one for one in findings if one.alarm]
    summary = "nothing was checked" if worst is None else worst.summary
    if len(alarms) > 1:
        summary = f"{len(alarms)} of {len(findings)} datasets fail; {worst.dataset if worst else ''}: {summary}"
    several = len({one.dataset for one in findings}) > 1
    return Finding(
        dataset=name or (worst.dataset if worst else ""),
        partition=partition,
        run=task.run_id if task else "",
        status="alarm" if alarms else "healthy",
        alarm=bool(alarms),
        summary=summary,
        score=worst.score if worst else 0.0,
        limit=LIMIT,
        confidence=1.0,
        batches=0,
        rows=max((one.rows for one in findings), default=0),
        blamed=tuple(blame for one in alarms for blame in one.blamed),
        differences=tuple(
            msgspec.structs.replace(
                each, words=f"{one.dataset}: {each.words}" if several else each.words
            )
            for one in findings
            for each in one.differences
        ),
        gaps=tuple(gap for one in findings for gap in one.gaps),
        task=task,
        tool="+".join(dict.fromkeys(one.tool for one in findings)) or "none",
    )


def _finding(dataset: str, found: list[Expectation]) -> Finding:
    unmet = [one for one in found if SCORES[one.outcome] > 0]
    unmet.sort(key=lambda one: (-SCORES[one.outcome], -(one.failing or 0)))
    failed = [one for one in unmet if SCORES[one.outcome] > LIMIT]
    skipped = [one.name for one in found if one.outcome == "skip"]
    score = max((SCORES[one.outcome] for one in unmet), default=0.0)
    return Finding(
        dataset=dataset,
        partition="",
        run="",
        status="alarm" if failed else "healthy",
        alarm=bool(failed),
        summary=_summary(found, unmet, failed),
        score=score,
        limit=LIMIT,
        confidence=1.0,
        batches=0,
        rows=max((one.rows or 0 for one in found), default=0),
        blamed=tuple(
            Blame(column, 1.0) for column in dict.fromkeys(one.column or "*" for one in failed)
        ),
        differences=tuple(_difference(one) for one in unmet),
        gaps=(f"not run: {', '.join(skipped)}",) if skipped else (),
        tool=found[0].tool,
    )


def _summary(found: list[Expectation], unmet: list[Expectation], failed: list[Expectation]) -> str:
    run = sum(1 for one in found if one.outcome != "skip")
    if not unmet:
        return f"all {run} expectations are met" if run else "no expectation was run"
    told = f"{len(failed)} of {run} expectations fail" if failed else f"{len(unmet)} of {run} warn"
    first = unmet[0]
    return f"{told}, first {': '.join(filter(None, (first.column, first.name)))}"


def _difference(one: Expectation) -> Difference:
    words = redact(one.words[:2000])[:500]
    if one.outcome == "error":
        words = f"could not be evaluated: {words}"
    return Difference(
        column=one.column or "*",
        measure=one.name,
        now=float(one.failing or 0),
        usual=0.0,
        score=SCORES[one.outcome],
        words=": ".join(filter(None, (one.name, words))),
    )
