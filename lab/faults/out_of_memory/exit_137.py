"""A container-like wrapper reports 137 and OOMKilled."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Pod status as kubectl prints it, printed by a wrapper."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="run_pod_features",
        bash_command="echo 'pod features-7f9 created'; for n in 1 2 3 4; do echo \"pod features-7f9 is Running (${n}0 s)\"; done; "
        'echo \'{"containerStatuses":[{"name":"base","restartCount":0,"state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}\'; '
        'for n in $(seq 1 25); do echo "deleting pod features-7f9, attempt $n"; done; exit 1',
    )


FAULT = Fault(
    name="exit_137",
    family="out_of_memory",
    dag_id="pod_features",
    cause="OOMKilled container (status printed by the script)",
    states="OOMKilled",
    accepted=("worker_lost",),
    transience="unknown",
    build=build,
    twin=True,
)
