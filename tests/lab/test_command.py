"""What `python -m lab` and `python -m lab.environment` say when something is missing."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from lab import __main__ as command
from lab import environment
from lab.runner import Plan, _check, choose, run_id_of


def plan(folder: Path, **changes: object) -> Plan:
    given = {
        "out": folder / "corpus", "work": folder / "work", "tools": folder, "port": 42150,
        "python": folder / "bin/python", "major": 3, "seed": 1, "only": [], **changes,
    }  # fmt: skip
    return Plan(**given)  # type: ignore[arg-type]


def test_a_missing_python_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["lab", "--out", str(tmp_path / "corpus"), "--environment", str(tmp_path / "none")]
    monkeypatch.setattr(sys, "argv", words)
    assert command.main() == 2
    said = capsys.readouterr().err
    assert "there is no Python at" in said
    assert "python -m lab.environment --out DIR" in said
    assert not (tmp_path / "corpus").exists()


def test_a_python_without_airflow_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no Airflow"):
        _check(plan(tmp_path, python=Path("/usr/bin/env").parent / "false"))


def test_an_unknown_fault_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such fault: refusd"):
        choose(plan(tmp_path, only=["refusd", "refused"]))


def fake_python(folder: Path) -> Path:
    file = folder / "python"
    file.write_text("#!/bin/sh\necho 3.3.2\n")
    file.chmod(0o755)
    return file


def test_a_used_folder_and_another_version_are_refused(tmp_path: Path) -> None:
    python = fake_python(tmp_path)
    with pytest.raises(ValueError, match=r"has Airflow 3\.3\.2, not 2"):
        _check(plan(tmp_path, python=python, major=2))
    (tmp_path / "work" / "airflow").mkdir(parents=True)
    with pytest.raises(ValueError, match="has been used already"):
        _check(plan(tmp_path, python=python))


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ValueError, match=f"port {port} is in use"):
            _check(plan(tmp_path, python=fake_python(tmp_path), port=port))


def test_the_seed_decides_the_ids() -> None:
    faults = choose(plan(Path()))
    assert len({run_id_of(fault, 1) for fault in faults}) == len(faults)
    assert run_id_of(faults[0], 1) == run_id_of(faults[0], 1) != run_id_of(faults[0], 2)
    assert run_id_of(faults[0], 1).startswith("manual__2026-")


@pytest.mark.parametrize("name", environment.NAMES)
def test_every_wanted_package_is_pinned(name: str) -> None:
    wanted = (environment.REQUIREMENTS / f"{name}.in").read_text().split()
    pinned = (environment.REQUIREMENTS / f"{name}.txt").read_text().lower()
    for package in wanted:
        bare = package.split("=")[0].split("<")[0].split("[")[0].lower()
        assert f"\n{bare}==" in pinned, package


def test_another_python_cannot_use_the_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "PINNED_FOR", (3, 99))
    monkeypatch.setattr(sys, "argv", ["environment", "--out", str(tmp_path)])
    assert environment.main() == 2
    assert "python3.99 -m lab.environment" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_missing_programs_are_named_by_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    assert "postgresql" in environment.missing_packages()
    monkeypatch.setattr("shutil.which", lambda program: "/usr/bin/x")
    assert environment.missing_packages() == []
