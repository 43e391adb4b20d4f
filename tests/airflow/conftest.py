"""Airflow finds a home of its own, not that of whoever runs the tests."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path

import pytest

from tests.incidents.conftest import postgres_url as postgres_url

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-"))
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "False")


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
