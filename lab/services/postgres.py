"""A PostgreSQL cluster of our own on loopback, with a small warehouse to break."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

_BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))

_SCHEMA = """
CREATE ROLE etl LOGIN PASSWORD 'etl-pass-2026' CONNECTION LIMIT 60;
CREATE ROLE reporting LOGIN PASSWORD 'reporting-2026';
CREATE ROLE tiny LOGIN PASSWORD 'tiny-2026' CONNECTION LIMIT 2;
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


def _as_server_user(*command: str) -> list[str]:
    """PostgreSQL refuses to run as root: become its own user there."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def start(port: int, folder: Path) -> Callable[[], None]:
    """Create and start a cluster in `folder` on 127.0.0.1:`port`; returns what stops it."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "postgres:postgres", str(folder)], check=True)
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            _as_server_user(*command), check=True, capture_output=True, cwd="/", timeout=120
        )

    run(f"{_BIN}/initdb", "-D", str(data), "-U", "postgres", "-A", "scram-sha-256",
        "--pwfile=" + str(_password_file(folder)), "-E", "UTF8", "--locale=C")  # fmt: skip
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
        "-c max_connections=40 -c fsync=off -c deadlock_timeout=300ms"
    )
    run(f"{_BIN}/pg_ctl", "-D", str(data), "-o", options, "-w", "-l", str(folder / "log"), "start")
    _psql(port, "postgres", "postgres", "lab", _SCHEMA)
    _psql(port, "dwh", "etl", "etl-pass-2026", _TABLES)
    return lambda: run(f"{_BIN}/pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def _password_file(folder: Path) -> Path:
    path = folder / "password"
    path.write_text("lab\n")
    path.chmod(0o644)
    return path


def _psql(port: int, database: str, user: str, password: str, script: str) -> None:
    for statement in filter(str.strip, script.split(";\n")):
        subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", database,
             "-v", "ON_ERROR_STOP=1", "-q", "-c", statement],
            check=True, capture_output=True, env={**os.environ, "PGPASSWORD": password},
        )  # fmt: skip
