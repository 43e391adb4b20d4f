"""curl gives up."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """curl: (28) in a script with progress output."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="download_feed",
        bash_command='for n in 1 2; do echo "try $n"; '
        "curl -fS --max-time 2 -o /dev/null $PARTNER_URL/slow/5 && exit 0; done; "
        "echo 'feed not available, giving up'; exit 1",
    )


FAULT = Fault(
    name="curl_28",
    family="timeout",
    dag_id="feed_download",
    cause="curl timed out twice",
    states="curl: (28)",
    accepted=("network", "external_service_error"),
    transience="transient",
    build=build,
    needs=("curl", "web"),
    twin=True,
)
