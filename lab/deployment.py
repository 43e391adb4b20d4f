"""One Airflow deployment on loopback: its settings, its components, its REST API."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from lab.processes import Process
from lab.world import Ports

_REPOSITORY = Path(__file__).parents[1]
_SECRET = "lab-secret-on-loopback-only-0123456789abcdef"


@dataclass
class Deployment:
    """An Airflow of major version 2 or 3 below `home`, run by the interpreter `python`."""

    python: Path
    home: Path
    ports: Ports
    major: int
    extra: Mapping[str, str]
    components: list[Process] = field(default_factory=list)
    _token: str = ""

    @property
    def dags(self) -> Path:
        """The DAG folder."""
        return self.home / "dags"

    @property
    def logs(self) -> Path:
        """Airflow's base log folder."""
        return self.home / "logs"

    def environment(self) -> dict[str, str]:
        """The environment of every component: Airflow's settings, and the world's variables."""
        url = f"http://127.0.0.1:{self.ports.api}"
        # The 5 s that sqlite3 waits for a lock by default are few for five components; but the
        # API server stands still while it waits.
        database = f"sqlite:///{self.home}/airflow.db?timeout=12"
        settings = {
            "CORE__DAGS_FOLDER": str(self.dags),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__PARALLELISM": "4",
            "CORE__EXECUTOR": "LocalExecutor" if self.major == 3 else "SequentialExecutor",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__DAG_DISCOVERY_SAFE_MODE": "False",
            "CORE__DAGBAG_IMPORT_TIMEOUT": "20",
            "CORE__FERNET_KEY": base64.urlsafe_b64encode(_SECRET[:32].encode()).decode(),
            "DATABASE__SQL_ALCHEMY_CONN": database,
            "LOGGING__BASE_LOG_FOLDER": str(self.logs),
            "LOGGING__WORKER_LOG_SERVER_PORT": str(self.ports.first + 40),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.ports.first + 41),
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        if self.major == 3:
            settings |= {
                "API__PORT": str(self.ports.api),
                "API__HOST": "127.0.0.1",
                "API__BASE_URL": url,
                "API__SECRET_KEY": _SECRET,
                "API_AUTH__JWT_SECRET": _SECRET,
                "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
                "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
                "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "7200",
                "DAG_PROCESSOR__PARSING_PROCESSES": "2",
            }
        else:
            settings |= {
                "API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth",
                "WEBSERVER__WEB_SERVER_PORT": str(self.ports.api),
                "WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
                "WEBSERVER__WORKERS": "1",
                "WEBSERVER__SECRET_KEY": _SECRET,
                "SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "7200",
            }
        # Nothing of the caller's environment: it would show up in the logs.
        return {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": f"{self.python.parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PIP_CONFIG_FILE": os.devnull,
            "PYTHONPATH": str(_REPOSITORY),
            "AIRFLOW_HOME": str(self.home),
            **{f"AIRFLOW__{key}": value for key, value in settings.items()},
            **self.extra,
        }

    def start(self, seconds: float = 240) -> None:
        """Create the database, start the components and wait for their health."""
        airflow = str(self.python.parent / "airflow")
        environment = self.environment()
        subprocess.run(
            [airflow, "db", "migrate"],
            check=True, env=environment, cwd=self.home, capture_output=True, timeout=seconds,
        )  # fmt: skip
        self.metadata("PRAGMA journal_mode=WAL")  # readers do not wait for writers
        names = ["api-server", "scheduler", "dag-processor", "triggerer"]
        if self.major == 2:
            self._create_user(airflow, environment)
            names = ["webserver", "scheduler", "triggerer"]
        for name in names:
            process = Process.start(name, [airflow, name], environment, self.home)
            self.components.append(process)
            if name in ("api-server", "webserver"):
                # A scheduler that is ahead of the API server fails its first tasks.
                self._wait_for_health(seconds)

    def stop(self) -> None:
        """End every component, the scheduler's workers included."""
        for process in reversed(self.components):
            process.stop()
        self.components.clear()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One REST call below the API's prefix; returns the decoded JSON.

        Raises `urllib.error.HTTPError` for an answer of 400 or more.
        """
        prefix = "/api/v2" if self.major == 3 else "/api/v1"
        request = Request(
            f"http://127.0.0.1:{self.ports.api}{prefix}{quote(path, safe='/?=&~')}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": self._authorization(), "Content-Type": "application/json"},
        )
        with urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def component(self, name: str) -> Process:
        """The component of that name; `StopIteration` where it does not run."""
        return next(process for process in self.components if process.name == name)

    def pause_api(self, seconds: float) -> None:
        """Freeze the API server and its children for a while."""
        server = self.component("api-server")
        server.signal_tree(signal.SIGSTOP)
        time.sleep(seconds)
        server.signal_tree(signal.SIGCONT)

    def metadata(self, statement: str) -> None:
        """Run one statement on the metadata database."""
        with sqlite3.connect(self.home / "airflow.db", timeout=30) as connection:
            connection.execute(statement)
        connection.close()

    def _authorization(self) -> str:
        if self.major == 2:
            return "Basic " + base64.b64encode(b"admin:admin").decode()
        if not self._token:
            with urlopen(f"http://127.0.0.1:{self.ports.api}/auth/token", timeout=30) as answer:
                self._token = json.loads(answer.read())["access_token"]
        return f"Bearer {self._token}"

    def _create_user(self, airflow: str, environment: Mapping[str, str]) -> None:
        words = "users create -u admin -p admin -r Admin -f A -l B -e admin@example.org"
        subprocess.run(
            [airflow, *words.split()],
            check=True, env=dict(environment), cwd=self.home, capture_output=True, timeout=180,
        )  # fmt: skip

    def _wait_for_health(self, seconds: float) -> None:
        path = "/api/v2/monitor/health" if self.major == 3 else "/health"
        deadline = time.monotonic() + seconds
        while True:
            try:
                urlopen(f"http://127.0.0.1:{self.ports.api}{path}", timeout=5).close()
            except HTTPError:
                raise
            except OSError:
                if time.monotonic() > deadline or not self.components[-1].alive:
                    tail = self.components[-1].output.read_text()[-2000:]
                    raise RuntimeError(f"Airflow does not come up:\n{tail}") from None
                time.sleep(1)
            else:
                return
