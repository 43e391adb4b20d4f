"""Forecasts end to end: replay, train, score, and the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagnosis.cli import app
from dagnosis.errors import DagnosisError, UnreadableInput
from dagnosis.forecast.facts import Fact, keep, place
from dagnosis.forecast.history import Request
from dagnosis.services import drift
from dagnosis.services.forecast import replay
from dagnosis.services.forecast_training import train
from dagnosis.services.retrain import retrain_forecast
from dagnosis.services.score import deadlines, score
from tests.forecast.making import events
from tests.forecast.test_features import table_of


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "runs.csv"
    table_of(events(900, 1), path)
    return path


def test_replay_answers_every_request(runs: Path, tmp_path: Path) -> None:
    done = replay(runs, tmp_path / "out.csv", "prior")
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["run_uid"] for row in rows] == [
        e.uid for e in events(900, 1) if isinstance(e, Request)
    ]
    assert all(0 <= float(row["p_fail"]) <= 1 for row in rows)
    assert done.requests == 900
    assert done.fits > 1
    assert done.troubles == ()


ODD = """kind,time,run_uid,dag_id,state,end_time
outcome,2026-01-01 00:00:00,never,d,failed,2026-01-01 00:00:00
request,2026-01-01 00:00:01,a,d,,
request,2026-01-01 00:00:02,a,d,,
outcome,2026-01-01 00:00:03,a,d,success,2026-01-01 00:00:03
request,2026-01-01 00:00:04,a,d,,
request,2025-01-01 00:00:00,b,d,,
outcome,2026-01-01 00:00:05,b,d,exploded,2026-01-01 00:00:05
"""


def test_a_replay_never_stops_half_way(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text(ODD)
    done = replay(tmp_path / "odd.csv", tmp_path / "out.csv")
    assert (done.requests, done.labelled, done.fits) == (2, 1, 0)
    assert len(done.troubles) == 4
    assert "outcomes without a request are ignored (1 times; first: never)" in done.troubles
    assert any("asked for twice" in line and "2 times" in line for line in done.troubles)
    assert any("run backwards" in line for line in done.troubles)
    assert any("exploded" in line for line in done.troubles)


@pytest.mark.parametrize("label", ["success", "failed"])
def test_a_history_of_one_outcome(tmp_path: Path, label: str) -> None:
    head = "run_uid,dag_id,submit_time,end_time,state\n"
    rows = [
        f"{n},d,2026-01-01 00:{n % 60:02d}:00,2026-01-01 01:00:00,{label}\n" for n in range(120)
    ]
    (tmp_path / "runs.csv").write_text(head + "".join(rows))
    assert replay(tmp_path / "runs.csv", tmp_path / "out.csv").requests == 120
    with pytest.raises(UnreadableInput, match="not enough history"):
        train(tmp_path / "runs.csv", tmp_path / "models")


def test_train_promotes_what_wins_and_score_uses_it(runs: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    before = score(runs, folder=models)
    assert before.model == "shipped prior"
    report = train(runs, models)
    assert report.promoted == (report.why == "")
    assert report.promoted
    after = score(runs, alerts_a_day=2, most=50, folder=models)
    assert report.version in after.model
    chances = [risk.p_fail for risk in after.risks]
    assert chances == sorted(chances, reverse=True)
    assert sum(risk.alert for risk in after.risks) <= 2
    assert all(risk.reasons for risk in after.risks[:3])
    assert {risk.kind for risk in after.risks} <= {"open", "next"}
    again = train(runs, models)
    assert (again.promoted, again.champion) == (False, None)
    assert "too little is new since the model in use was trained: 0 runs" in again.why


def test_a_challenger_must_beat_the_champion_on_what_is_new(tmp_path: Path) -> None:
    path, models = tmp_path / "runs.csv", tmp_path / "models"
    stream = events(2400, 1)
    table_of(stream[: len(stream) * 5 // 8], path)
    first = retrain_forecast(path, folder=models)
    assert first.promoted
    with pytest.raises(UnreadableInput, match="are needed to judge it"):
        drift.watch(path, folder=models)
    table_of(stream, path)
    watched = drift.watch(path, size=100, folder=models)
    assert first.version in watched.model
    assert len(watched.windows) > 3
    plain = drift.metrics(watched)
    assert plain["forecast_window_runs"] == 100
    assert plain["forecast_drifted"] == float(watched.drifted)
    second = retrain_forecast(path, folder=models, dry_run=True)
    assert second.champion is not None
    assert second.candidate_there is not None
    assert (second.why == "") == (
        second.candidate_there > second.champion and second.candidate > second.last_ten
    )
    assert not second.promoted


def test_open_runs_know_their_age_and_their_deadline(tmp_path: Path) -> None:
    """A task that takes a minute, and hangs for an hour when it fails; one run is 20 minutes old."""
    from datetime import datetime, timedelta, timezone

    start, rows = datetime(2026, 1, 1, tzinfo=timezone.utc), []
    for number in range(60):
        asked = start + timedelta(hours=2 * number)
        failed = number % 6 == 5
        end = asked + timedelta(minutes=60 if failed else 1)
        rows.append(f"{number},etl,{asked},{asked},{end},{'failed' if failed else 'success'}")
    asked = start + timedelta(hours=120)
    rows.append(f"open,etl,{asked},{asked},,running")
    rows.append(f"now,other,{asked + timedelta(minutes=20)},,,queued")
    path = tmp_path / "runs.csv"
    path.write_text("run_uid,dag_id,submit_time,start_time,end_time,state\n" + "\n".join(rows))
    found = score(path, folder=tmp_path, deadlines=deadlines(("3h", "etl=90m")))
    old = next(risk for risk in found.risks if risk.dag_id == "etl")
    assert old.p_fail > old.before + 0.2
    assert "it has not ended after 20 minutes" in old.reasons[0].text
    assert old.late
    assert old.late_by is not None
    assert old.late_by[0] >= 19 * 60 - 1
    assert old.p_late is not None
    fresh = next(risk for risk in found.risks if risk.dag_id == "other")
    assert fresh.p_fail == fresh.before


def test_facts_beside_the_runs_are_read(runs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "runs.csv"
    copy.write_bytes(runs.read_bytes())
    plain = score(copy, folder=tmp_path, most=100)
    keep(place(copy), [Fact("change", "dag0", "", 0.0), Fact("finding", "dag1", "", 1e9)])
    # the shipped prior knows no facts: they are read, and change nothing until a model learned them
    assert score(copy, folder=tmp_path, most=100) == plain
    assert replay(copy, tmp_path / "p.csv", "prior").requests == 900
    place(copy).write_text("kind,dag_id,task_id,known_at\nrumour,a,,2026-01-01\n")
    with pytest.raises(UnreadableInput, match="rumour"):
        train(copy, tmp_path)


def test_nothing_to_score(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(
        "run_uid,dag_id,submit_time,end_time,state\na,d,2026-01-01,2026-01-02,success\n"
    )
    with pytest.raises(UnreadableInput, match="no run that is open"):
        score(tmp_path / "runs.csv", folder=tmp_path)


def cli(*arguments: object) -> tuple[int, str, str]:
    ran = CliRunner().invoke(app, ["forecast", *map(str, arguments)])
    if isinstance(ran.exception, DagnosisError):
        return ran.exception.exit_code, ran.stdout, str(ran.exception)
    return ran.exit_code, ran.stdout, ran.stderr


def test_commands_speak_json(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGNOSIS_MODELS_DIR", str(tmp_path))
    code, out, _ = cli("replay", runs, "--out", tmp_path / "p.csv", "--model", "last-10", "--json")
    assert (code, json.loads(out)["requests"]) == (0, 900)
    code, out, _ = cli("score", runs, "--json")
    listed = json.loads(out)
    assert code == int(any(risk["alert"] for risk in listed["risks"]))
    assert listed["risks"][0]["reasons"][0]["text"]
    code, out, _ = cli("drift", runs, "--window", 300, "--json")
    assert code == int(json.loads(out)["drifted"])
    code, out, _ = cli("evaluate", runs, "--json", "--html", tmp_path / "r.html")
    assert (code, json.loads(out)["scores"][0]["model"]) == (0, "blend")
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")


def test_commands_speak_to_people(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGNOSIS_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = cli("train", runs)
    assert (code, "In use" in out) in ((0, True), (1, False))
    assert "by chance" in cli("drift", runs)[1] or code == 0
    assert "in the last" in cli("score", runs)[1] or "↑" in cli("score", runs)[1]
    assert "previous-state" in cli("evaluate", runs)[1]


def test_wrong_use(runs: Path, tmp_path: Path) -> None:
    assert cli("replay", runs, "--out", tmp_path / "p.csv", "--model", "oracle")[0] == 2
    assert cli("replay", tmp_path / "none.csv", "--out", tmp_path / "p.csv")[0] == 3
    assert cli("replay", runs, "--out", tmp_path / "no" / "p.csv", "--model", "prior")[0] == 3
    assert cli("score", runs, "--alerts", "0")[0] == 2
    assert cli("score", runs, "--deadline", "soon")[0] == 2
    assert cli("score", runs, "--signals", tmp_path / "none.jsonl")[0] == 3
    (tmp_path / "s.jsonl").write_text('{"run_uid": "a", "warnings": "many"}\n')
    code, _, says = cli("score", runs, "--signals", tmp_path / "s.jsonl")
    assert (code, "line 1" in says) == (3, True)
    assert cli("pull", "oracle://x/y", tmp_path / "r.parquet")[0] == 2
    assert cli("pull", "sqlite:////none/a.db", tmp_path / "r.parquet")[0] == 4
