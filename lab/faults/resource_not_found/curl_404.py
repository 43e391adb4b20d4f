"""curl gets a 404 in a chatty script."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """curl: (22) The requested URL returned error: 404."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="fetch_archive_index",
        bash_command='for day in 22 23 24; do echo "day $day"; '
        "curl -fsS -o /dev/null $PARTNER_URL/archive/2026-11-$day.idx || missing=22; done; "
        "echo 'index: 0 of 3 days'; exit ${missing:-0}",
    )


FAULT = Fault(
    name="curl_404",
    family="resource_not_found",
    dag_id="archive_index",
    cause="HTTP 404 for the index files",
    states="The requested URL returned error: 404",
    build=build,
    needs=("web", "curl"),
    twin=True,
)
