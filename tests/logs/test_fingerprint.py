"""One failure keeps its fingerprint over runs and places; another failure gets another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.fingerprint import KEPT, fingerprint, normalise
from dagnosis.services.explain import explain_text
from tests.logs.data import Pair, different_failures, same_failures


@pytest.mark.parametrize("pair", same_failures(), ids=lambda pair: pair.why)
def test_same_failure(pair: Pair) -> None:
    one = explain_text(pair.a).fingerprint
    assert one
    assert explain_text(pair.b).fingerprint == one


@pytest.mark.parametrize("pair", different_failures(), ids=lambda pair: pair.why)
def test_different_failures(pair: Pair) -> None:
    assert explain_text(pair.a).fingerprint != explain_text(pair.b).fingerprint


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        ("could not convert string to float: 'n/a'", "could not convert string to float: <value>"),
        (
            'Key (order_id)=(4711) is not present in table "orders".',
            "key (order_id)=(<row>) is not present in table orders.",
        ),
        ("No such file: '/opt/airflow/in/orders.csv'", "no such file: <path>/orders.csv"),
        ("No such file: '/home/x/in/orders_2026-11-22.csv'", "no such file: <path>/orders.csv"),
        ("GET https://api-2.acme.com/v1/orders/77?page=3", "get https api acme com v orders"),
        ("s3://acme-raw/year=2026/orders.csv", "s3 acme-raw orders.csv"),
        ("exit code -9 after 3.2 s", "exit code -9 after <duration>"),
        ("login failed, password=hunter2", "login failed, password=[redacted:password]"),
    ],
)
def test_normal_forms(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_what_stays_different() -> None:
    texts = ["exit code 1", "exit code 2", "HTTP 404", "HTTP 503", "[Errno 2]", "[Errno 13]"]
    assert len({fingerprint(["", text]) for text in texts}) == len(texts)


def test_parts_keep_their_places() -> None:
    assert fingerprint(["a", "b"]) != fingerprint(["ab", ""]) != fingerprint(["", "ab"])


def test_the_number_of_quoted_lines_takes_no_part() -> None:
    log = "Traceback (most recent call last):\n  File \"/d/a.py\", line 3, in load\nKeyError: 'x'\n"
    assert len({explain_text(log, evidence=n).fingerprint for n in (0, 1, 5, 20)}) == 1


def test_no_failure_has_no_fingerprint() -> None:
    assert explain_text("all is well\n").fingerprint == ""


@given(st.lists(st.text(st.characters(codec=None), max_size=200), max_size=4))
def test_any_text_has_one(parts: list[str]) -> None:
    name = fingerprint(parts)
    assert len(name) == 16
    assert name == fingerprint(parts)
    assert all(len(normalise(part)) <= KEPT for part in parts)
