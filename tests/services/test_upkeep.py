"""What schedules do now and then, and what they say of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from dagnosis.errors import ServiceUnreachable, UnreadableInput
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.services.health import checks, said
from dagnosis.services.outlook import kept
from dagnosis.services.upkeep import judge_forecast, learn_causes, learn_forecast
from dagnosis.settings import Settings
from tests.forecast.making import events
from tests.forecast.test_features import table_of


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[Incidents]:
    with open_incidents(str(tmp_path / "store.db")) as opened:
        yield opened


def settings(folder: Path, **more: object) -> Settings:
    return Settings(
        store=str(folder / "store.db"), runs=str(folder / "runs.csv"),
        models_dir=str(folder / "models"), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_forecast_is_trained_and_the_risks_are_kept(
    tmp_path: Path, incidents: Incidents
) -> None:
    table_of(events(900, 1), tmp_path / "runs.csv")
    report = learn_forecast(settings(tmp_path), incidents, dry_run=True)
    assert report.runs >= 900
    assert not report.promoted
    status = said(incidents, "retrain")
    assert status is not None
    assert status.last_success is not None
    assert status.counts == {"runs": float(report.runs), "promoted": 0.0}
    assert kept(incidents) is not None
    found = judge_forecast(settings(tmp_path), incidents)
    judged = said(incidents, "forecast")
    assert judged is not None
    assert judged.counts["forecast_window_runs"] == found.windows[-1].runs


def test_too_little_history_is_no_trouble(tmp_path: Path, incidents: Incidents) -> None:
    for do in (learn_forecast, judge_forecast):
        with pytest.raises(UnreadableInput):
            do(settings(tmp_path), incidents)
    assert said(incidents, "retrain") is None
    assert said(incidents, "forecast") is None


def test_an_airflow_that_does_not_answer_is_told(
    tmp_path: Path, incidents: Incidents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "x")
    away = settings(
        tmp_path, airflow_url="http://127.0.0.1:9", airflow_token_env="A_TOKEN",
        airflow_patience_seconds=0,
    )  # fmt: skip
    with pytest.raises(ServiceUnreachable):
        judge_forecast(away, incidents)
    now = datetime.now(timezone.utc)
    (check,) = [one for one in checks(incidents, now) if one.name == "forecast"]
    assert check.grade == "bad"


def test_without_feedback_nothing_is_trained(tmp_path: Path, incidents: Incidents) -> None:
    outcomes, missing = learn_causes(settings(tmp_path))
    assert outcomes or missing
    assert all(outcome.missing and not outcome.promoted for outcome in outcomes)
