"""The command line. Data goes to stdout, messages to stderr.

Exit codes: 0 ok, 1 findings (a failure was explained), 2 wrong use, 3 an input was unreadable,
4 a service was unreachable.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from dagnosis import __version__
from dagnosis.errors import DagnosisError, RefusedModelWarning, UnreadableInput, WrongUse

if TYPE_CHECKING:
    from dagnosis.logs.reading import Limits, LogText
    from dagnosis.model import Diagnosis
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
def explain(
    files: tuple[str, ...],
    as_json: bool,
    jsonl: Path | None,
    out: Path | None,
    evidence: int | None,
    full: bool,
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

    Exit code: 0 no failure found, 1 a failure was explained, 3 an input was unreadable.
    """
    from dagnosis import settings
    from dagnosis.logs.reading import EVERYTHING, Limits

    chosen = settings.load({"evidence_lines": evidence}).settings
    if jsonl is not None and files:
        raise WrongUse("explain: give logs or --jsonl, not both")
    if out is not None and jsonl is None:
        raise WrongUse("explain: --out goes with --jsonl (for logs, redirect the output of --json)")
    if jsonl is not None:
        sys.exit(_explain_rows(jsonl, out, chosen.evidence_lines))
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
    sys.exit(_explain_files(files, limits, chosen, as_json))


def _explain_files(files: Iterable[str], limits: Limits, chosen: Settings, as_json: bool) -> int:
    from dagnosis.services.explain import explain_log

    sources = list(_sources(files))
    several = len(sources) > 1
    answers: list[Diagnosis] = []
    worst = 0
    for source in _progress(sources, several and not as_json):
        try:
            if isinstance(source, UnreadableInput):
                raise source
            answer = explain_log(_read(source, limits), evidence=chosen.evidence_lines)
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


def _explain_rows(cases: Path, out: Path | None, evidence: int) -> int:
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
            answer = explain_text(row["text"], name=str(row["id"]), evidence=evidence)
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
def lines(file: str, messages: bool, as_json: bool) -> None:
    """Label each line INFO, WARNING or ERROR, with confidence and where the label came from.

    \b
    Examples:
      dagnosis lines attempt=1.log
      dagnosis lines app.log --json | jq 'select(.level == "ERROR")'
      dagnosis lines messages.txt --messages

    The label is the level that the line states, else that of a keyword.
    """
    import msgspec

    from dagnosis.logs.parsing import line_of
    from dagnosis.logs.reading import read_lines
    from dagnosis.logs.redaction import redact
    from dagnosis.logs.severity import label

    for number, raw in enumerate(read_lines(None if file == "-" else Path(file)), 1):
        if messages:
            click.echo(label(raw).level)
            continue
        line = line_of(number, raw)
        found = label(line.message, line.level)
        text = redact(line.text)
        if as_json:
            _print_json({"line": number, **msgspec.to_builtins(found), "text": text})
        else:
            click.echo(f"{number}\t{found.level}\t{found.confidence:.2f}\t{found.source}\t{text}")


@app.group(context_settings=CONTEXT)
def models() -> None:
    """Trained models: which are in use, are they sound, and back to the one before.

    \b
    Examples:
      dagnosis models list
      dagnosis models verify            hashes and formats of every version; exit 3 for a damaged one
      dagnosis models rollback causes   the version before the promoted one, at last the shipped one
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a version.")
def models_list(as_json: bool) -> None:
    """List every version of every model; * is the one in use."""
    _show_versions(as_json)


@models.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a version.")
def models_verify(as_json: bool) -> None:
    """Check hashes and formats of every version. Exit code: 3 when one is refused."""
    refused = _show_versions(as_json)
    for trouble in refused:
        complain(trouble)
    sys.exit(UnreadableInput.exit_code if refused else 0)


def _show_versions(as_json: bool) -> list[str]:
    """Print the versions; gives the troubles of those that are refused."""
    import msgspec

    from dagnosis.models import store

    rows = [version for name in store.names() for version in store.versions(name)]
    for row in rows:
        if as_json:
            _print_json({**msgspec.to_builtins(row), "refused": bool(row.trouble)})
            continue
        mark = "*" if row.current else " "
        says = "refused" if row.trouble else ""
        if row.manifest:
            shown = [f"{key} {value:.3f}" for key, value in row.manifest.figures.items()]
            says = ", ".join(shown[:4])
        click.echo(f"{mark} {row.name:<12} {row.version:<26} {row.origin:<9} {says}".rstrip())
    if not rows:
        complain("no models are shipped or promoted here")
    return [row.trouble for row in rows if row.trouble]


@models.command("rollback")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def models_rollback(name: str, as_json: bool) -> None:
    """Put the version before the promoted one in use; at last the shipped one.

    \b
    Example:
      dagnosis models rollback causes
    """
    from dagnosis.models import store

    now = store.rollback(name)
    if as_json:
        version, origin = (now.manifest.version, now.origin) if now else (None, None)
        _print_json({"name": name, "version": version, "origin": origin})
    elif now:
        click.echo(f"{name}: {now.manifest.version} ({now.origin}) is in use")
    else:
        click.echo(f"{name}: no version is left, none is in use")


@app.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def doctor(as_json: bool) -> None:
    """Check this installation: Python, libraries, the causes, and one diagnosis end to end."""
    from dagnosis.services.doctor import checks

    rows = checks()
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


_python_shows = warnings.showwarning


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Ours are messages to the user, without the line of code that gave them."""
    if issubclass(category, RefusedModelWarning):
        complain(message)
    else:
        _python_shows(message, category, filename, lineno, file, line)


def main() -> None:
    """Run the command line; errors that we raise on purpose are one line on stderr."""
    warnings.showwarning = _show_warning
    try:
        app(prog_name="dagnosis")
    except DagnosisError as error:
        complain(error)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # the reader of our output went away, as `head` does
        sys.stderr.close()
        raise SystemExit(0) from None
