"""Rules, model, and both, on the lab's corpus: `python -m evals.cascade CORPUS OUT.jsonl`.

Whole faults are left out in turn: the model that judges a log has seen no log of its fault. Three
columns: the rules alone, the model alone on the line that the rules rank first, and the cascade.
Also what is left when the causes themselves are unknown (`--unknown-causes`): the causes are removed
in five parts, and each log is judged without the part that holds the cause that the rules give it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from dagnosis.logs.causes import verdict
from dagnosis.logs.causes.catalogue import Catalogue, catalogue
from dagnosis.logs.diagnosers import rules
from dagnosis.logs.diagnosers.cascade import diagnose
from dagnosis.logs.diagnosers.rules import Finding
from dagnosis.logs.evidence import candidates
from dagnosis.logs.learned.causes import CauseModel
from dagnosis.logs.parsing import ParsedLog, parse
from dagnosis.logs.reading import read_path
from dagnosis.logs.training.causes import fit
from dagnosis.logs.training.examples import Example, of_corpus, stated, twins, with_variations
from evals.calibration import expected_error

FOLDS = 5


class Judged(msgspec.Struct):
    """One log: its row, what the rules, the model and the cascade make of it."""

    row: dict[str, Any]
    rules: Finding | None
    model: tuple[str, float]
    both: Finding | None


def folds(names: Sequence[str], seed: int = 0) -> dict[str, int]:
    """A fold for each name, by lot."""
    names = sorted(set(names))
    Random(seed).shuffle(names)
    return {name: number % FOLDS for number, name in enumerate(names)}


def leave_faults_out(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Judged]:
    """Each log with models that saw nothing of its fault."""
    base, faults = stated(), of_corpus(folder)
    fold = folds([twins(row["fault"]) for row in rows])
    for number in range(FOLDS):
        seen = [e for e in faults if fold[twins(e.group.removeprefix("fault "))] != number]
        model = model_of([*base, *seen])
        for row in rows:
            if fold[twins(row["fault"])] == number:
                yield judge(parse(read_path(folder / row["file"])), row, model)


def leave_causes_out(folder: Path, rows: list[dict[str, Any]]) -> Iterator[Judged]:
    """Each log without the cause that the rules would give it, and models without it."""
    whole = catalogue().causes
    logs = [(row, parse(read_path(folder / row["file"]))) for row in rows]
    given = [
        finding.verdict.detail if (finding := rules.diagnose(log)) and finding.verdict else ""
        for _, log in logs
    ]
    fold = folds(list(whole))
    base = [e for e in stated() if e.group in whole]
    for number in range(FOLDS):
        left = Catalogue(
            cause for name, cause in whole.items() if fold[name] != number or cause.spec.structural
        )
        model = model_of([e for e in base if fold[e.group] != number])
        vars(verdict)["catalogue"] = lambda left=left: left
        try:
            for (row, log), detail in zip(logs, given, strict=True):
                if fold.get(detail) == number and not whole[detail].spec.structural:
                    yield judge(log, row, model)
        finally:
            vars(verdict)["catalogue"] = catalogue


def model_of(examples: Sequence[Example]) -> CauseModel:
    """A model fitted to the examples, as it would be shipped."""
    return CauseModel.of(fit(with_variations(examples, 0)).arrays())


def judge(log: ParsedLog, row: dict[str, Any], model: CauseModel) -> Judged:
    """The three answers about one log."""
    found = candidates(log)
    opinion = model.judge(found[0].message, found[0].type) if found else None
    return Judged(
        row,
        rules.diagnose(log),
        (opinion.family, opinion.confidence) if opinion else ("unknown", 0.0),
        diagnose(log, model=lambda: model).finding,
    )


def table(judged: list[Judged]) -> str:
    """Shares in [0, 1] over the logs that failed; false alarms over those that did not."""
    failed = [j for j in judged if j.row["family"] != "none"]
    fine = [j for j in judged if j.row["family"] == "none"]

    def line(name: str, values: list[float]) -> str:
        return f"{name:34s}" + "".join(f"{value:10.3f}" for value in values)

    answers = [
        [(_family(j.rules), _confidence(j.rules), _hit(j.rules, j.row)) for j in failed],
        [(*j.model, _hit(j.rules, j.row)) for j in failed],
        [(_family(j.both), _confidence(j.both), _hit(j.both, j.row)) for j in failed],
    ]
    right = [
        [float(family in j.row["accepted"]) for (family, *_), j in zip(column, failed, strict=True)]
        for column in answers
    ]
    sure = [[confidence for _, confidence, _ in column] for column in answers]
    lines = [
        f"{len(failed)} failed tries of {len({j.row['fault'] for j in failed})} faults, {len(fine)} others",
        f"{'':34s}{'rules':>10s}{'model':>10s}{'both':>10s}",
        line("family", [_mean(r) for r in right]),
        line("line quoted first", [_mean([h for *_, h in column]) for column in answers]),
        line("family at 80 % answered", [_at(0.8, s, r) for s, r in zip(sure, right, strict=True)]),
        line(
            "expected calibration error",
            [expected_error(s, r) for s, r in zip(sure, right, strict=True)],
        ),
    ]
    if fine:
        false = _mean([float(j.both is not None) for j in fine])
        lines.append(
            line(
                "false alarms",
                [_mean([float(j.rules is not None) for j in fine]), float("nan"), false],
            )
        )
    return "\n".join(lines)


def _family(finding: Finding | None) -> str:
    return finding.verdict.family if finding and finding.verdict else "unknown"


def _confidence(finding: Finding | None) -> float:
    return finding.confidence if finding else 0.0


def _hit(finding: Finding | None, row: dict[str, Any]) -> float:
    first = finding.evidence[:1] if finding else ()
    return float(any(quoted.line in row["evidence_lines"] for quoted in first))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)


def _at(share: float, sure: list[float], right: list[float]) -> float:
    order = sorted(range(len(sure)), key=lambda i: -sure[i])[: round(share * len(sure))]
    return _mean([right[i] for i in order])


def main() -> None:
    """Judge, write one row a log, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--unknown-causes", action="store_true")
    arguments = parser.parse_args()
    index = (arguments.corpus / "index.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in index.splitlines()]
    way = leave_causes_out if arguments.unknown_causes else leave_faults_out
    judged = list(way(arguments.corpus, rows))
    with arguments.out.open("w", encoding="utf-8") as out:
        for one in judged:
            answer = {
                "file": one.row["file"],
                "fault": one.row["fault"],
                "accepted": one.row["accepted"],
                "rules": [_family(one.rules), _confidence(one.rules)],
                "model": one.model,
                "both": [_family(one.both), _confidence(one.both)],
            }
            out.write(json.dumps(answer, ensure_ascii=False) + "\n")
    print(table(judged))


if __name__ == "__main__":
    main()
