"""The command `results`: what other tools found of data."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dagnosis.cli.terminal import complain, print_json
from dagnosis.errors import UnreadableInput


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=Path)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a dataset and line.")
def results(files: tuple[Path, ...], as_json: bool) -> None:
    """Read what Great Expectations, dbt, Soda or OpenLineage say of data.

    FILE is a validation result of Great Expectations, dbt's target/run_results.json (with manifest.json
    beside it), scan results of Soda Core, or OpenLineage events with data quality facets, as Airflow's
    check operators send them. Each dataset becomes a finding like those of check.

    \b
    Examples:
      dagnosis results target/run_results.json
      dagnosis results validation.json events.jsonl --json | jq 'select(.alarm)'

    Exit code: 0 every expectation is met or only warns, 1 one failed, 3 a file was unreadable.
    """
    from dagnosis import settings
    from dagnosis.services.results import read_results

    colour = settings.load().settings.colour
    alarm = unreadable = False
    for file in files:
        try:
            found = read_results(file)
        except UnreadableInput as error:
            complain(error)
            unreadable = True
            continue
        for finding in found:
            alarm = alarm or finding.alarm
            if as_json:
                print_json(finding)
            else:
                from dagnosis.rendering_check import show_results

                show_results(finding, colour)
    sys.exit(3 if unreadable else int(alarm))
