"""The data are sound: as many rows as promised, distinct, and every stated part is really there."""

from __future__ import annotations

from collections import Counter

import pytest

from dagnosis.model import FAMILIES

from . import (
    HERE,
    Pair,
    different_failures,
    harmless,
    messages,
    same_failures,
    secrets,
    shells,
)
from .make_secrets import rows


def test_secrets_stand_in_their_texts() -> None:
    planted = secrets()
    forms = Counter(row.kind for row in planted)
    assert len(forms) >= 60
    assert min(forms.values()) >= 4
    assert len({row.text for row in planted}) == len(planted) >= 300
    for row in planted:
        assert row.secrets, row.kind
        assert all(len(s) >= 5 and s in row.text for s in row.secrets), row.kind


def test_secrets_are_what_the_script_writes() -> None:
    written = (HERE / "secrets.jsonl").read_text(encoding="utf-8")
    assert written == "\n".join(rows()) + "\n"


def test_harmless_lines_are_distinct() -> None:
    lines = harmless()
    assert len(set(lines)) == len(lines) >= 3000
    assert all(line.strip() for line in lines)


@pytest.mark.parametrize(
    "pairs", [same_failures(), different_failures()], ids=["same", "different"]
)
def test_pairs_differ_and_say_why(pairs: list[Pair]) -> None:
    assert len(pairs) >= 120
    assert len({pair.why for pair in pairs}) == len(pairs)
    assert all(pair.a != pair.b for pair in pairs)
    assert all(3 <= len(log.splitlines()) <= 50 for pair in pairs for log in (pair.a, pair.b))


def test_messages_cover_every_family() -> None:
    found = messages()
    assert len({message.text for message in found}) == len(found)
    assert {message.transience for message in found} == {"transient", "permanent", "unknown"}
    accepted = {family for message in found for family in message.families}
    assert accepted == set(FAMILIES) - {"unknown"}
    assert sum(not message.families for message in found) >= 120


def test_shells_hold_the_line_that_states_the_cause() -> None:
    logs = shells()
    assert len({log.text for log in logs}) == len(logs) >= 60
    for log in logs:
        assert log.family in FAMILIES
        assert any(log.states in line for line in log.text.split("\n")), log.states
