"""Families -> the retry categories of Airflow's common-ai provider, so that both can be used together."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dagnosis.model import Transience

CATEGORIES = ("rate_limit", "auth", "network", "data", "resource", "transient", "permanent")


@cache
def table() -> dict[str, tuple[str, str]]:
    """Family -> (category when it may pass by itself, category when it stays)."""
    text = Path(__file__).with_suffix(".tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and line[0] != "#")
    return {family: (passing, lasting) for family, passing, lasting in rows}


def category_of(family: str, transience: Transience) -> str:
    """One of `CATEGORIES`; "" where it is not known whether it passes.

    >>> category_of("authentication", "permanent"), category_of("network", "transient")
    ('auth', 'network')
    >>> category_of("unknown", "unknown")
    ''
    """
    pair = table().get(family)
    if pair is None or transience == "unknown":
        return ""
    return pair[transience == "permanent"]
