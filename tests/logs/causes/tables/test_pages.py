"""The reference page has every table."""

from __future__ import annotations

from dagnosis.logs.causes.tables import pages, tables


def test_every_table_has_its_section() -> None:
    text = pages.page()
    for name in tables().by_name:
        assert f"\n## {name}\n" in text
    assert "`NoSuchKey`" in text
