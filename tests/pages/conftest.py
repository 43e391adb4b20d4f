"""Stores for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagnosis.pages.stores import Stores
from tests.pages import making


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Stores with a little of everything."""
    found = making.furnished(tmp_path)
    yield found
    making.close(found)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Stores]:
    """Stores of the first day."""
    found = making.stores(tmp_path)
    yield found
    making.close(found)
