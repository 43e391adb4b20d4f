"""A real Airflow for the tests that need one, started once a session; a home of its own for one that is
imported, not that of whoever runs the tests.

    def test_something(airflow: RealAirflow) -> None:
        run_id = airflow.run("orders")

`DAGNOSIS_TEST_AIRFLOW` names the interpreter of an environment with Airflow 3.3.2,
`DAGNOSIS_TEST_AIRFLOW2` one with 2.11; `.ci/airflow` makes the first where it can, and prints it. Tests
that want an Airflow of their own, with other settings or DAGs, use `started` of `tests.airflow.real`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.airflow.real import DAGS, RealAirflow, environment, free_ports, started
from tests.incidents.conftest import postgres_url as postgres_url

_HOME = tempfile.TemporaryDirectory(prefix="airflow-home-", ignore_cleanup_errors=True)
os.environ.setdefault("AIRFLOW_HOME", _HOME.name)
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "False")
FIRST_PORT = 23_000
collect_ignore = [
    "auth",
    "checked",
    "dags",
    "policies",
    "scheduled",
]  # for Airflow to import, not for pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one Airflow run in one process of pytest-xdist: it is started once."""
    for item in items:
        for name in ("airflow", "airflow2"):
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))


def _airflow(variable: str, port: int) -> Iterator[RealAirflow]:
    python = environment(variable)
    if python is None:
        pytest.skip(f"{variable} names no interpreter with Airflow (.ci/airflow makes one)")
    if not sys.platform.startswith("linux"):
        pytest.skip("the lab's Airflow needs Linux")
    dags = {path.name: path.read_text(encoding="utf-8") for path in sorted(DAGS.glob("*.py"))}
    # PostgreSQL's user must be able to enter: not below pytest's own folder.
    with (
        tempfile.TemporaryDirectory(prefix="airflow", ignore_cleanup_errors=True) as folder,
        started(python, Path(folder), free_ports(port), dags) as airflow,
    ):
        yield airflow


@pytest.fixture(scope="session")
def airflow() -> Iterator[RealAirflow]:
    """Airflow 3.3.2 with the DAGs of `dags/`, none of which has run."""
    yield from _airflow("DAGNOSIS_TEST_AIRFLOW", FIRST_PORT)


@pytest.fixture(scope="session")
def airflow2() -> Iterator[RealAirflow]:
    """Airflow 2.11 with the same DAGs."""
    yield from _airflow("DAGNOSIS_TEST_AIRFLOW2", FIRST_PORT + 1_000)


@pytest.fixture(scope="session", autouse=True)
def _loaded() -> None:
    """Airflow's own import warns of many things; not of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import airflow.plugins_manager
            import airflow.sdk  # noqa: F401
        except ImportError:
            return


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spool of this test, named as an operator names it."""
    monkeypatch.setenv("AIRFLOW__DAGNOSIS__SPOOL", str(tmp_path / "spool"))
    return tmp_path / "spool"
