"""`dagnosis explain`: why a try failed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dagnosis.logs.llm.consult import Consultant, Consultation
    from dagnosis.logs.reading import Limits, LogText
    from dagnosis.model import Diagnosis
    from dagnosis.services.explain import Examined
    from dagnosis.settings import Settings

from dagnosis.cli.terminal import complain, opened, print_json, progress, read, sources
from dagnosis.errors import DagnosisError, UnreadableInput, WrongUse
from dagnosis.model import TaskRef


@click.command()
@click.argument("files", metavar="FILE…|-", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a log.")
@click.option(
    "--jsonl", metavar="CASES", type=Path, help="Rows {id, text}, one JSON object a line."
)
@click.option("--out", metavar="PRED", type=Path, help="Where the answers of --jsonl go.")
@click.option(
    "--evidence",
    metavar="N",
    type=click.IntRange(1, 50),
    help="Lines quoted, 1 to 50 (default 5).",
)
@click.option(
    "--task",
    metavar="DAG RUN TASK",
    type=(str, str, str),
    help="A task of the Airflow that is set up, instead of FILE.",
)
@click.option("--map-index", metavar="N", type=click.IntRange(min=0), help="Of a mapped task.")
@click.option(
    "--try", "try_number", metavar="N", type=click.IntRange(min=1), help="Default: the last one."
)
@click.option("--full", is_flag=True, help="Search every byte of a huge log.")
@click.option("--remember", is_flag=True, help="Keep the diagnoses, to list later ones like them.")
@click.option("--llm", is_flag=True, help="Ask a language model where the local answer is unsure.")
def explain(
    files: tuple[str, ...],
    as_json: bool,
    jsonl: Path | None,
    out: Path | None,
    evidence: int | None,
    task: tuple[str, str, str] | None,
    map_index: int | None,
    try_number: int | None,
    full: bool,
    remember: bool,
    llm: bool,
) -> None:
    """Say why a try failed, from its log.

    FILE is a log (plain, gz, zst, bz2, xz), a folder of logs, or - for standard input.

    \b
    Examples:
      dagnosis explain attempt=1.log
      dagnosis explain logs/                     a table, grouped by fingerprint
      kubectl logs my-pod | dagnosis explain -
      dagnosis explain attempt=1.log --json | jq .cause
      dagnosis explain --jsonl cases.jsonl --out answers.jsonl
      dagnosis explain --task orders scheduled__2026-11-26T00:00:00+00:00 load
                                                 from Airflow itself: docs/howto/sources.md
      dagnosis explain attempt=1.log --llm       with a model of yours: docs/howto/llm.md

    Exit code: 0 no failure found, 1 a failure was explained, 3 an input was unreadable,
    4 Airflow did not answer.
    """
    from dagnosis import settings
    from dagnosis.logs.reading import EVERYTHING, Limits

    chosen = settings.load({"evidence_lines": evidence}).settings
    consultant = _consultant(chosen, llm)
    if jsonl is not None and files:
        raise WrongUse("explain: give logs or --jsonl, not both")
    if out is not None and jsonl is None:
        raise WrongUse("explain: --out goes with --jsonl (for logs, redirect the output of --json)")
    if jsonl is not None:
        sys.exit(_explain_rows(jsonl, out, _explainer(chosen, remember, consultant)))
    if task is None and (map_index is not None or try_number is not None):
        raise WrongUse("explain: --map-index and --try go with --task DAG RUN TASK")
    if task is not None:
        if files or jsonl is not None:
            raise WrongUse("explain: give logs or --task, not both")
        ref = TaskRef(*task, -1 if map_index is None else map_index, try_number or 1)
        explained = _explainer(chosen, remember, consultant)
        sys.exit(_explain_task(chosen, ref, try_number is None, as_json, explained))
    if not files:
        raise WrongUse(
            "explain: name at least one log, a folder, or - (see dagnosis explain --help)"
        )
    limits = Limits(
        whole_bytes=chosen.whole_bytes,
        tail_bytes=chosen.tail_bytes,
        scan_bytes=EVERYTHING if full else Limits().scan_bytes,
        max_unpacked_bytes=chosen.max_unpacked_bytes,
    )
    explained = _explainer(chosen, remember, consultant)
    sys.exit(_explain_files(files, limits, chosen, as_json, explained))


def _consultant(chosen: Settings, wanted: bool) -> Consultant | None:
    """The language model to ask, None where neither the flag nor the settings want one."""
    if not wanted and chosen.llm_when == "never":
        return None
    from dagnosis.logs.llm.consult import Consultant

    return Consultant(chosen, tell=_tell)


def _tell(consultation: Consultation) -> None:
    if consultation.tokens:
        money = f", cost {consultation.cost:.4f}" if consultation.cost else ""
        complain(
            f"asked {consultation.model}, {consultation.tokens} tokens, "
            f"{consultation.seconds:.1f} s{money}: {consultation.note}"
        )
    elif consultation.note:
        complain(f"{consultation.note}{' (a kept answer)' if consultation.kept else ''}")


def _explain_files(
    files: Iterable[str],
    limits: Limits,
    chosen: Settings,
    as_json: bool,
    explained: Callable[[LogText], Diagnosis],
) -> int:
    found = list(sources(files))
    several = len(found) > 1
    answers: list[Diagnosis] = []
    worst = 0
    for source in progress(found, several and not as_json):
        try:
            if isinstance(source, UnreadableInput):
                raise source
            answer = explained(read(source, limits))
        except DagnosisError as error:
            complain(error)
            worst = max(worst, error.exit_code)
            continue
        answers.append(answer)
        if as_json:
            print_json(answer)
    if answers and not as_json:
        from dagnosis import rendering

        if several:
            rendering.table(answers, chosen.colour)
        else:
            rendering.one(answers[0], chosen.colour)
    return worst or int(any(answer.failed for answer in answers))


def _explain_task(
    chosen: Settings,
    task: TaskRef,
    last: bool,
    as_json: bool,
    explained: Callable[[LogText], Diagnosis],
) -> int:
    from dagnosis.services.fetch import fetch

    answer = explained(fetch(chosen, task, last=last))
    if as_json:
        print_json(answer)
    else:
        from dagnosis import rendering

        rendering.one(answer, chosen.colour)
    return int(answer.failed)


def _explainer(
    chosen: Settings, remember: bool, consultant: Consultant | None
) -> Callable[[LogText], Diagnosis]:
    """What diagnoses a log; it looks up earlier answers where a store exists, and keeps its own
    where that was asked for."""
    from dagnosis.incidents.memory import open_memory
    from dagnosis.services.explain import examine as _examine

    closing = click.get_current_context().call_on_close
    memory = open_memory(chosen.store_place)
    if memory:
        closing(memory.close)

    def examine(log: LogText) -> Examined:
        return _examine(log, evidence=chosen.evidence_lines, memory=memory, consultant=consultant)

    if not remember:
        return lambda log: examine(log).answer

    from dagnosis.incidents.store import open_store
    from dagnosis.services.remember import remembered

    store = open_store(chosen.store_place)
    closing(store.close)

    def explained(log: LogText) -> Diagnosis:
        examined = examine(log)
        if examined.finding:
            store.remember(remembered(log, examined))
        return examined.answer

    return explained


def _explain_rows(cases: Path, out: Path | None, explained: Callable[[LogText], Diagnosis]) -> int:
    import msgspec

    from dagnosis.logs.reading import read_text

    worst = 0
    failed = False
    with opened(cases, "rb") as rows, opened(out, "wb") if out else sys.stdout.buffer as sink:
        for number, raw in enumerate(rows, 1):
            if not raw.strip():
                continue
            try:
                row = _row(raw)
            except (msgspec.DecodeError, ValueError) as error:
                complain(f"{cases}: row {number}: {error}")
                worst = UnreadableInput.exit_code
                continue
            answer = explained(read_text(row["text"], str(row["id"])))
            failed = failed or answer.failed
            answered = {**msgspec.to_builtins(answer), "id": row["id"]}
            sink.write(msgspec.json.encode(answered) + b"\n")
    return worst or int(failed)


def _row(raw: bytes) -> dict[str, Any]:
    import msgspec

    row = msgspec.json.decode(raw)
    if not isinstance(row, dict):
        raise ValueError("must be a JSON object with the keys id and text")
    if "id" not in row:
        raise ValueError("has no id; each row needs the keys id and text")
    if not isinstance(row.get("text"), str):
        raise ValueError("text is missing or no string; each row needs the keys id and text")
    return row
