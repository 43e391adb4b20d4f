"""The task fails on data twice, and its retry callback fails too."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Try 1 holds the error of the callback, try 2 does not."""
    from datetime import timedelta

    from lab.authoring import task

    def tell_channel(context):
        import json

        return json.loads("")["channel"]

    @task(retries=1, retry_delay=timedelta(seconds=1), on_retry_callback=tell_channel)
    def parse_days() -> str:
        from datetime import date

        return str(date.fromisoformat("2026-13-01"))

    parse_days()


FAULT = Fault(
    name="retry_callback",
    family="data_error",
    dag_id="days_parse",
    cause="month 13 in a date; the retry callback then fails on JSON",
    states="month must be in 1..12",
    note="JSONDecodeError of the callback is no cause",
    accepted=("code_error",),
    twin=True,
    build=build,
)
