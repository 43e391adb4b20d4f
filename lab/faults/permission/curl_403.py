"""curl gets a 403."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """curl: (22) … 403, once, among successes."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="fetch_ledgers",
        bash_command="set -e; for region in eu us; do curl -fsS -o /dev/null $PARTNER_URL/ok; "
        'echo "ledger $region: 403 rows"; done; curl -fsS $PARTNER_URL/status/403',
    )


FAULT = Fault(
    name="curl_403",
    family="permission",
    dag_id="ledgers_fetch",
    cause="HTTP 403 for one ledger",
    states="The requested URL returned error: 403",
    accepted=("authentication",),
    note="`403 rows` stands twice before it",
    build=build,
    needs=("web", "curl"),
)
