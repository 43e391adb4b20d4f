"""Databases and stores that the sources read, each of them real; what is not installed is skipped."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lab.services import postgres
from tests.sources.making import SECRET


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a cluster of our own, without a database."""
    if not (postgres._BIN / "initdb").exists() and not shutil.which("initdb"):
        pytest.skip("PostgreSQL's server is not installed (apt install postgresql)")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed (pip install 'dagnosis[postgres]')")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # the server runs as its own user
        port = free_port()
        cluster = postgres.Cluster(port, Path(name) / "pg")
        cluster.start()
        cluster.administer(f"CREATE ROLE airflow SUPERUSER LOGIN PASSWORD '{SECRET}';\n")
        yield f"postgresql://airflow:{SECRET}@127.0.0.1:{port}"
        cluster.stop()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """The URL of a MariaDB server of our own, without a database."""
    if not shutil.which("mariadbd") and not Path("/usr/sbin/mariadbd").exists():
        pytest.skip("MariaDB's server is not installed (apt install mariadb-server)")
    if importlib.util.find_spec("pymysql") is None:
        pytest.skip("PyMySQL is not installed (pip install 'dagnosis[mysql]')")
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        me = "root" if os.geteuid() == 0 else "mysql"
        data = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={me}"]
        install = ["mariadb-install-db", *data, "--auth-root-authentication-method=normal"]
        subprocess.run(install, check=True, capture_output=True)
        # Its anonymous user at localhost would come before one from anywhere.
        user = f"airflow@localhost IDENTIFIED BY '{SECRET}'"
        (folder / "init.sql").write_text(
            f"CREATE USER {user};\nGRANT ALL ON *.* TO airflow@localhost;\n"
        )
        server = subprocess.Popen(
            [
                shutil.which("mariadbd") or "/usr/sbin/mariadbd", *data, f"--port={port}",
                "--bind-address=127.0.0.1", f"--socket={folder / 's'}",
                f"--init-file={folder / 'init.sql'}", f"--pid-file={folder / 'pid'}",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait(port)
            yield f"mysql://airflow:{SECRET}@127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError("MariaDB does not come up")


DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


def new_database(request: pytest.FixtureRequest, backend: str, folder: Path) -> str:
    """The URL of an empty database; skips where there is no such server."""
    if backend == "sqlite":
        return f"sqlite:///{folder / 'airflow.db'}"
    server: str = request.getfixturevalue("mariadb" if backend == "mysql" else "postgresql")
    charset = " CHARACTER SET utf8mb3" if backend == "mysql" else ""  # as Airflow's ids have it
    name = f"metadata_{uuid.uuid4().hex[:8]}"
    admin = writer(f"{server}/{'mysql' if backend == 'mysql' else 'postgres'}")
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{charset}")
    admin.dispose()
    return f"{server}/{name}"


def writer(url: str) -> sa.Engine:
    """An engine that may write."""
    backend = url.partition("://")[0]
    return sa.create_engine(url.replace(backend, DRIVERS.get(backend, backend), 1))


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, object]]:
    """Options for fsspec to reach a moto server with the bucket `logs`."""
    for module in ("moto", "s3fs"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed (pip install s3fs 'moto[s3,server]')")
    from moto.server import ThreadedMotoServer

    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        yield {
            "key": "AKIATEST",
            "secret": SECRET,
            "endpoint_url": f"http://127.0.0.1:{port}",
            "client_kwargs": {"region_name": "eu-central-1"},
        }
    finally:
        server.stop()
