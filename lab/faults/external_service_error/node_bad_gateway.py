"""A Node job parses a gateway's error page as JSON."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SyntaxError: Unexpected token '<'; the status 502 stands in an earlier line."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="load_storefront", bash_command="node $JOBS_DIR/storefront.mjs html $PARTNER_URL "
    )


FAULT = Fault(
    name="node_bad_gateway",
    family="external_service_error",
    dag_id="storefront_load",
    cause="HTTP 502 with an HTML body, parsed as JSON",
    states='"status":502',
    note="the exception speaks of JSON; the cause is the 502 logged before",
    accepted=("data_error",),
    transience="transient",
    build=build,
    needs=("node", "web"),
)
