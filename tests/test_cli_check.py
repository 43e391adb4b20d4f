"""The commands check and accept, end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dagnosis.cli import app, main
from tests.data import tables


@pytest.fixture
def landed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGNOSIS_PROFILES", str(tmp_path / "profiles.db"))
    folder = tmp_path / "landed"
    folder.mkdir()
    for number in range(10):
        tables.day(number).to_parquet(folder / f"{tables.partition(number)}.parquet")
    (folder / "README").write_text("not a batch")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_beside_a_folder(landed: Path) -> None:
    batch = landed / f"{tables.partition(10)}.parquet"
    tables.day(10).drop(columns=["tax"]).to_parquet(batch)
    ran = run("check", batch, "--history", landed)
    assert ran.exit_code == 1
    assert "the column tax is gone" in ran.stdout
    page = landed / "report.html"
    ran = run("check", batch, "--history", landed, "--json", "--html", page)
    answer = json.loads(ran.stdout)
    assert answer["alarm"] is True
    assert answer["batches"] == 10  # never itself
    assert answer["blamed"][0]["column"] == "tax"
    html = page.read_text("utf-8")
    assert "the column tax is gone" in html
    assert "<script" not in html
    assert "http" not in html
    assert html.count("<svg") >= 1


def test_by_name(landed: Path) -> None:
    for number in range(10):
        ran = run("check", landed / f"{tables.partition(number)}.parquet", "--name", "t")
        assert ran.exit_code == 0, ran.stdout
    batch = landed / f"{tables.partition(10)}.parquet"
    tables.day(10, rows=20).to_parquet(batch)
    assert run("check", batch, "--name", "t").exit_code == 1
    assert "accepted" in run("accept", batch, "--name", "t").stdout


def test_alone(landed: Path) -> None:
    ran = run("check", landed / f"{tables.partition(0)}.parquet")
    assert ran.exit_code == 0
    assert "too few batches" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.parquet"], 3, "no such file"),
        (["none.xyz"], 3, "no such file"),
        (["x.parquet", "--history", "a", "--name", "b"], 2, "not both"),
        (["postgresql://x/y", "--name", "t"], 2, "--table"),
        (["x.parquet", "--name", "t", "--table", "t"], 2, "goes with the URL"),
        (["x.parquet", "--false-alarms", "0"], 2, "false_alarms"),
    ],
)
def test_wrong_use(
    arguments: list[str],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["dagnosis", "check", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == code
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
