"""A Node job is rate limited."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A GraphQL error with a nested JSON message."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="bulk_storefront",
        bash_command="node $JOBS_DIR/storefront.mjs limited $PARTNER_URL ",
    )


FAULT = Fault(
    name="node_graphql",
    family="rate_limit_quota",
    dag_id="storefront_bulk",
    cause="rate limit of a GraphQL API",
    states="Too many requests: 600 per minute allowed for plan basic",
    transience="transient",
    build=build,
    needs=("node", "web"),
)
