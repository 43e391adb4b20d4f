"""The command line. Data goes to stdout, messages to stderr.

Exit codes: 0 ok, 1 findings (a failure was explained), 2 wrong use, 3 an input was unreadable,
4 a service was unreachable.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from dagnosis import __version__
from dagnosis.errors import DagnosisError, RefusedModelWarning, UnreadableInput, WrongUse

if TYPE_CHECKING:
    from dagnosis.logs.llm.consult import Consultant, Consultation
    from dagnosis.logs.reading import Limits, LogText
    from dagnosis.logs.severity import Engine, Label
    from dagnosis.model import Diagnosis, LogLine
    from dagnosis.services.explain import Examined
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
@click.option("--remember", is_flag=True, help="Keep the diagnoses, to list later ones like them.")
@click.option("--llm", is_flag=True, help="Ask a language model where the local answer is unsure.")
def explain(
    files: tuple[str, ...],
    as_json: bool,
    jsonl: Path | None,
    out: Path | None,
    evidence: int | None,
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
        sys.exit(_explain_rows(jsonl, out, _explainer(chosen, remember, consultant)))
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
    sources = list(_sources(files))
    several = len(sources) > 1
    answers: list[Diagnosis] = []
    worst = 0
    for source in _progress(sources, several and not as_json):
        try:
            if isinstance(source, UnreadableInput):
                raise source
            answer = explained(_read(source, limits))
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


def _explain_rows(cases: Path, out: Path | None, explained: Callable[[LogText], Diagnosis]) -> int:
    import msgspec

    from dagnosis.logs.reading import read_text

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
            answer = explained(read_text(row["text"], str(row["id"])))
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
@click.option(
    "--engine",
    type=click.Choice(["model", "keyword", "llm"]),
    default="model",
    show_default=True,
    help="What labels the lines that state no level: the classifier, keywords, a language model.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--distill",
    metavar="TSV",
    type=Path,
    help="Where to write the templates that the language model labelled: text, label, confidence.",
)
def lines(file: str, messages: bool, as_json: bool, engine: str, distill: Path | None) -> None:
    """Label each line INFO, WARNING or ERROR, with confidence and where the label came from.

    \b
    Examples:
      dagnosis lines attempt=1.log
      dagnosis lines app.log --json | jq 'select(.level == "ERROR" and .confidence >= 0.9)'
      dagnosis lines messages.txt --messages
      dagnosis lines app.log --engine llm --distill labels.tsv

    The label is the level that the line states, else that of a language model where one is asked,
    else that of the trained classifier (each distinct message is asked once), else that of a keyword.
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
    from dagnosis.model import LogLine

    source = (
        LogLine(number, raw, raw) if messages else line_of(number, raw)
        for number, raw in enumerate(read_lines(None if file == "-" else Path(file)), 1)
    )
    if engine != "llm":
        from dagnosis.services.lines import label_lines

        yield from label_lines(source, cast("Engine", engine))
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


@app.group(context_settings=CONTEXT)
def feedback() -> None:
    """Say whether an answer was right; the next failure like it is answered by what you said.

    \b
    Examples:
      dagnosis feedback confirm attempt=1.log
      dagnosis feedback correct attempt=1.log --cause data_error.column_not_found
      dagnosis feedback list
      dagnosis feedback forget --dag orders_daily

    What is kept of a log is redacted and reduced; the setting `store` says where.
    """


_who = click.option("--who", metavar="NAME", default="", help="Who says so (default: you).")
_note = click.option("--note", metavar="TEXT", default="", help="Why, for those who come after.")
_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")


@feedback.command("confirm")
@click.argument("files", metavar="LOG…", nargs=-1, required=True)
@_note
@_who
@_as_json
def feedback_confirm(files: tuple[str, ...], note: str, who: str, as_json: bool) -> None:
    """Confirm the answers about logs: files, folders of logs, or - for standard input.

    \b
    Examples:
      dagnosis feedback confirm attempt=1.log
      dagnosis feedback confirm logs/dag_id=orders_daily
    """
    sys.exit(_label(files, as_json, note=note, who=who))


@feedback.command("correct")
@click.argument("file", metavar="LOG")
@click.option("--cause", metavar="FAMILY.CAUSE", required=True, help="What it was, in truth.")
@click.option("--new", is_flag=True, help="The cause is a new one, however like a known one.")
@_note
@_who
@_as_json
def feedback_correct(file: str, cause: str, new: bool, note: str, who: str, as_json: bool) -> None:
    """Say what the cause of a failure was.

    FAMILY is one of the closed list (see `docs/causes`); CAUSE is a known one, one of your own
    below the family, or left out.

    \b
    Examples:
      dagnosis feedback correct attempt=1.log --cause data_error.column_not_found
      dagnosis feedback correct attempt=1.log --cause network.vpn_down --note "the tunnel to Oslo"
    """
    from dagnosis.services.feedback import known

    sys.exit(_label((file,), as_json, cause=known(cause, new=new), new=True, note=note, who=who))


