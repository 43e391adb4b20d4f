"""Both databases: every test of the store runs on SQLite and, where it is installed, PostgreSQL."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.store import Store, open_store
from lab.services import postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A cluster of our own on loopback."""
    if not (postgres._BIN / "initdb").exists() and not shutil.which("initdb"):
        pytest.skip("PostgreSQL's server is not installed (apt install postgresql)")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("psycopg is not installed (pip install 'dagnosis[postgres]')")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # not below pytest's folder, which nobody else may enter: the server runs as its own user
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        stop = postgres.start(port, folder / "pg")
        yield f"postgresql://postgres:lab@127.0.0.1:{port}/postgres"
        stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The setting `store` of an empty store."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    url: str = request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url.replace("://", "+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url


@pytest.fixture
def store(setting: str) -> Iterator[Store]:
    with open_store(setting) as opened:
        yield opened


@pytest.fixture
def incidents(setting: str) -> Iterator[Incidents]:
    with open_incidents(setting) as opened:
        yield opened


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Incidents, Incidents]]:
    """Two stores that are emptied instead of made anew: making one takes longer than an example."""
    folder = tmp_path_factory.mktemp("two")
    with open_incidents(f"{folder}/1.db") as first, open_incidents(f"{folder}/2.db") as second:
        yield first, second
