"""A real small model behind a real server: expect no wit from it, and that nothing breaks."""

from __future__ import annotations

from pathlib import Path

from dagnosis.logs.llm.account import Account
from dagnosis.logs.llm.consult import Consultant, Consultation
from dagnosis.logs.llm.levels import Labeller
from dagnosis.logs.parsing import line_of
from dagnosis.model import FAMILIES
from dagnosis.services.explain import explain_text
from tests.logs.llm.conftest import UNSURE, settings

LONG = 600
"""Seconds: the time it takes a small model where other work takes most of the machine."""


def test_it_is_asked_once_and_the_local_answer_is_safe(small_model: str, tmp_path: Path) -> None:
    told: list[Consultation] = []
    chosen = settings(small_model, llm_timeout_seconds=LONG, llm_answer_tokens=100)
    consultant = Consultant(chosen, Account(chosen, folder=tmp_path), tell=told.append)
    found = explain_text(UNSURE, consultant=consultant)
    assert found.cause in FAMILIES
    assert told[0].tokens > 300
    assert told[0].seconds > 0
    again = explain_text(UNSURE, consultant=consultant)
    assert (again.cause, again.engine, told[1].kept) == (found.cause, found.engine, True)


def test_it_labels_lines(small_model: str, tmp_path: Path) -> None:
    chosen = settings(small_model, llm_timeout_seconds=LONG, llm_answer_tokens=100)
    labeller = Labeller(Account(chosen, folder=tmp_path))
    lines = [line_of(1, "cannot connect to the database"), line_of(2, "all rows written")]
    found = [label for _, label in labeller.label(lines)]
    assert {label.level for label in found} <= {"INFO", "WARNING", "ERROR"}
    assert labeller.tokens > 0
    if not labeller.problem:
        assert {label.source for label in found} >= {"llm"}
