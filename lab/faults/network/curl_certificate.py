"""curl does not trust a certificate."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """curl: (60) SSL certificate problem."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="post_statement",
        bash_command="curl -sS --retry 0 -d '{}' $PARTNER_TLS_URL/statements",
    )


FAULT = Fault(
    name="curl_certificate",
    family="network",
    dag_id="statement_post",
    cause="self-signed certificate",
    states="SSL certificate problem",
    accepted=("configuration_error", "authentication"),
    build=build,
    needs=("web", "curl"),
)
