"""A success that logs ERROR lines and a handled traceback."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """logging.exception, and on."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.sync")

    @task
    def sync_partners() -> int:
        done = 0
        for partner in ("a", "b", "c"):
            try:
                if partner == "b":
                    raise ConnectionError("partner b: connection refused, using cache")
                done += 1
            except ConnectionError:
                log.exception("Sync of %s failed, will use yesterday's copy", partner)
        log.error("1 partner of 3 skipped")
        return done

    sync_partners()


FAULT = Fault(
    name="error_text_in_success",
    family="none",
    dag_id="partner_sync",
    cause="none: an exception that was handled",
    states=None,
    build=build,
    twin=True,
)
