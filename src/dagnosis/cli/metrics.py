"""`dagnosis metrics`: what the stores hold, for Prometheus."""

from __future__ import annotations

from pathlib import Path

import click

from dagnosis.cli.terminal import print_json


@click.command()
@click.option(
    "--textfile",
    metavar="PATH",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write them to a file *.prom that node_exporter reads, whole or not at all.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a series.")
def metrics(textfile: Path | None, as_json: bool) -> None:
    """Print what the stores hold as metrics: incidents, datasets, models, budgets.

    For those who run dagnosis from cron: `watch` and `serve` tell more, at /metrics.

    \b
    Examples:
      dagnosis metrics
      dagnosis metrics --textfile /var/lib/node_exporter/dagnosis.prom
    """
    from dagnosis import settings
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.incidents.place import place
    from dagnosis.metrics import Metrics
    from dagnosis.services.metrics import seed

    chosen = settings.load().settings
    kept = Metrics(process=False)
    if place(chosen.store_place).exists:
        with open_incidents(chosen.store_place) as incidents:
            seed(kept, chosen, incidents)
    else:
        seed(kept, chosen)
    if textfile is not None:
        kept.write_kept(textfile)
        return
    if not as_json:
        from prometheus_client import generate_latest

        click.echo(generate_latest(kept.kept()).decode(), nl=False)
        return
    for family in kept.kept().collect():
        for sample in family.samples:
            print_json({"name": sample.name, "labels": sample.labels, "value": sample.value})
