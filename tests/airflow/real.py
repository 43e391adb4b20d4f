"""A real Airflow for tests: started on loopback, given DAG files, asked to run them, and ended.

with started(python, tmp_path, port=23000, dags={"orders.py": text}) as airflow:
    run_id = airflow.run("orders")
    airflow.url, airflow.user, airflow.password, airflow.database, airflow.logs
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from lab.deployment import Deployment
from lab.metadata import Metadata, Postgres, Sqlite
from lab.world import Ports

ENDED = ("success", "failed")
DAGS = Path(__file__).parent / "dags"
_PASSWORD = "loopback-4711"


@dataclass
class RealAirflow:
    """A running Airflow, and what a source of dagnosis needs to reach it."""

    deployment: Deployment

    @property
    def major(self) -> int:
        """2 or 3."""
        return self.deployment.major

    @property
    def url(self) -> str:
        """The address of the API server, or of Airflow 2's webserver."""
        return f"http://127.0.0.1:{self.deployment.ports.api}"

    @property
    def user(self) -> str:
        """A user with all rights."""
        return "admin"

    @property
    def password(self) -> str:
        """The password of `user`."""
        return self.deployment.password if self.major == 3 else "admin"

    @property
    def database(self) -> str:
        """The URL of the metadata database, without a driver."""
        return self.deployment.metadata.url.replace("+psycopg2", "").partition("?timeout")[0]

    @property
    def logs(self) -> Path:
        """Airflow's base log folder."""
        return self.deployment.logs

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One REST call below the API's prefix; `urllib.error.HTTPError` for 400 or more."""
        return self.deployment.call(method, path, body)

    def add(self, name: str, source: str) -> None:
        """Put a DAG file into the DAG folder of a running Airflow; it is found within half a minute."""
        (self.deployment.dags / name).write_text(source, encoding="utf-8")

    def trigger(
        self,
        dag_id: str,
        run_id: str | None = None,
        seconds: float = 300,
        conf: Mapping[str, Any] | None = None,
    ) -> str:
        """Start a run, once the DAG is parsed; returns its id."""
        deadline = time.monotonic() + seconds
        # Asked by GET: each refused POST would be a row of the event log.
        self._patiently(lambda: self._knows(dag_id), deadline, f"{dag_id} is not parsed")
        # With an id of ours, a POST that timed out may be sent again.
        body: dict[str, Any] = {"dag_run_id": run_id or f"test__{uuid.uuid4().hex[:12]}"}
        if self.major == 3:
            body["logical_date"] = None
        if conf:
            body["conf"] = dict(conf)
        self._patiently(lambda: self._posted(dag_id, body), deadline, f"{dag_id} does not start")
        return str(body["dag_run_id"])

    def wait(self, dag_id: str, run_id: str, seconds: float = 300) -> str:
        """The state in which a run ends; `TimeoutError` where it does not."""
        deadline = time.monotonic() + seconds
        path, state = f"/dags/{dag_id}/dagRuns/{run_id}", [""]

        def ended() -> bool:
            state[0] = str(self.call("GET", path)["state"])
            return state[0] in ENDED

        self._patiently(ended, deadline, f"{dag_id} {run_id} does not end")
        return state[0]

    def _patiently(self, done: Callable[[], bool], deadline: float, otherwise: str) -> None:
        while True:
            self.deployment.check()
            try:
                if done():
                    return
            except TimeoutError:  # on a busy machine; asked again
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            time.sleep(1)

    def _knows(self, dag_id: str) -> bool:
        return self._answered("GET", f"/dags/{dag_id}", None, 404)

    def _posted(self, dag_id: str, body: Mapping[str, Any]) -> bool:
        self._answered("POST", f"/dags/{dag_id}/dagRuns", body, 409)
        return True

    def _answered(
        self, method: str, path: str, body: Mapping[str, Any] | None, expected: int
    ) -> bool:
        """Whether the call went well; False for the status that is expected."""
        try:
            self.call(method, path, body)
        except HTTPError as error:
            error.close()
            if error.code != expected:
                raise
            return False
        return True

    def run(self, dag_id: str, run_id: str | None = None) -> str:
        """Start a run and wait for its end; returns its id."""
        started = self.trigger(dag_id, run_id)
        self.wait(dag_id, started)
        return started


@contextmanager
def started(
    python: Path,
    folder: Path,
    port: int,
    dags: Mapping[str, str],
    extra: Mapping[str, str] | None = None,
) -> Iterator[RealAirflow]:
    """An Airflow below `folder` that is ended with the context; it takes 50 ports from `port`.

    `extra` are variables of all its components, such as PYTHONPATH or AIRFLOW__SECTION__KEY.
    """
    home = folder / "airflow"
    (home / "dags").mkdir(parents=True)
    for parent in (folder, *folder.parents):  # PostgreSQL's user must be able to enter
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            parent.chmod(0o755)
    for name, source in dags.items():
        (home / "dags" / name).write_text(source, encoding="utf-8")
    ports = Ports(port)
    metadata: Metadata = (
        Postgres(folder / "metadata", ports.metadata)
        if shutil.which("psql")
        else Sqlite(home / "airflow.db")
    )
    deployment = Deployment(python, home, ports, major_of(python), metadata, extra or {}, _PASSWORD)
    with ExitStack() as stops:
        stops.callback(metadata.start())
        stops.callback(deployment.stop)
        deployment.start(seconds=480)
        yield RealAirflow(deployment)


def major_of(python: Path) -> int:
    """The major version of the Airflow of that interpreter; `CalledProcessError` where it has none."""
    code = "from importlib.metadata import version; print(version('apache-airflow'))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout.split(".")[0])


def free_ports(first: int, count: int = 50) -> int:
    """The first of `count` free ports in a row at or above `first`, so that tests run side by side."""
    while any(_taken(port) for port in range(first, first + count)):
        first += count
        if first > 60_000:
            raise OSError("no free ports")
    return first


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def environment(variable: str) -> Path | None:
    """The interpreter that `variable` names, None where it names none that is there."""
    named = os.environ.get(variable)
    return Path(named) if named and Path(named).exists() else None
