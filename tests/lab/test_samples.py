from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import dagnosis

FOLDER = Path(dagnosis.__file__).parent / "samples"
LOGS = sorted(FOLDER.glob("dag_id=*/run_id=*/task_id=*/attempt=*.log*"))


def rows() -> list[list[str]]:
    """The table of the samples' README, without its head."""
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in table[2:]]


def text_of(dag_id: str, task_id: str) -> str:
    (log,) = FOLDER.glob(f"dag_id={dag_id}/run_id=*/task_id={task_id}/attempt=1.log*")
    content = log.read_bytes()
    return (gzip.decompress(content) if log.suffix == ".gz" else content).decode("utf-8")


def test_they_are_few_and_small() -> None:
    assert 25 <= len(LOGS) <= 32
    assert sum(log.stat().st_size for log in LOGS) <= 1_500_000


def test_the_readme_tells_each_of_them() -> None:
    told = {tuple(row[0].split(", ")) for row in rows()}
    assert told == {(log.parts[-4][7:], log.parts[-2][8:]) for log in LOGS}


def test_they_hold_both_versions_three_successes_and_one_long_log() -> None:
    assert {row[1].split(".")[0] for row in rows()} == {"2", "3"}
    assert [row[2] for row in rows()].count("none") == 3
    assert [log.suffix for log in LOGS].count(".gz") == 1


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_the_line_of_the_readme_is_there(row: list[str]) -> None:
    lines = text_of(*row[0].split(", ")).split("\n")
    assert row[4] == "–" or lines[int(row[4]) - 1]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: str(log.parts[-4]))
def test_no_machine_shows(log: Path) -> None:
    content = log.read_bytes()
    text = gzip.decompress(content) if log.suffix == ".gz" else content
    assert b"/root" not in text
    assert b"/home/" not in text
