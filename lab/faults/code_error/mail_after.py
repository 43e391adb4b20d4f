"""The task fails, and the mail about it fails, too."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """email_on_failure without a mail server."""
    from lab.authoring import PythonOperator

    def split_batches(size: int) -> list:
        return [list(range(10))[n : n + size] for n in range(0, 10, size)]

    PythonOperator(
        task_id="split_batches",
        python_callable=split_batches,
        op_kwargs={"size": 0},
        email=["oncall@example.org"],
        email_on_failure=True,
    )


FAULT = Fault(
    name="mail_after",
    family="code_error",
    dag_id="batches_split",
    cause="range() with step 0; then the mail cannot be sent",
    states="range() arg 3 must not be zero",
    accepted=("data_error", "configuration_error"),
    note="the SMTP error after it is no cause",
    build=build,
    twin=True,
)
