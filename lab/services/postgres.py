"""PostgreSQL clusters of our own on loopback, and a small warehouse to break in one of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))

_SCHEMA = """
CREATE ROLE etl LOGIN PASSWORD 'etl-pass-2026' CONNECTION LIMIT 60;
CREATE ROLE reporting LOGIN PASSWORD 'reporting-2026';
CREATE ROLE tiny LOGIN PASSWORD 'tiny-2026' CONNECTION LIMIT 2;
CREATE ROLE analyst LOGIN PASSWORD 'analyst-2026';
ALTER ROLE analyst SET temp_file_limit = '512kB';
ALTER ROLE analyst SET work_mem = '64kB';
CREATE DATABASE dwh OWNER etl;
"""

_TABLES = """
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL UNIQUE, country char(2));
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,
                     amount numeric(8, 2) NOT NULL CHECK (amount >= 0), placed_on date NOT NULL);
CREATE TABLE stock (sku varchar(12) PRIMARY KEY, on_hand smallint NOT NULL);
CREATE TABLE staging_events (id int, payload text, amount text);
INSERT INTO customers VALUES (1, 'a@example.org', 'DE'), (2, 'b@example.org', 'FR');
INSERT INTO orders VALUES (10, 1, 19.90, '2026-11-01'), (11, 2, 5.00, '2026-11-02');
INSERT INTO stock SELECT 'SKU-' || n, n FROM generate_series(1, 50) n;
INSERT INTO staging_events VALUES (1, '{}', '12.50'), (2, '{}', 'n/a');
"""


@dataclass(frozen=True)
class Cluster:
    """One cluster below `folder`, on 127.0.0.1:`port`."""

    port: int
    folder: Path

    def start(self, options: str = "") -> None:
        """Create and start it; `OSError` or `subprocess.SubprocessError` where that fails."""
        self.folder.mkdir(parents=True, exist_ok=True)
        password = self.folder / "password"
        password.write_text("lab\n")
        password.chmod(0o644)
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres:postgres", str(self.folder)], check=True)
        _run("initdb", "-D", self._data, "-U", "postgres", "-A", "scram-sha-256",
             f"--pwfile={password}", "-E", "UTF8", "--locale=C")  # fmt: skip
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
            f"-c fsync=off -c deadlock_timeout=300ms {options}"
        )
        log = str(self.folder / "log")
        try:
            _run("pg_ctl", "-D", self._data, "-o", options, "-w", "-l", log, "start")
        except OSError as error:
            said = Path(log).read_text(errors="replace") if Path(log).exists() else ""
            raise OSError(f"{error}: {said[-1000:]}") from None

    def stop(self) -> None:
        """End it, by the pid that it wrote down."""
        _run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def administer(self, script: str) -> None:
        """Run statements, each ended by `;` and a line's end, as the superuser."""
        for statement in filter(str.strip, script.split(";\n")):
            self.psql("postgres", "postgres", "lab", statement)

    def psql(self, database: str, user: str, password: str, statement: str) -> str:
        """What psql prints for one statement: CSV, times in UTC; `OSError` where it fails."""
        done = subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", database,
             "-v", "ON_ERROR_STOP=1", "-q", "-X", "--csv", "-c", statement],
            check=False, capture_output=True, text=True,
            env={**os.environ, "PGPASSWORD": password, "PGTZ": "UTC"},
        )  # fmt: skip
        if done.returncode:
            raise OSError(f"psql: {done.stderr.strip()}")
        return done.stdout

    @property
    def _data(self) -> str:
        return str(self.folder / "data")


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; it refuses to run as root: become its own user there."""
    command = [f"{_BIN}/{program}", *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120)
    if done.returncode:
        # pg_ctl keeps its output open in the server: only its own words are of use.
        raise OSError(f"{program} ended with {done.returncode}: {done.stderr.strip()}")


def start(port: int, folder: Path) -> Callable[[], None]:
    """Start the cluster of the warehouse; returns what stops it."""
    cluster = Cluster(port, folder)
    cluster.start("-c max_connections=40")
    cluster.administer(_SCHEMA)
    for statement in filter(str.strip, _TABLES.split(";\n")):
        cluster.psql("dwh", "etl", "etl-pass-2026", statement)
    return cluster.stop
