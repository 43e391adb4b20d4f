"""The command line. Data goes to stdout, messages to stderr.

Exit codes: 0 ok, 1 findings (a failure was explained), 2 wrong use, 3 an input was unreadable,
4 a service was unreachable.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagnosis import __version__
from dagnosis.errors import DagnosisError, UnreadableInput, WrongUse

if TYPE_CHECKING:
    from dagnosis.logs.llm.consult import Consultant, Consultation
    from dagnosis.logs.reading import Limits, LogText
    from dagnosis.logs.severity import Label
    from dagnosis.model import Diagnosis, LogLine
    from dagnosis.settings import Settings

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def complain(message: object) -> None:
    """One line on stderr."""
    click.echo(f"dagnosis: {message}", err=True)


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="dagnosis", message="%(prog)s %(version)s")
def app() -> None:
    """Why did the Airflow run fail, is the data right, and what fails next?

    \b
    Start here:
      dagnosis demo                      bundled logs of a real Airflow, diagnosed
      dagnosis explain attempt=1.log     why this try failed
    """


@app.command()
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
@click.option("--full", is_flag=True, help="Search every byte of a huge log.")
@click.option("--llm", is_flag=True, help="Ask a language model where the local answer is unsure.")
def explain(
    files: tuple[str, ...],
    as_json: bool,
    jsonl: Path | None,
    out: Path | None,
    evidence: int | None,
    full: bool,
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
      dagnosis explain attempt=1.log --llm       with a model of yours: docs/howto/llm.md

    Exit code: 0 no failure found, 1 a failure was explained, 3 an input was unreadable.
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
        sys.exit(_explain_rows(jsonl, out, chosen.evidence_lines, consultant))
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
    sys.exit(_explain_files(files, limits, chosen, as_json, consultant))


def _consultant(chosen: Settings, wanted: bool) -> Consultant | None:
    """The language model to ask, None where neither the flag nor the settings want one."""
    if not wanted and chosen.llm_when == "never":
        return None
    from dagnosis.logs.llm.consult import Consultant

    return Consultant(chosen, tell=_tell)


def _tell(consultation: Consultation) -> None:
    if consultation.tokens:
        money = f", {consultation.cost:.4f} in money" if consultation.cost else ""
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
    consultant: Consultant | None,
) -> int:
    from dagnosis.services.explain import explain_log

    sources = list(_sources(files))
    several = len(sources) > 1
    answers: list[Diagnosis] = []
    worst = 0
    for source in _progress(sources, several and not as_json):
        try:
            if isinstance(source, UnreadableInput):
                raise source
            answer = explain_log(
                _read(source, limits), evidence=chosen.evidence_lines, consultant=consultant
            )
        except DagnosisError as error:
            complain(error)
            worst = max(worst, error.exit_code)
            continue
        answers.append(answer)
        if as_json:
            _print_json(answer)
    if answers and not as_json:
        from dagnosis import rendering

        if several:
            rendering.table(answers, chosen.colour)
        else:
            rendering.one(answers[0], chosen.colour)
    return worst or int(any(answer.failed for answer in answers))


def _sources(files: Iterable[str]) -> Iterator[Path | UnreadableInput | None]:
    """The logs to read; None is standard input, an error stands for a folder without logs."""
    from dagnosis.logs.reading import find_logs

    for name in files:
        if name == "-":
            yield None
            continue
        found = list(find_logs([Path(name)]))
        if found:
            yield from found
        else:
            yield UnreadableInput(f"{name}: no logs in this folder")


def _read(source: Path | None, limits: Limits | None = None) -> LogText:
    from dagnosis.logs.reading import read_path, read_stream

    if source is None:
        return read_stream(sys.stdin.buffer, "<stdin>", limits)
    return read_path(source, limits)


def _progress(
    sources: list[Path | UnreadableInput | None], wanted: bool
) -> Iterable[Path | UnreadableInput | None]:
    if not wanted or not sys.stderr.isatty():
        return sources
    from rich.console import Console
    from rich.progress import track

    return track(sources, "Reading logs", console=Console(stderr=True), transient=True)


def _explain_rows(
    cases: Path, out: Path | None, evidence: int, consultant: Consultant | None
) -> int:
    import msgspec

    from dagnosis.services.explain import explain_text

    worst = 0
    failed = False
    with _opened(cases, "rb") as rows, _opened(out, "wb") if out else sys.stdout.buffer as sink:
        for number, raw in enumerate(rows, 1):
            if not raw.strip():
                continue
            try:
                row = _row(raw)
            except (msgspec.DecodeError, ValueError) as error:
                complain(f"{cases}: row {number}: {error}")
                worst = UnreadableInput.exit_code
                continue
            answer = explain_text(
                row["text"], name=str(row["id"]), evidence=evidence, consultant=consultant
            )
            failed = failed or answer.failed
            answered = {**msgspec.to_builtins(answer), "id": row["id"]}
            sink.write(msgspec.json.encode(answered) + b"\n")
    return worst or int(failed)


def _opened(path: Path, mode: str) -> Any:
    try:
        return path.open(mode)
    except OSError as error:
        raise UnreadableInput(f"{path}: {(error.strerror or str(error)).lower()}") from None


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


def _print_json(value: object) -> None:
    import msgspec

    click.echo(msgspec.json.encode(value).decode())


@app.command()
@click.argument("file", metavar="FILE|-")
@click.option("--messages", is_flag=True, help="One bare message a line in, one label a line out.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--engine",
    type=click.Choice(["local", "llm"]),
    default="local",
    help="llm asks a language model about lines that state no level.",
)
@click.option(
    "--distill",
    metavar="TSV",
    type=Path,
    help="Where to write the templates that the model labelled: text, label, confidence.",
)
def lines(file: str, messages: bool, as_json: bool, engine: str, distill: Path | None) -> None:
    """Label each line INFO, WARNING or ERROR, with confidence and where the label came from.

    \b
    Examples:
      dagnosis lines attempt=1.log
      dagnosis lines app.log --json | jq 'select(.level == "ERROR")'
      dagnosis lines messages.txt --messages
      dagnosis lines app.log --engine llm --distill labels.tsv

    The label is the level that the line states, else that of a language model where one is asked,
    else that of a keyword.
    """
    import msgspec

    from dagnosis.logs.redaction import redact

    if distill is not None and engine != "llm":
        raise WrongUse("lines: --distill goes with --engine llm")
    for line, found in _labelled(file, messages, engine, distill):
        if messages:
            click.echo(found.level)
            continue
        text = redact(line.text)
        if as_json:
            _print_json({"line": line.number, **msgspec.to_builtins(found), "text": text})
        else:
            click.echo(
                f"{line.number}\t{found.level}\t{found.confidence:.2f}\t{found.source}\t{text}"
            )


def _labelled(
    file: str, messages: bool, engine: str, distill: Path | None
) -> Iterator[tuple[LogLine, Label]]:
    """The lines of a file with their labels; what a model gave goes to `distill` at the end."""
    from dagnosis.logs.parsing import line_of
    from dagnosis.logs.reading import read_lines
    from dagnosis.logs.severity import label
    from dagnosis.model import LogLine

    source = (
        LogLine(number, raw, raw) if messages else line_of(number, raw)
        for number, raw in enumerate(read_lines(None if file == "-" else Path(file)), 1)
    )
    if engine == "local":
        for line in source:
            yield line, label(line.message, line.level)
        return
    from dagnosis import settings
    from dagnosis.logs.llm.account import Account
    from dagnosis.logs.llm.levels import Labeller

    labeller = Labeller(Account(settings.load().settings))
    yield from labeller.label(source)
    complain(
        f"asked {labeller.account.name}, {labeller.tokens} tokens, {labeller.seconds:.1f} s: "
        f"{len(labeller.given)} templates"
    )
    if labeller.problem:
        complain(f"some lines got their local label: {labeller.problem}")
    if distill is not None:
        with _opened(distill, "w") as sink:
            for text, given in labeller.given.items():
                row = text.replace("\t", " ")
                sink.write(f"{row}\t{given.level}\t{given.confidence:.2f}\n")


@app.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--llm", is_flag=True, help="Ask the language model that is set up one question.")
def doctor(as_json: bool, llm: bool) -> None:
    """Check this installation: Python, libraries, the causes, and one diagnosis end to end."""
    from dagnosis.services.doctor import checks

    rows = checks(llm=llm)
    if as_json:
        _print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{'ok  ' if row.ok else 'FAIL'}  {row.name}: {row.found}")
        if not row.ok:
            click.echo(f"      {row.advice}")
    sys.exit(0 if all(row.ok for row in rows) else 1)


@app.group(context_settings=CONTEXT)
def config() -> None:
    """Settings, and where each came from."""


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def config_show(as_json: bool) -> None:
    """Show every setting, its value, where the value came from and what it means."""
    from dagnosis import settings

    loaded = settings.load()
    rows = [
        {
            "key": key,
            "value": getattr(loaded.settings, key),
            "from": loaded.origins[key],
            "meaning": meaning,
        }
        for key, meaning in settings.DESCRIPTIONS.items()
    ]
    if as_json:
        _print_json(rows)
        return
    width = max(len(f"{row['key']} = {row['value']}") for row in rows)
    for row in rows:
        value = f"{row['key']} = {row['value']}"
        click.echo(f"{value:<{width}}  ({row['from']})  {row['meaning']}")


@app.command()
def demo() -> None:
    """Diagnose the logs bundled with the package: real tries of Airflow 3.3.2 and 2.11."""
    from dagnosis import rendering, settings
    from dagnosis.services.demo import answers

    rendering.demo(answers(), settings.load().settings.colour)


def main() -> None:
    """Run the command line; errors that we raise on purpose are one line on stderr."""
    try:
        app(prog_name="dagnosis")
    except DagnosisError as error:
        complain(error)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # the reader of our output went away, as `head` does
        sys.stderr.close()
        raise SystemExit(0) from None
