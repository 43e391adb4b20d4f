"""curl fails on the first mirror and succeeds on the second."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """curl: (7) and (22), then success."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="fetch_mirror",
        bash_command="curl -sSf http://127.0.0.1:$CLOSED_PORT/a || curl -sSf $PARTNER_URL/status/503 || "
        "curl -sSf -o /dev/null -w 'HTTP %{http_code}\\n' $PARTNER_URL/ok",
    )


FAULT = Fault(
    name="curl_fallback",
    family="none",
    dag_id="mirror_fetch",
    cause="none: the second mirror works",
    states=None,
    build=build,
    needs=("web", "curl"),
    twin=True,
)
