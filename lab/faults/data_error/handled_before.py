"""An error is handled and logged, then another one ends the task."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """logging.exception of a refused cache, much later the true end."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.orders")

    @task
    def enrich_orders() -> list:
        import socket

        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        except OSError:
            log.exception("Cache not reachable, computing without it")
        orders = [{"id": n, "date": f"2026-11-{n:02d}"} for n in range(1, 33)]
        from datetime import date

        for order in orders:
            log.info("order %s", order["id"])
            order["day"] = date.fromisoformat(order["date"])
        return orders

    enrich_orders()


FAULT = Fault(
    name="handled_before",
    family="data_error",
    dag_id="orders_enrich",
    cause="31 November is no date",
    states="day is out of range for month",
    note="the first traceback was handled",
    accepted=("code_error",),
    build=build,
    twin=True,
)