def _label(files: tuple[str, ...], as_json: bool, **said: Any) -> int:
    import msgspec

    from dagnosis import settings
    from dagnosis.incidents.memory import open_memory
    from dagnosis.incidents.store import open_store
    from dagnosis.services.feedback import NothingToLabel, give

    chosen = settings.load().settings
    sources = list(_sources(files))
    worst = healthy = 0
    with open_store(chosen.store_place) as store:
        memory = open_memory(chosen.store_place)
        assert memory is not None
        click.get_current_context().call_on_close(memory.close)
        for source in _progress(sources, len(sources) > 1 and not as_json):
            try:
                if isinstance(source, UnreadableInput):
                    raise source
                given = give(store, _read(source), memory=memory, **said)
            except NothingToLabel as error:
                healthy += 1
                if len(sources) == 1:
                    raise error
                continue
            except DagnosisError as error:
                complain(error)
                worst = max(worst, error.exit_code)
                continue
            if as_json:
                _print_json({**msgspec.to_builtins(given), "answer": given.answer.id})
            else:
                was = "" if given.verdict == "confirm" else f" (answered: {given.answered})"
                new = ", a cause of your own" if given.new else ""
                click.echo(f"{given.verdict}ed: {given.answer.id}: {given.detail}{new}{was}")
    if healthy:
        complain(f"{healthy} without a failure, so without a label")
    return worst


@feedback.command("list")
@click.option("--fingerprint", metavar="F", default="", help="Of one failure only.")
@_as_json
def feedback_list(fingerprint: str, as_json: bool) -> None:
    """List what was said, the newest first."""
    from dagnosis import settings
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store
    from dagnosis.rendering import visible

    chosen = settings.load().settings
    if not place(chosen.store_place).exists:
        complain(f"no feedback yet: {place(chosen.store_place).name} does not exist")
        return
    with open_store(chosen.store_place) as store:
        rows = store.feedback(fingerprint)
    for row in rows:
        if as_json:
            _print_json(row)
            continue
        where = f"{row.dag_id}.{row.task_id}" if row.dag_id else row.source
        note = f"  {row.note}" if row.note else ""
        text = f"{row.given:%Y-%m-%d %H:%M}  {row.verdict:<7}  {row.detail}  {where}  by {row.who}"
        click.echo(visible(f"{text}  {row.fingerprint}{note}"))


@feedback.command("forget")
@click.option("--diagnosis", metavar="ID", default="", help="One diagnosis.")
@click.option("--fingerprint", metavar="F", default="", help="All of one failure.")
@click.option("--dag", metavar="DAG_ID", default="", help="All of one DAG.")
@click.option("--all", "all_of_it", is_flag=True, help="All that is kept.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def feedback_forget(
    diagnosis: str, fingerprint: str, dag: str, all_of_it: bool, as_json: bool
) -> None:
    """Delete diagnoses, what is kept of their logs, and what was said of them.

    \b
    Examples:
      dagnosis feedback forget --fingerprint 07e2c1c1c7a0f2b4
      dagnosis feedback forget --dag orders_daily
      dagnosis feedback forget --all
    """
    from dagnosis import settings
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store

    if not (diagnosis or fingerprint or dag or all_of_it):
        raise WrongUse("feedback forget: name --diagnosis, --fingerprint, --dag or --all")
    if all_of_it and (diagnosis or fingerprint or dag):
        raise WrongUse("feedback forget: --all goes with nothing else")
    chosen = settings.load().settings
    count = 0
    if place(chosen.store_place).exists:
        with open_store(chosen.store_place) as store:
            count = store.forget(
                diagnosis=diagnosis, fingerprint=fingerprint, dag_id=dag, all_of_it=all_of_it
            )
    if as_json:
        _print_json({"forgotten": count})
    else:
        click.echo(f"forgotten: {count} {'diagnosis' if count == 1 else 'diagnoses'}")


@app.command()
@click.argument("name", metavar="[MODEL|all]", default="all")
@click.option("--dry-run", is_flag=True, help="Train and compare, promote nothing.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all that is random.")
@click.option(
    "--dag-share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.2,
    show_default=True,
    help="The most that the labels of one DAG weigh of all.",
)
@_as_json
def retrain(name: str, dry_run: bool, seed: int, dag_share: float, as_json: bool) -> None:
    """Train models on the feedback, and put in use only what wins.

    The older labels train, the newest 30 % judge. A new model is promoted when it is better on those
    than the model in use (McNemar's test, one-sided, p below 0.05) and not worse on the evaluation
    set that is shipped.

    \b
    Examples:
      dagnosis retrain
      dagnosis retrain causes --dry-run
      dagnosis models rollback causes     if it disappoints

    Exit code: 0 whether or not a model was promoted, 2 when training needs what is not installed.
    """
    from dagnosis import settings
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store
    from dagnosis.logs.training.contract import trainers
    from dagnosis.services.retrain import choose, rows
    from dagnosis.services.retrain import retrain as run

    chosen = settings.load().settings
    labels = []
    if place(chosen.store_place).exists:
        with open_store(chosen.store_place) as store:
            labels = store.labels()
    for trainer in choose(trainers(), name):
        with _showing(f"Retraining {trainer.name}") as progress:
            outcome = run(
                trainer,
                labels,
                seed=seed,
                dag_share=dag_share,
                dry_run=dry_run,
                folder=chosen.models_folder,
                progress=progress,
            )
        if as_json:
            _print_json(outcome)
        else:
            for row in rows(outcome):
                click.echo(row)


@contextmanager
def _showing(what: str) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda share, doing: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share, doing: bar.update(task, completed=share, description=f"{what}: {doing}")


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
            shown = [f"{key} {round(value, 3):g}" for key, value in row.manifest.figures.items()]
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
