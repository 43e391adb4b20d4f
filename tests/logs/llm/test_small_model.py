"""A real small model behind a real server: expect no wit from it, and that nothing breaks."""

from __future__ import annotations

from pathlib import Path

from dagnosis.logs.llm.account import Account
from dagnosis.logs.llm.answer import read
from dagnosis.logs.llm.consult import Consultant, Consultation
from dagnosis.logs.llm.levels import Labeller
from dagnosis.logs.parsing import line_of
from dagnosis.model import FAMILIES
from dagnosis.services.explain import explain_text
from tests.logs.llm.conftest import UNSURE, settings


def test_it_answers_in_form_and_the_answer_is_kept(small_model: str, tmp_path: Path) -> None:
    told: list[Consultation] = []
    chosen = settings(small_model, llm_timeout_seconds=300, llm_answer_tokens=400)
    account = Account(chosen, folder=tmp_path)
    consultant = Consultant(chosen, account, tell=told.append)
    found = explain_text(UNSURE, consultant=consultant)
    assert found.cause in FAMILIES
    assert told[0].tokens > 300
    assert told[0].seconds > 0
    again = explain_text(UNSURE, consultant=consultant)
    assert (again.cause, again.engine, told[1].kept) == (found.cause, found.engine, True)


def test_the_grammar_of_the_server_keeps_the_form(small_model: str, tmp_path: Path) -> None:
    """A window of one line leaves the model room to end its answer."""
    from dagnosis.logs.llm.answer import schema
    from dagnosis.logs.llm.prompt import Prompt

    chosen = settings(small_model, llm_timeout_seconds=300, llm_answer_tokens=900)
    form = schema(())
    form["properties"]["citations"]["maxItems"] = 1
    form["properties"]["fix"]["maxItems"] = 1
    told = Account(chosen, folder=tmp_path).call(Prompt("Name the family.", "1| disk", form, "d"))
    assert read(told.text, ()).family in FAMILIES


def test_it_labels_lines(small_model: str, tmp_path: Path) -> None:
    chosen = settings(small_model, llm_timeout_seconds=300, llm_answer_tokens=300)
    labeller = Labeller(Account(chosen, folder=tmp_path))
    lines = [line_of(1, "cannot connect to the database"), line_of(2, "all rows written")]
    found = [label for _, label in labeller.label(lines)]
    assert {label.level for label in found} <= {"INFO", "WARNING", "ERROR"}
    assert labeller.tokens > 0 or labeller.problem
