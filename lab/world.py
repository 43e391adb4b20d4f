"""The world around Airflow: loopback services, mounts and tools that faults need.

`World.environment` tells DAGs where things are, with the variable names that a data team would use.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from lab.processes import Process
from lab.services import cgroup, kubernetes, postgres, web

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Ports:
    """Loopback ports, all derived from the first one."""

    first: int

    @property
    def api(self) -> int:
        """Airflow's API server."""
        return self.first

    @property
    def web(self) -> int:
        """Our HTTP server."""
        return self.first + 10

    @property
    def tls(self) -> int:
        """Our HTTPS server, with a self-signed certificate."""
        return self.first + 11

    @property
    def aws(self) -> int:
        """The moto server."""
        return self.first + 12

    @property
    def ssh(self) -> int:
        """Our SSH server, which refuses."""
        return self.first + 13

    @property
    def cluster(self) -> int:
        """Our part of a Kubernetes API."""
        return self.first + 14

    @property
    def closed(self) -> int:
        """Nobody listens here."""
        return self.first + 19

    @property
    def postgres(self) -> int:
        """The PostgreSQL cluster of the warehouse."""
        return self.first + 32

    @property
    def metadata(self) -> int:
        """The PostgreSQL cluster of Airflow's metadata."""
        return self.first + 33


@dataclass
class World:
    """What surrounds Airflow in one run of the lab; `start` it, `stop` it."""

    folder: Path
    tools: Path
    python: Path
    ports: Ports
    provided: set[str] = field(default_factory=set)
    _stops: ExitStack = field(default_factory=ExitStack)

    @property
    def _group(self) -> cgroup.Group:
        return cgroup.Group(f"batch_{self.ports.first}")

    def start(self, needed: set[str]) -> None:
        """Start what `needed` names and this machine can give; `provided` tells what came up."""
        makers: dict[str, Callable[[], None]] = {
            "web": self._web,
            "postgres": self._postgres,
            "aws": self._moto,
            "ssh": self._ssh,
            "mounts": self._mounts,
            "kubernetes": self._kubernetes,
            "cgroup": self._cgroup,
        }
        for name in sorted(needed & set(makers)):
            try:
                makers[name]()
            except (OSError, subprocess.SubprocessError) as error:
                print(f"no {name}: {error}", file=sys.stderr)
                continue
            self.provided.add(name)
        self.provided |= {name for name in needed - set(makers) if self._has_tool(name)}

    def stop(self) -> None:
        """End all services, the latest first."""
        self._stops.close()

    def environment(self, base: Path) -> dict[str, str]:
        """Environment variables for Airflow's components; `base` is AIRFLOW_HOME."""
        dsn = f"127.0.0.1:{self.ports.postgres}/dwh"
        return {
            "JOBS_DIR": str(base / "jobs"),
            "SCRATCH_DIR": str(self.folder / "scratch"),
            "ARCHIVE_DIR": str(self.folder / "archive"),
            "SPOOL_DIR": str(self.folder / "spool"),
            "BATCH_CLUSTER": f"http://127.0.0.1:{self.ports.cluster}",
            "BATCH_CGROUP": str(self._group.folder),
            "LANDING_DIR": str(self.folder / "landing"),
            "PARTNER_URL": f"http://127.0.0.1:{self.ports.web}",
            "PARTNER_TLS_URL": f"https://localhost:{self.ports.tls}",
            "PARTNER_CA_FILE": str(self.folder / "self.crt"),
            "PARTNER_SSH_PORT": str(self.ports.ssh),
            "CLOSED_PORT": str(self.ports.closed),
            "S3_ENDPOINT": f"http://127.0.0.1:{self.ports.aws}",
            "AWS_FAKE_ENDPOINT": f"http://127.0.0.1:{self.ports.web}/aws",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "DWH_PORT": str(self.ports.postgres),
            "DWH_DSN": f"postgresql://etl:etl-pass-2026@{dsn}",
            "DBT_BIN": str(self.tools / "dbt/bin/dbt"),
            "SPARK_PYTHON": str(self.tools / "spark/bin/python"),
            "AIRFLOW_CONN_DWH": f"postgres://etl:etl-pass-2026@{dsn}",
            "AIRFLOW_CONN_DWH_REPORTING": f"postgres://reporting:reporting-2026@{dsn}",
            "AIRFLOW_CONN_DWH_OLD_PASSWORD": f"postgres://etl:summer-2025@{dsn}",
            "AIRFLOW_CONN_PARTNER_API": f"http://127.0.0.1:{self.ports.web}",
            "AIRFLOW_CONN_PARTNER_GONE": f"http://127.0.0.1:{self.ports.closed}",
            "AIRFLOW_CONN_FS_INBOX": "fs://",
            "AIRFLOW_VAR_EXPORT_BATCH": "500",
        }

    def _has_tool(self, name: str) -> bool:
        places = {
            "dbt": self.tools / "dbt/bin/dbt",
            "spark": self.tools / "spark/bin/spark-submit",
        }
        if name == "root":
            return os.geteuid() == 0
        if name in places:
            return places[name].exists()
        return shutil.which(name) is not None

    def _web(self) -> None:
        self._stops.callback(web.start(self.ports.web))
        self._stops.callback(web.start_tls(self.ports.tls, self.folder))

    def _postgres(self) -> None:
        self._stops.callback(postgres.start(self.ports.postgres, self.folder / "postgres"))

    def _moto(self) -> None:
        command = [str(self.tools / "moto/bin/moto_server"), "-H", "127.0.0.1"]
        command += ["-p", str(self.ports.aws)]
        self._stops.callback(Process.start("moto", command, dict(os.environ), self.folder).stop)
        _wait_until_open(f"http://127.0.0.1:{self.ports.aws}/moto-api/")

    def _kubernetes(self) -> None:
        self._stops.callback(kubernetes.start(self.ports.cluster))

    def _cgroup(self) -> None:
        self._stops.callback(self._group.start(120 * 2**20))

    def _ssh(self) -> None:
        command = [str(self.python), "-m", "lab.services.ssh", str(self.ports.ssh)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        self._stops.callback(Process.start("ssh", command, environment, self.folder).stop)

    def _mounts(self) -> None:
        disks = {
            "scratch": "size=384k",
            "archive": "size=64k,ro",
            "spool": "size=1m,nr_inodes=24",
        }
        for name, options in disks.items():
            place = self.folder / name
            place.mkdir(exist_ok=True)
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],
                check=True, capture_output=True,
            )  # fmt: skip
            self._stops.callback(subprocess.run, ["umount", "-l", str(place)], check=False)


def _wait_until_open(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
