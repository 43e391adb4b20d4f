"""How long services ask to be left alone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.waiting import LONGEST, stated_wait, wait_in_words

NOW = datetime(2026, 11, 26, 23, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached for gpt-5. Please try again in 20s.", 20),
        ("Please try again in 6m0s", 360),
        ("try again in 1h2m3s", 3723),
        ("try again in 350ms", 0.35),
        ("Please retry in 34.07s.", 34.07),
        ("Retry after 30 seconds", 30),
        ("Retry your request after 2 minutes", 120),
        ("please wait 5 minutes before the next export", 300),
        ("the quota resets in 2 hours", 7200),
        ("Retry-After: 120", 120),
        ('{"retryDelay": "34s"}', 34),
        ("Too many requests, retry_after=17", 17),
        ("maintenance until 2026-11-27T04:00Z", 5 * 3600),
        ("until 2026-11-27 04:00:00+02:00", 3 * 3600),
        ("We will be back at 02:30 UTC", 3.5 * 3600),
        ("Please retry after 2026-11-26T23:10:00Z", 600),
    ],
)
def test_words(message: str, seconds: float) -> None:
    wait = wait_in_words(message, NOW)
    assert wait is not None
    assert wait.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    "message",
    [
        "read timed out. (read timeout=30)",
        "failed to connect after 30 seconds",
        "gave up: retry 3 of 5",
        "Max retries exceeded, retries=0",
        "waited 30 seconds for a lock",
        "retry after 3 attempts",
        "maintenance until 2026-11-25T04:00Z",
        "until 22:30 UTC",
        "until 25:99 UTC",
        "try again in 9999999 hours",
        "Retry-After: 0",
    ],
)
def test_other_numbers_are_no_waits(message: str) -> None:
    assert wait_in_words(message, NOW) is None


def _boto(headers: dict[str, str]) -> dict[str, Any]:
    return {"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPHeaders": headers}}


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (SimpleNamespace(retry_after=12), 12),
        (SimpleNamespace(retry_after="12.5"), 12.5),
        (SimpleNamespace(retry_after=timedelta(minutes=1)), 60),
        (SimpleNamespace(retry_after=NOW + timedelta(seconds=9)), 9),
        (SimpleNamespace(response=SimpleNamespace(headers={"Retry-After": "40"})), 40),
        (SimpleNamespace(headers={"retry-after": "Thu, 26 Nov 2026 23:02:00 GMT"}), 120),
        (SimpleNamespace(response=SimpleNamespace(headers={"retry-after-ms": "1500"})), 1.5),
        (SimpleNamespace(response=_boto({"retry-after": "3"})), 3),
        (SimpleNamespace(headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW.timestamp()) + 55)}), 55),
        (SimpleNamespace(headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "14"}), 14),
    ],
)  # fmt: skip
def test_exceptions(error: object, seconds: float) -> None:
    wait = stated_wait([ValueError("outer"), error], "", NOW)
    assert wait is not None
    assert wait.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    "error",
    [
        SimpleNamespace(retry_after=None, response=None, headers=None),
        SimpleNamespace(retry_after=True),
        SimpleNamespace(retry_after="soon", headers=[1, 2]),
        SimpleNamespace(retry_after=-3),
        SimpleNamespace(response={"ResponseMetadata": "x"}),
        SimpleNamespace(headers={"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "55"}),
    ],
)
def test_what_states_nothing(error: object) -> None:
    assert stated_wait([error], "", NOW) is None


def test_real_responses() -> None:
    httpx = pytest.importorskip("httpx", reason="httpx is not installed")
    response = httpx.Response(
        429, headers={"Retry-After": "7"}, request=httpx.Request("GET", "http://x")
    )
    with pytest.raises(httpx.HTTPStatusError) as caught:
        response.raise_for_status()
    wait = stated_wait([caught.value], "", NOW)
    assert wait
    assert (wait.seconds, wait.source) == (7, "Retry-After")


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    wait = wait_in_words("try again in " + text, NOW)
    assert wait is None or 0 < wait.seconds <= LONGEST
