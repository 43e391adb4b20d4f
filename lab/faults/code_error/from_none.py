"""A wrapper hides the original exception with `from None`."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The German message of the user's own exception is all there is."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("abrechnung")

    class Verarbeitungsfehler(RuntimeError):
        pass

    @task
    def berechne_rabatt() -> None:
        log.info("Starte Rabattlauf, Mandant=4711, Fehler bisher: 0")
        try:
            "12,5" + 3
        except TypeError:
            raise Verarbeitungsfehler(
                "Rabattlauf abgebrochen: Zeichenkette und Zahl lassen sich nicht addieren"
            ) from None

    berechne_rabatt()


FAULT = Fault(
    name="from_none",
    family="code_error",
    dag_id="rabattlauf",
    cause="TypeError hidden by `from None` behind a German message",
    states="Zeichenkette und Zahl lassen sich nicht addieren",
    accepted=("data_error",),
    build=build,
    twin=True,
)
