"""The reference page is what the tables say today."""

from __future__ import annotations

from pathlib import Path

from dagnosis.logs.causes.tables import pages, tables

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "tables.md"


def test_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == pages.page()


def test_every_table_has_its_section() -> None:
    text = pages.page()
    for name in tables().by_name:
        assert f"\n## {name}\n" in text
    assert "`NoSuchKey`" in text
