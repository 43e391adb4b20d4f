"""Generated pages are fresh, and every page is reachable from the index."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def _pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    return pages


def test_generated_pages_are_fresh() -> None:
    for name, text in _pages().items():
        path = DOCS / name
        assert path.is_file(), f"{name} is missing: run make docs"
        assert path.read_text("utf-8") == text, f"{name} is stale: run make docs"


def test_every_page_is_reachable_from_the_index() -> None:
    seen: set[Path] = set()
    left = [DOCS / "index.md"]
    while left:
        page = left.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = re.findall(r"\]\(([^)#\s]+?)(?:#[^)]*)?\)", page.read_text("utf-8"))
        left += [(page.parent / one).resolve() for one in targets if "://" not in one]
    assert set(DOCS.rglob("*.md")) - seen == set()


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """Sphinx finds broken links, anchors that are none, and pages outside of the navigation."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    pytest.importorskip("myst_parser", reason="the extra docs is not installed")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    ran = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), str(DOCS), str(tmp_path / "site")],
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Runbooks" in (tmp_path / "site" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target} does not exist"
