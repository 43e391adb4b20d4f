"""A French message says that a file is missing."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A message in French, from None."""
    from lab.authoring import task

    @task
    def charger_ventes() -> None:
        print("Chargement des ventes du 24/11/2026")
        try:
            open("/srv/depot/ventes_20261124.csv")
        except OSError:
            raise RuntimeError("Fichier des ventes introuvable dans le dépôt") from None

    charger_ventes()


FAULT = Fault(
    name="french_file",
    family="resource_not_found",
    dag_id="ventes_fr",
    cause="file not found, in French",
    states="Fichier des ventes introuvable",
    transience="unknown",
    build=build,
)
