"""A summary full of words like failed and error."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """0 failed, 2 errors tolerated, 403 passed."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="verify_exports",
        bash_command='for n in $(seq 1 25); do echo "check_no_errors_$n ... ok"; done; '
        "echo 'check_failed_rows_below_limit ... ok'; echo 'FAILED: 0, ERRORS: 0, PASSED: 403'; "
        "echo 'error_rate=0.0 timeout=30 exit_code=0'",
    )


FAULT = Fault(
    name="test_summary",
    family="none",
    dag_id="exports_verify",
    cause="none: a summary",
    states=None,
    build=build,
    twin=True,
)
