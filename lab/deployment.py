"""One Airflow deployment on loopback: its settings, its components, its REST API."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from lab.metadata import Metadata
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
    metadata: Metadata
    extra: Mapping[str, str]
    password: str = ""
    """Of `admin`; with one, Airflow 3 lets nobody in without it."""
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
        # Airflow 2 refuses to run tasks side by side on SQLite.
        local = self.major == 3 or not self.metadata.url.startswith("sqlite")
        settings = {
            "CORE__DAGS_FOLDER": str(self.dags),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__PARALLELISM": "4",
            "CORE__EXECUTOR": "LocalExecutor" if local else "SequentialExecutor",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__DAG_DISCOVERY_SAFE_MODE": "False",
            "CORE__DAGBAG_IMPORT_TIMEOUT": "20",
            "CORE__FERNET_KEY": base64.urlsafe_b64encode(_SECRET[:32].encode()).decode(),
            "DATABASE__SQL_ALCHEMY_CONN": self.metadata.url,
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
                "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": str(not self.password),
                "CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
                "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
                "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "7200",
                "DAG_PROCESSOR__PARSING_PROCESSES": "2",
            }
        else:
            settings |= {
                "API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth",
                "WEBSERVER__WEB_SERVER_PORT": str(self.ports.api),
                "WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
                "WEBSERVER__WORKERS": "1",
                # On a busy machine the webserver ends itself after the default of 120 s.
                "WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "3600",
                "WEBSERVER__WEB_SERVER_WORKER_TIMEOUT": "600",
                "WEBSERVER__SECRET_KEY": _SECRET,
                "SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "7200",
            }
        # Nothing of the caller's environment: it would show up in the logs.
        return {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": f"{self.python.parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PIP_CONFIG_FILE": os.devnull,
            # No tool asks the world outside whether there is a newer one of it.
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "NPM_CONFIG_UPDATE_NOTIFIER": "false",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "CHECKPOINT_DISABLE": "1",
            "PYTHONPATH": str(_REPOSITORY),
            "AIRFLOW_HOME": str(self.home),
            **{f"AIRFLOW__{key}": value for key, value in settings.items()},
            **self.extra,
        }

    def start(self, seconds: float = 240) -> None:
        """Create the database, start the components and wait for their health.

        Raises `RuntimeError`, with the end of Airflow's own output, where it does not come up.
        """
        airflow = str(self.python.parent / "airflow")
        environment = self.environment()
        if self.password:
            passwords = self.home / "passwords.json"
            passwords.write_text(json.dumps({"admin": self.password}), encoding="utf-8")
        self._run([airflow, "db", "migrate"], environment, seconds)
        self.metadata.tune()
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

    def check(self) -> None:
        """Raise `RuntimeError`, with the end of its output, where a component has ended."""
        for process in self.components:
            if not process.alive:
                tail = process.output.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"Airflow's {process.name} has ended:\n{tail}")

    def component(self, name: str) -> Process:
        """The component of that name; `StopIteration` where it does not run."""
        return next(process for process in self.components if process.name == name)

    def pause_api(self, seconds: float) -> None:
        """Freeze the API server and its children for a while."""
        server = self.component("api-server")
        server.signal_tree(signal.SIGSTOP)
        time.sleep(seconds)
        server.signal_tree(signal.SIGCONT)

    def _authorization(self) -> str:
        if self.major == 2:
            return "Basic " + base64.b64encode(b"admin:admin").decode()
        if not self._token:
            said = {"username": "admin", "password": self.password}
            request = Request(
                f"http://127.0.0.1:{self.ports.api}/auth/token",
                data=json.dumps(said).encode() if self.password else None,
                headers={"Content-Type": "application/json"},
            )
            with urlopen(request, timeout=30) as answer:
                self._token = json.loads(answer.read())["access_token"]
        return f"Bearer {self._token}"

    def _create_user(self, airflow: str, environment: Mapping[str, str]) -> None:
        words = "users create -u admin -p admin -r Admin -f A -l B -e admin@example.org"
        self._run([airflow, *words.split()], environment, 180)

    def _run(self, command: list[str], environment: Mapping[str, str], seconds: float) -> None:
        done = subprocess.run(
            command, env=dict(environment), cwd=self.home, timeout=seconds,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")

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
