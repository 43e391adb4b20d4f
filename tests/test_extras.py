"""Without the extra `learn` (scikit-learn, scipy, skops): what works all the same, what says how to install."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dagnosis import extras
from dagnosis.errors import MissingExtra
from dagnosis.services.forecast_training import train
from tests.data import tables
from tests.forecast.making import events
from tests.forecast.test_features import table_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REFUSED = ("sklearn", "scipy", "skops", "joblib", "narwhals")
INSTALL = "pip install 'dagnosis[learn]'"
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({REFUSED!r})); from dagnosis.cli import main; main()"
"""A module that is None in sys.modules cannot be imported, nor be found."""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MODELS_DIR", "STORE", "PROFILES", "RUNS"):
        monkeypatch.setenv(f"DAGNOSIS_{name}", str(tmp_path / name.lower()))


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "runs.csv"
    table_of(events(900, 1), path)
    return path


def test_the_refusal_refuses() -> None:
    for name in REFUSED:
        code = WITHOUT.partition("; from")[0] + f"; import {name}"
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert b"ModuleNotFoundError" in ran.stderr


def test_the_base_does_not_ask_for_them() -> None:
    about = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    given = about["project"]["dependencies"]
    names = {re.split(r"[^\w.-]", line)[0].lower() for line in given}
    assert "numpy" in names
    assert not names & {"scikit-learn", "scipy", "skops", "joblib"}


def test_logs_are_explained_as_with_them(tmp_path: Path) -> None:
    log = tmp_path / "attempt=1.log"
    log.write_text("INFO start\npsycopg2.OperationalError: could not connect to server: refused\n")
    ran = run("explain", log, "--json")
    assert (ran.returncode, ran.stderr) == (1, "")
    whole = json.loads(
        subprocess.run(
            [
                sys.executable,
                "-c",
                "from dagnosis.cli import main; main()",
                "explain",
                log,
                "--json",
            ],
            capture_output=True,
            check=False,
        ).stdout
    )
    assert {**json.loads(ran.stdout), "elapsed_ms": 0} == {**whole, "elapsed_ms": 0}
    ran = run("lines", log, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count('"level"') >= 2


def test_the_demo_says_nothing_of_it() -> None:
    ran = run("demo", "--no-serve")
    assert ran.returncode == 0
    assert "learn]" not in ran.stdout + ran.stderr
    assert "missing" not in ran.stderr


def test_a_batch_is_judged_and_the_gap_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "landed"
    folder.mkdir()
    for number in range(11):
        frame = tables.day(number)
        if number == 10:
            frame = frame.drop(columns=["tax"])
        frame.to_parquet(folder / f"{tables.partition(number)}.parquet")
    last = folder / f"{tables.partition(10)}.parquet"
    ran = run("check", last, "--history", folder, "--json")
    assert ran.returncode == 1
    answer = json.loads(ran.stdout)
    assert answer["blamed"][0]["column"] == "tax"
    assert answer["outliers"] == []
    assert any(INSTALL in gap for gap in answer["gaps"])
    ran = run("check", folder / f"{tables.partition(9)}.parquet", "--history", folder)
    assert ran.returncode == 0
    assert INSTALL in ran.stdout


def test_a_batch_too_small_for_outliers_lacks_nothing(tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    small.write_text("a,b\n1,2\n3,4\n")
    assert "learn]" not in run("check", small, "--json").stdout


def test_the_prior_forecasts(runs: Path, tmp_path: Path) -> None:
    ran = run("forecast", "score", runs, "--json")
    assert ran.returncode in (0, 1)
    answer = json.loads(ran.stdout)
    assert answer["model"] == "shipped prior"
    assert answer["risks"]
    out = tmp_path / "out.csv"
    ran = run("forecast", "replay", runs, "--out", out, "--json")
    assert ran.returncode == 0
    assert len(out.read_text().splitlines()) == 901
    done = json.loads(ran.stdout)
    assert done["fits"] > 1
    assert [line for line in done["troubles"] if "forest-history" in line and INSTALL in line]
    ran = run("forecast", "replay", runs, "--out", out, "--model", "logistic", "--json")
    assert json.loads(ran.stdout)["troubles"] == []


def test_a_trained_forest_gives_way_to_the_prior(runs: Path, tmp_path: Path) -> None:
    version = train(runs, tmp_path / "models_dir").version
    assert version
    ran = run("forecast", "score", runs, "--json")
    assert json.loads(ran.stdout)["model"] == "shipped prior"
    assert ran.stderr.count(INSTALL) == 1
    assert version in ran.stderr


@pytest.mark.parametrize(
    "command",
    [
        "forecast train RUNS",
        "forecast evaluate RUNS",
        "forecast drift RUNS",
        "forecast replay RUNS --out OUT --model boosted",
        "forecast replay RUNS --out OUT --model forest-history",
        "forecast replay RUNS --out OUT --model forest",
        "retrain forecast",
    ],
)
def test_what_needs_it_says_so(
    runs: Path, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGNOSIS_RUNS", str(runs))
    given = {"RUNS": runs, "OUT": tmp_path / "out.csv"}
    ran = run(*(given.get(word, word) for word in command.split()))
    assert ran.returncode == 2
    assert INSTALL in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stdout == ""


def test_retraining_all_goes_on_without_the_forecast(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGNOSIS_RUNS", str(runs))
    ran = run("retrain")
    assert ran.returncode == 0
    assert INSTALL in ran.stderr
    assert "causes: not promoted: too few labels" in ran.stdout


def test_the_doctor_lists_it() -> None:
    ran = run("doctor")
    assert ran.returncode == 0, ran.stdout
    assert INSTALL in ran.stdout


def test_rows_as_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagnosis.data.profile.duckdb import DuckDBEngine
    from dagnosis.data.rows import column_scores, outliers

    columns = DuckDBEngine(tables.day(0), ordered=True).rows(1000)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert extras.lacking() == ("scikit-learn",)
    with pytest.raises(MissingExtra, match=re.escape(f"needs scikit-learn; run {INSTALL}")):
        outliers(columns)
    assert column_scores(columns)
