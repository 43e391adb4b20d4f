"""A child of the shell is killed by the kernel for its memory."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A real memory cgroup; bash says `Killed`."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="fold_sessions",
        bash_command='echo "folding 31 days of sessions"; (sh -c \'echo $$ > $BATCH_CGROUP/cgroup.procs; exec python3 -c "day = [bytearray(9 << 20) for _ in range(60)]"\'); code=$?; echo "fold ended with status $code"; grep -H . $BATCH_CGROUP/memory.failcnt $BATCH_CGROUP/memory.oom_control $BATCH_CGROUP/memory.events 2>/dev/null; for day in 1 2 3 4 5; do echo "upload of day $day skipped"; done; exit $code',
    )


FAULT = Fault(
    name="cgroup_child",
    family="out_of_memory",
    dag_id="sessions_fold",
    cause="a child was killed by the OOM killer at the cgroup limit of 120 MB",
    states="Killed",
    accepted=("worker_lost",),
    transience="unknown",
    needs=("cgroup",),
    twin=True,
    build=build,
)
