"""The command line. Data goes to stdout, messages to stderr.

Exit codes: 0 ok, 1 findings (a failure was explained), 2 wrong use, 3 an input was unreadable,
4 a service was unreachable.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from dagnosis import __version__
from dagnosis.errors import DagnosisError, WrongUse

if TYPE_CHECKING:
    from dagnosis.logs.reading import Limits, LogText
    from dagnosis.model import Diagnosis
    from dagnosis.settings import Settings

app = typer.Typer(
    name="dagnosis",
    help="Why did the Airflow run fail, is the data right, and what fails next?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config = typer.Typer(help="Settings, and where each came from.", no_args_is_help=True)
app.add_typer(config, name="config")

EXPLAIN_HELP = """Say why a try failed, from its log.

\b
Examples:
  dagnosis explain attempt=1.log
  dagnosis explain logs/                     a table, grouped by fingerprint
  kubectl logs my-pod | dagnosis explain -
  dagnosis explain attempt=1.log --json | jq .cause
  dagnosis explain --jsonl cases.jsonl --out answers.jsonl

Exit code: 0 no failure found, 1 a failure was explained, 3 an input was unreadable.
"""


def complain(message: object) -> None:
    """One line on stderr."""
    typer.echo(f"dagnosis: {message}", err=True)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"dagnosis {__version__}")
        raise typer.Exit


@app.command(help=EXPLAIN_HELP)
def explain(
    files: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads it on 3.10
        typer.Argument(metavar="FILE…|-", help="Logs, folders of logs, or - for standard input."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a log.")] = False,
    jsonl: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--jsonl", metavar="CASES", help="Rows {id, text}, one JSON object a line."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="PRED", help="Where the answers of --jsonl go."),
    ] = None,
    evidence: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--evidence", min=1, max=50, help="Lines quoted (default 5)."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Search every byte of a huge log.")] = False,
) -> None:
    """Diagnose logs."""
    from dagnosis import settings
    from dagnosis.logs.reading import EVERYTHING, Limits

    chosen = settings.load({"evidence_lines": evidence}).settings
    if jsonl is not None:
        raise typer.Exit(_explain_rows(jsonl, out, chosen.evidence_lines))
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
    raise typer.Exit(_explain_files(files, limits, chosen, as_json))


def _explain_files(files: list[str], limits: Limits, chosen: Settings, as_json: bool) -> int:
    from dagnosis.services.explain import explain_log

    sources = list(_sources(files))
    several = len(sources) > 1
    answers: list[Diagnosis] = []
    worst = 0
    for source in _progress(sources, several and not as_json):
        try:
            answer = explain_log(_read(source, limits), evidence=chosen.evidence_lines)
        except DagnosisError as error:
            complain(error)
            worst = max(worst, error.exit_code)
            continue
        answers.append(answer)
        if as_json:
            _print_json(answer)
    if not as_json:
        from dagnosis import rendering

        if several:
            rendering.table(answers, chosen.colour)
        elif answers:
            rendering.one(answers[0], chosen.colour)
    return worst or int(any(answer.failed for answer in answers))


def _sources(files: list[str]) -> Iterator[Path | None]:
    from dagnosis.logs.reading import find_logs

    for name in files:
        if name == "-":
            yield None
            continue
        path = Path(name)
        if path.is_dir() and not any(True for _ in find_logs([path])):
            complain(f"{path}: no logs in this folder")
        yield from find_logs([path])


def _read(source: Path | None, limits: Limits) -> LogText:
    from dagnosis.logs.reading import read_path, read_stream

    if source is None:
        return read_stream(sys.stdin.buffer, "<stdin>", limits)
    return read_path(source, limits)


def _progress(sources: list[Path | None], wanted: bool) -> Iterable[Path | None]:
    if not wanted or not sys.stderr.isatty():
        return sources
    from rich.console import Console
    from rich.progress import track

    return track(sources, "Reading logs", console=Console(stderr=True), transient=True)


def _explain_rows(cases: Path, out: Path | None, evidence: int) -> int:
    import msgspec

    from dagnosis.services.explain import explain_text

    if not cases.is_file():
        complain(f"{cases}: no such file")
        return 3
    worst = 0
    failed = False
    with cases.open("rb") as rows, out.open("wb") if out else sys.stdout.buffer as sink:
        for number, raw in enumerate(rows, 1):
            if not raw.strip():
                continue
            try:
                row = msgspec.json.decode(raw)
                if (
                    not isinstance(row, dict)
                    or "id" not in row
                    or not isinstance(row.get("text"), str)
                ):
                    raise ValueError("needs the keys id and text")
            except (msgspec.DecodeError, ValueError) as error:
                complain(f"{cases}: row {number}: {error}")
                worst = 3
                continue
            answer = explain_text(row["text"], name=str(row["id"]), evidence=evidence)
            failed = failed or answer.failed
            sink.write(
                msgspec.json.encode({**msgspec.to_builtins(answer), "id": row["id"]}) + b"\n"
            )
    return worst or int(failed)


def _print_json(answer: Diagnosis) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(answer).decode())


@app.command()
def lines(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A log, or - for standard input.")],
    messages: Annotated[
        bool, typer.Option("--messages", help="One bare message a line in, one label a line out.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Label each line INFO, WARNING or ERROR, with confidence and where the label came from.

    \b
    Examples:
      dagnosis lines attempt=1.log
      dagnosis lines app.log --json | jq 'select(.level == "ERROR")'
      dagnosis lines messages.txt --messages
    """
    import msgspec

    from dagnosis.logs.parsing import parse
    from dagnosis.logs.reading import Limits
    from dagnosis.logs.redaction import redact
    from dagnosis.logs.severity import label

    log = _read(None if file == "-" else Path(file), Limits(whole_bytes=1 << 40))
    if messages:
        for text in log.lines:
            typer.echo(label(text).level)
        return
    for line in parse(log).lines:
        found = label(line.message, line.level)
        text = redact(line.text)
        if as_json:
            row = {"line": line.number, **msgspec.to_builtins(found), "text": text}
            typer.echo(msgspec.json.encode(row).decode())
        else:
            typer.echo(
                f"{line.number}\t{found.level}\t{found.confidence:.2f}\t{found.source}\t{text}"
            )


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check this installation: Python, libraries, the causes, and one diagnosis end to end."""
    import msgspec

    from dagnosis.services.doctor import checks

    rows = checks()
    if as_json:
        typer.echo(msgspec.json.encode(rows).decode())
    else:
        for row in rows:
            typer.echo(f"{'ok  ' if row.ok else 'FAIL'}  {row.name}: {row.found}")
            if not row.ok:
                typer.echo(f"      {row.advice}")
    raise typer.Exit(0 if all(row.ok for row in rows) else 1)


@config.command("show")
def config_show(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show every setting, its value and where the value came from."""
    import msgspec

    from dagnosis import settings

    loaded = settings.load()
    rows = [
        {
            "key": key,
            "value": getattr(loaded.settings, key),
            "from": loaded.origins[key],
            "what": what,
        }
        for key, what in settings.DESCRIPTIONS.items()
    ]
    if as_json:
        typer.echo(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        typer.echo(f"{row['key']} = {row['value']!r}   ({row['from']})  {row['what']}")


@app.command()
def demo() -> None:
    """Diagnose the logs bundled with the package: real tries of Airflow 3.3.2 and 2.11."""
    from dagnosis import rendering, settings
    from dagnosis.services.demo import answers

    rendering.demo(answers(), settings.load().settings.colour)


def main() -> None:
    """Run the command line; errors that we raise on purpose are one line on stderr."""
    try:
        app()
    except DagnosisError as error:
        complain(error)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # the reader of our output went away, as `head` does
        sys.stderr.close()
        raise SystemExit(0) from None
