"""A German success with words like Fehler and abgebrochen."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Fehler: 0; Verbindung abgebrochen, erneut verbunden."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("abgleich")

    @task
    def gleiche_bestand_ab() -> int:
        log.warning("Verbindung abgebrochen, erneut verbunden nach 0,2 s")
        log.info("Abgleich fertig. Fehler: 0, Warnungen: 1, fehlgeschlagen: 0")
        return 0

    gleiche_bestand_ab()


FAULT = Fault(
    name="german_success",
    family="none",
    dag_id="bestandsabgleich",
    cause="none: a German success",
    states=None,
    build=build,
)
