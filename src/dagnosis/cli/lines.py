"""`dagnosis lines`: the level of each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from dagnosis.logs.severity import Engine, Label
    from dagnosis.model import LogLine

from dagnosis.cli.terminal import complain, opened, print_json
from dagnosis.errors import WrongUse


@click.command()
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
            print_json({"line": line.number, **msgspec.to_builtins(found), "text": text})
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
        with opened(distill, "w") as sink:
            for text, given in labeller.given.items():
                row = text.replace("\t", " ")
                sink.write(f"{row}\t{given.level}\t{given.confidence:.2f}\n")
