"""What one fault is: the tasks that fail, why they fail, and which line of the log says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol

NONE = "none"
"""The family of a success, a hard negative."""

FAMILIES: tuple[str, ...] = (
    "code_error",
    "data_error",
    "missing_dependency",
    "dag_definition_error",
    "configuration_error",
    "authentication",
    "permission",
    "resource_not_found",
    "network",
    "timeout",
    "rate_limit_quota",
    "out_of_memory",
    "disk_full",
    "worker_lost",
    "scheduler_or_metadata_db",
    "external_service_error",
    "airflow_bug",
    "serialization_xcom",
    "dependency_version_conflict",
    "cancelled_or_upstream",
    NONE,
)
"""The families of causes. Repeated here, not imported: fault files load in Airflow's own Python."""

TRANSIENCES = ("transient", "permanent", "unknown")
"""Would a plain retry plausibly succeed?"""


class RunHandle(Protocol):
    """A DAG run in flight, as an intervention (`Fault.during`) sees it."""

    def wait_for_log(self, text: str, seconds: float = 60) -> None:
        """Wait until a log file of the run holds `text`; raise `TimeoutError` after `seconds`."""

    def set_task_state(self, task_id: str, state: str) -> None:
        """Set a task's state through Airflow's public API, as a user does in the pages."""

    def set_run_state(self, state: str) -> None:
        """Set the run's state through Airflow's public API."""

    def clear_task(self, task_id: str) -> None:
        """Clear a task while it runs."""

    def logged_number(self, name: str) -> int:
        """The number in the first `name=NUMBER` of the run's logs, such as a pid."""

    def pause_api(self, seconds: float) -> None:
        """Stop Airflow's API server for a while, as an overloaded one behaves (exclusive)."""

    def metadata(self, statement: str) -> None:
        """Run one SQL statement on the metadata database (exclusive)."""


@dataclass(frozen=True)
class Fault:
    """One way to fail, or (family `none`) one noisy way to succeed.

    A fault becomes one DAG file: the fault's own file, with the last line `dag = FAULT.dag()`.
    So names in it (functions, variables, tasks, `dag_id`) appear in logs, and must not give the
    answer away. Tries in state failed (or as `labelled` says) get the family; successful tries of
    the same DAG get `none`.
    """

    name: str
    """Unique, snake_case, equal to the file's name."""
    family: str
    """One of `FAMILIES`: the class of the root cause."""
    dag_id: str
    """A name as data engineers give it. Unique, and silent about the fault."""
    cause: str
    """The injected fault in one sentence, for people."""
    states: str | None
    """A substring of the log line that states the root cause, as the log holds it once JSON is
    decoded; None where no line does (then `silent_because` says why). For successes: None."""
    states_in_2: str | None = None
    """The same under Airflow 2, where its words differ."""
    transience: str = "permanent"
    """One of `TRANSIENCES`; for successes it has no meaning."""
    build: Callable[[], object] | None = None
    """Makes the tasks, called inside the DAG's context. Airflow is imported in here only."""
    source: str | None = None
    """Instead of `build`: the text of a DAG file that cannot be imported. Its log is the
    DAG processor's."""
    note: str = ""
    """What makes this one hard, or why the family is arguable."""
    accepted: tuple[str, ...] = ()
    """Other families that an expert would let pass."""
    silent_because: str = ""
    """Why no line states the cause (only with `states` None and a family other than `none`)."""
    dag_options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of the DAG, such as `dagrun_timeout`."""
    during: Callable[[RunHandle], None] | None = None
    """An intervention from outside while the run is in flight."""
    task_id: str | None = None
    """The task whose tries get the family, where another task of the DAG fails for another
    reason; failed tries of the others are left out then."""
    labelled: tuple[str, ...] = ("failed",)
    """Final states of tries that get the family; `skipped` or `success` where that is the fault."""
    needs: tuple[str, ...] = ()
    """Services and tools beyond Airflow: postgres, web, aws, dbt, spark, java, node, root, ..."""
    twin: bool = False
    """Also runs under Airflow 2, for the text format."""
    only_twin: bool = False
    """Runs under Airflow 2 only."""
    exclusive: bool = False
    """Runs alone, since it disturbs the whole deployment."""
    chatter: int = 0
    """Lines of a healthy pipeline that each task logs around its work (see `lab.chatter`)."""

    def dag(self) -> object:
        """Build the DAG of this fault. Needs Airflow, and a `build`."""
        from datetime import datetime, timezone

        from lab.authoring import DAG

        if self.build is None:
            raise ValueError(f"{self.name} has no build(): its source is a broken DAG file")
        options = dict(self.dag_options)
        options.setdefault("start_date", datetime(2026, 1, 1, tzinfo=timezone.utc))
        with DAG(self.dag_id, schedule=None, catchup=False, **options) as dag:
            self.build()
        if self.chatter:
            from lab.chatter import surround

            surround(dag, self.chatter)
        return dag


def noisy(fault: Fault) -> Fault:
    """The same fault in a log of 300 to 8,000 more lines: `<name>_noisy`, DAG `<dag_id>_bulk`."""
    lines = round(300 * (8000 / 300) ** Random(fault.name).random())
    return replace(fault, name=f"{fault.name}_noisy", dag_id=f"{fault.dag_id}_bulk", chatter=lines)
