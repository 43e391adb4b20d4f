"""Where a page leads: to other pages of ours, to static files, into Airflow."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import msgspec

from dagnosis import __version__
from dagnosis.model import TaskRef


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """`base` is the path below which the pages are (empty, or `/dagnosis`), `airflow` the address of
    Airflow's pages (empty where it is not known: then nothing leads there). `embedded` pages are
    frames in Airflow, without our own navigation, and what leads into Airflow leaves the frame.

    Every part of a path is quoted whole, so that an id with `/` or `?` in it leads nowhere else.
    """

    base: str = ""
    airflow: str = ""
    embedded: bool = False

    def to(self, *parts: object, **query: object) -> str:
        """The address of a page of ours; a query value that is empty is left out."""
        path = "/".join(quote(str(part), safe="") for part in parts)
        asked = urlencode(
            [
                (key, one)
                for key, value in query.items()
                for one in (value if isinstance(value, tuple) else (value,))
                if one not in ("", None)
            ]
        )
        return f"{self.base}/{path}{'?' if asked else ''}{asked}"

    def static(self, name: str) -> str:
        """A static file; the version makes browsers fetch a new one."""
        return f"{self.base}/static/{name}?v={__version__}"

    def incident(self, incident_id: int) -> str:
        """The page of an incident."""
        return self.to("incidents", incident_id)

    def dag(self, dag_id: str) -> str:
        """What we know of a DAG."""
        return self.to("dags", dag_id)

    def run(self, dag_id: str, run_id: str) -> str:
        """What failed in a run."""
        return self.to("dags", dag_id, "runs", run_id)

    def task(self, task: TaskRef) -> str:
        """The diagnosis of one try."""
        return self.to(
            "dags", task.dag_id, "runs", task.run_id, "tasks", task.task_id,
            map_index=task.map_index if task.map_index >= 0 else "",
            try_number=task.try_number,
        )  # fmt: skip

    def dataset(self, name: str) -> str:
        """A dataset and its profiles."""
        return self.to("data", name)

    def airflow_dag(self, dag_id: str) -> str:
        """The DAG in Airflow; empty where Airflow's address is not known."""
        return self._airflow("dags", dag_id)

    def airflow_run(self, dag_id: str, run_id: str) -> str:
        """The run in Airflow."""
        return self._airflow("dags", dag_id, "runs", run_id)

    def airflow_task(self, task: TaskRef, line: int = 0) -> str:
        """The log of a try in Airflow 3, at a line of it where one is given (1-based)."""
        mapped = ("mapped", task.map_index) if task.map_index >= 0 else ()
        found = self._airflow(
            "dags", task.dag_id, "runs", task.run_id, "tasks", task.task_id, *mapped
        )
        if not found:
            return ""
        return f"{found}?try_number={task.try_number}{f'#{line}' if line else ''}"

    def _airflow(self, *parts: object) -> str:
        if not self.airflow:
            return ""
        return "/".join([self.airflow.rstrip("/"), *(quote(str(part), safe="") for part in parts)])


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks, and what they may: `write` is to acknowledge, note and correct, `admin` to change
    which model is in use. `csrf` goes into every form."""

    name: str = ""
    write: bool = False
    admin: bool = False
    csrf: str = ""
    signed_in: bool = False
