"""`dagnosis retrain` and `dagnosis models`: what is learnt, and what of it is in use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from dagnosis.cli.terminal import CONTEXT, complain, print_json, showing
from dagnosis.errors import MissingExtra, UnreadableInput, WrongUse

if TYPE_CHECKING:
    from dagnosis.settings import Settings


@click.command()
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object a model.")
def retrain(name: str, dry_run: bool, seed: int, dag_share: float, as_json: bool) -> None:
    """Train models on the feedback and the forecast on the runs, and put in use only what wins.

    The forecast learns from the history of runs (setting `runs`, made by `dagnosis forecast pull`): it
    must beat the last ten outcomes, and the model in use, on runs that neither has seen. For the others
    the older labels train, the newest 30 % judge. A new model is promoted when it is better on those
    than the model in use (McNemar's test, one-sided, p below 0.05) and not worse on the evaluation
    set that is shipped.

    \b
    Examples:
      dagnosis retrain
      dagnosis retrain causes --dry-run
      dagnosis retrain forecast
      dagnosis models rollback causes     if it disappoints

    Exit code: 0 whether or not a model was promoted, 2 when training needs what is not installed.
    """
    from dagnosis import settings
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store
    from dagnosis.logs.training import contract
    from dagnosis.services.health import working
    from dagnosis.services.retrain import retrain as run
    from dagnosis.services.retrain import rows

    chosen = settings.load().settings
    labels = []
    if place(chosen.store_place).exists:
        with open_store(chosen.store_place) as store:
            labels = store.labels()
    missing: list[WrongUse] = []
    if name in ("all", "forecast"):
        _forecast(chosen, dry_run, seed, as_json, asked=name == "forecast")
    if name == "forecast":
        return
    if name == "all":
        found, missing = contract.trainers()
    else:
        found = [contract.trainer(name)]
    for trainer in found:
        with (
            showing(f"Retraining {trainer.name}") as progress,
            working(chosen, "retrain", trainer.name) as ended,
        ):
            outcome = run(
                trainer,
                labels,
                seed=seed,
                dag_share=dag_share,
                dry_run=dry_run,
                folder=chosen.models_folder,
                progress=progress,
            )
            ended("promoted" if outcome.promoted else "kept")
        if as_json:
            print_json(outcome)
        else:
            for row in rows(outcome):
                click.echo(row)
    for error in missing:
        complain(error)
    sys.exit(WrongUse.exit_code if missing and not found else 0)


def _forecast(chosen: Settings, dry_run: bool, seed: int, as_json: bool, asked: bool) -> None:
    """Retrain the forecast; without a history, or the libraries, that is a message, and an error where
    it was asked for."""
    from dagnosis.services.forecast_training import lines
    from dagnosis.services.health import working
    from dagnosis.services.retrain import retrain_forecast

    with (
        showing("Retraining forecast") as progress,
        working(chosen, "retrain", "forecast") as ended,
    ):
        try:
            report = retrain_forecast(
                chosen.runs_place,
                seed=seed,
                dry_run=dry_run,
                folder=chosen.models_folder,
                progress=progress,
            )
        except (UnreadableInput, MissingExtra) as error:
            if asked:
                raise
            ended("waits")
            complain(f"forecast: {error}")
            return
        ended("promoted" if report.promoted else "kept")
    if as_json:
        print_json({"name": "forecast", **msgspec.to_builtins(report)})
    else:
        for row in lines(report):
            click.echo(f"forecast: {row}")


@click.group(context_settings=CONTEXT)
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
    from dagnosis.models import store

    rows = [version for name in store.names() for version in store.versions(name)]
    for row in rows:
        if as_json:
            print_json({**msgspec.to_builtins(row), "refused": bool(row.trouble)})
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
        print_json({"name": name, "version": version, "origin": origin})
    elif now:
        click.echo(f"{name}: {now.manifest.version} ({now.origin}) is in use")
    else:
        click.echo(f"{name}: no version is left, none is in use")
