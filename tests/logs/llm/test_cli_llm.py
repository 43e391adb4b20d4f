"""The command line with a language model: streams, exit codes, files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evals.doubles import Server
from tests.logs.llm.conftest import SURE, UNSURE
from tests.logs.llm.test_levels import all_warnings

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    (tmp_path / "unsure.log").write_text(UNSURE)
    (tmp_path / "sure.log").write_text(SURE)
    (tmp_path / "dagnosis.toml").write_text(
        f'[llm]\nprovider = "openai-compatible"\nmodel = "double"\nbase_url = "{server.url}"\n'
        "timeout_seconds = 60\n"
    )
    folders = {"XDG_STATE_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from dagnosis.cli import main; main()", *arguments],
            cwd=tmp_path,
            env={**os.environ, **folders, "PYTHONPATH": str(Path("src").resolve())},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_explain(run: Run, server: Server) -> None:
    assert json.loads(run("explain", "unsure.log", "--json").stdout)["engine"] == "rules"
    assert server.requests == []
    ran = run("explain", "unsure.log", "--llm", "--json")
    assert (ran.returncode, json.loads(ran.stdout)["engine"]) == (1, "llm")
    assert "asked double at 127.0.0.1" in ran.stderr
    assert "960 tokens" in ran.stderr
    kept = run("explain", "unsure.log", "--llm", "--json")
    assert json.loads(kept.stdout)["engine"] == "llm"
    assert "a kept answer" in kept.stderr
    assert "not asked: the local answer is sure" in run("explain", "sure.log", "--llm").stderr
    assert len(server.requests) == 1


def test_lines_and_distilling(run: Run, server: Server, tmp_path: Path) -> None:
    server.double = all_warnings
    (tmp_path / "messages.txt").write_text("gantry 4 lost its lease\ngantry 7 lost its lease\n")
    ran = run("lines", "messages.txt", "--messages", "--engine", "llm", "--distill", "out.tsv")
    assert ran.stdout.split() == ["WARNING", "WARNING"]
    assert (tmp_path / "out.tsv").read_text() == "gantry <num> lost its lease\tWARNING\t0.95\n"


def test_doctor(run: Run, server: Server) -> None:
    assert "not asked" in run("doctor").stdout
    assert server.requests == []
    assert "answered in" in run("doctor", "--llm").stdout


def test_wrong_use(run: Run, tmp_path: Path) -> None:
    assert run("lines", "sure.log", "--distill", "x").returncode == 2
    (tmp_path / "dagnosis.toml").write_text("")
    ran = run("explain", "sure.log", "--llm")
    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "llm_provider" in ran.stderr
