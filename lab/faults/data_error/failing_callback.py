"""The task fails on data, and its failure callback fails on the network."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Two errors: the callback's is the later one."""
    from lab.authoring import task

    def page_someone(context):
        import smtplib

        smtplib.SMTP("127.0.0.1", 9, timeout=2)

    @task(on_failure_callback=page_someone)
    def load_exchange_rates() -> float:
        return float("1,0834")

    load_exchange_rates()


FAULT = Fault(
    name="failing_callback",
    family="data_error",
    dag_id="exchange_rates",
    cause="'1,0834' is no float; the callback then fails on SMTP",
    states="could not convert string to float: '1,0834'",
    note="ConnectionRefusedError of the callback is no cause",
    accepted=("code_error",),
    build=build,
    twin=True,
)
