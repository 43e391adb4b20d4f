"""structlog keyword arguments named error and status."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Extras such as error=None, status=403, failed=0."""
    from lab.authoring import task

    @task
    def audit_rows() -> int:
        import structlog

        log = structlog.get_logger("audit")
        log.info("batch audited", error=None, failed=0, status="ok", rows=403)
        log.warning(
            "slow batch", timeout=30, elapsed=4.2, retries=[{"attempt": 1, "error": "none"}]
        )
        return 403

    audit_rows()


FAULT = Fault(
    name="structured_extras",
    family="none",
    dag_id="rows_audit",
    cause="none: structured extras",
    states=None,
    build=build,
)
