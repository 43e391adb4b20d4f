"""Which Airflow a task follows: by settings, by a connection to its API or to its database."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("airflow.sdk", reason="Airflow is not installed")

from dagnosis.airflow.following import SECRET, settings_of, store_of
from dagnosis.errors import WrongUse


def connect(monkeypatch: pytest.MonkeyPatch, name: str, **told: object) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(told))


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SECRET, "")
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", "/srv/logs")


def test_an_airflow_by_its_api(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(
        monkeypatch, "af", conn_type="http", host="airflow", port=8080, schema="https",
        login="reader", password="s3cret",
    )  # fmt: skip
    found = settings_of("af")
    assert (found.airflow_url, found.airflow_user) == ("https://airflow:8080", "reader")
    assert found.airflow_password_env == SECRET
    assert os.environ[SECRET] == "s3cret"
    assert "s3cret" not in repr(found)
    assert found.airflow_logs == ""  # through the API: workers may share no disk


def test_a_token_without_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "af", conn_type="http", host="http://airflow", password="tok")
    found = settings_of("af")
    assert (found.airflow_url, found.airflow_token_env) == ("http://airflow", SECRET)


def test_an_airflow_by_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(
        monkeypatch, "db", conn_type="postgres", host="db", port=5432, schema="airflow",
        login="reader", password="p@ss/word",
    )  # fmt: skip
    found = settings_of("db", "conn://db")
    assert found.airflow_database == "postgresql://reader:p%40ss%2Fword@db:5432/airflow"
    assert found.store == found.airflow_database
    assert found.airflow_logs == "/srv/logs"
    assert "attempt=" in found.airflow_log_template


def test_settings_go_before_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGNOSIS_AIRFLOW_LOGS", "s3://bucket/logs")
    assert settings_of("", "/srv/store.db", logs=True).airflow_logs == "s3://bucket/logs"
    assert settings_of("", "/srv/store.db").store == "/srv/store.db"


def test_remote_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__LOGGING__REMOTE_LOGGING", "True")
    monkeypatch.setenv("AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER", "s3://bucket/logs")
    assert settings_of(logs=True).airflow_logs == "s3://bucket/logs"


def test_what_is_no_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "ftp", conn_type="ftp", host="x")
    with pytest.raises(WrongUse, match="'ftp' is of type 'ftp'"):
        settings_of("ftp")
    with pytest.raises(WrongUse, match="none of postgres"):
        store_of("conn://ftp")
    with pytest.raises(WrongUse, match="no connection 'missing'"):
        settings_of("missing")
    assert store_of("sqlite:////srv/a.db") == "sqlite:////srv/a.db"
