"""A Spanish message says that the service is in maintenance."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A message in Spanish."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("hacienda")

    @task
    def presentar_facturas() -> None:
        for intento in (1, 2, 3):
            log.warning("Intento %d de 3: respuesta inesperada, se reintentará", intento)
        raise RuntimeError(
            "El servicio de la Agencia Tributaria no está disponible por mantenimiento"
        )

    presentar_facturas()


FAULT = Fault(
    name="spanish_service",
    family="external_service_error",
    dag_id="facturas_es",
    cause="service in maintenance, in Spanish",
    states="no está disponible por mantenimiento",
    transience="transient",
    build=build,
)
