"""`dagnosis serve`, `token` and `demo` as their user runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "dagnosis"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Settings that touch nothing of the user's."""
    own = {
        "DAGNOSIS_STORE": tmp_path / "store.db",
        "DAGNOSIS_PROFILES": tmp_path / "profiles.db",
        "DAGNOSIS_TOKENS": tmp_path / "tokens.json",
        "DAGNOSIS_RUNS": tmp_path / "runs.parquet",
    }
    return {**os.environ, **{key: str(value) for key, value in own.items()}}


def run(home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], env=home, capture_output=True, text=True, timeout=120)


def test_tokens_are_made_listed_and_revoked(home: dict[str, str]) -> None:
    made = run(home, "token", "create", "anna", "--scope", "write")
    assert made.stdout.startswith("dagnosis_")
    listed = run(home, "token", "list")
    assert listed.stdout.split()[:2] == ["anna", "write"]
    assert made.stdout.strip() not in listed.stdout
    assert run(home, "token", "revoke", "anna").returncode == 0
    again = run(home, "token", "revoke", "anna")
    assert (again.returncode, again.stderr) == (
        2,
        "dagnosis: no token 'anna'; dagnosis token list shows them\n",
    )


@pytest.mark.parametrize("words", [["--host", "0.0.0.0"], ["--auth"]])
def test_it_is_refused_where_anybody_could_come_in(home: dict[str, str], words: list[str]) -> None:
    found = run(home, "serve", "--port", "0", *words)
    assert found.returncode == 2
    assert "dagnosis token create" in found.stderr


@pytest.fixture
def serving(home: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and its address."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0"], env=home, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    said = process.stderr.readline()
    assert said.startswith("dagnosis: pages on http://127.0.0.1:"), said
    yield process, said.split()[-1]
    process.kill()
    process.wait()
    process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_when_it_is_told_to(
    serving: tuple[subprocess.Popen[str], str], number: signal.Signals
) -> None:
    process, address = serving
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert "Nothing is broken." in answer.read().decode()
    with urllib.request.urlopen(f"{address}metrics", timeout=60) as answer:
        assert b"dagnosis_build_info" in answer.read()
    process.send_signal(number)
    assert process.wait(30) in (0, -number)
    assert process.stderr
    assert "Traceback" not in process.stderr.read()
