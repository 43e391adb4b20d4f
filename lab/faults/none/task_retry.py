"""The first try fails, the second succeeds."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Only the second try is here a success; see network/second_try_works for the first."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.pages")

    @task
    def collect_pages() -> int:
        pages = 0
        for page in range(12):
            if page in (3, 7):
                log.warning("page %d: read timed out (timeout=30), retrying", page)
                log.error("page %d: attempt 1 failed: ConnectionResetError(104)", page)
            pages += 1
        log.info("12 of 12 pages, failed over to replica successfully")
        return pages

    collect_pages()


FAULT = Fault(
    name="task_retry",
    family="none",
    dag_id="pages_collect",
    cause="none: retried pages",
    states=None,
    build=build,
    twin=True,
)
