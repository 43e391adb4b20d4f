"""Small tables for tests."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

COUNTRIES = ("DE", "FR", "US")


def day(number: int, rows: int = 300) -> pd.DataFrame:
    """A healthy day of a table whose columns hang together; the same number, the same day."""
    rng = np.random.default_rng(number)
    start = pd.Timestamp("2026-01-01") + pd.Timedelta(days=number)
    which = rng.integers(0, 3, rows)
    price = np.round(rng.gamma(3, 10, rows), 2)
    return pd.DataFrame(
        {
            "id": np.arange(number * 1000, number * 1000 + rows),
            "at": start + pd.to_timedelta(np.sort(rng.integers(0, 86_400, rows)), unit="s"),
            "country": np.array(COUNTRIES)[which],
            "currency": np.array(["EUR", "EUR", "USD"])[which],
            "code": [
                f"{c}-{n:03d}"
                for c, n in zip(np.array(COUNTRIES)[which], rng.integers(0, 50, rows), strict=True)
            ],
            "price": price,
            "tax": np.round(price * 0.19, 4),
        }
    )


def partition(number: int) -> str:
    """The name of that day."""
    return (date(2026, 1, 1) + timedelta(days=number)).isoformat()


def odd() -> pd.DataFrame:
    """Every kind of column with everything that is awkward in it."""
    return pd.DataFrame(
        {
            "whole": [1, -2, 0, 5, 2**53],
            "real": [1.5, float("nan"), 0.0, float("inf"), -3.25],
            "text": ["a", "", None, " padded ", "Ünï-1"],
            "flag": [True, False, True, True, False],
            "at": pd.to_datetime(
                ["2026-01-01 10:00:00.5", None, "1969-12-31", "2026-02-01", "2026-01-01"],
                format="ISO8601",
            ),
            "empty": [float("nan")] * 5,
            "same": [7] * 5,
        }
    )
