"""curl cannot resolve a host."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """curl: (6) deep in a chatty script."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="mirror_feed",
        bash_command="curl -sS https://feeds.acme-internal.invalid/daily.csv -o /tmp/daily.$$; "
        'code=$?; for n in $(seq 1 35); do echo "[mirror] part $n of 35: nothing to do"; done; '
        'echo "[mirror] finished, 0 parts copied"; exit $code',
    )


FAULT = Fault(
    name="curl_unresolved",
    family="network",
    dag_id="feed_mirror",
    cause="curl could not resolve the host",
    states="Could not resolve host",
    accepted=("configuration_error",),
    transience="unknown",
    build=build,
    needs=("curl",),
    twin=True,
)
