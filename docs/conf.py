"""How Sphinx builds the site: `make docs`. The pages are Markdown, to be read as they are, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent

project = "dagnosis"
author = copyright = "The dagnosis developers"  # noqa: A001 - the name that Sphinx reads
extensions = ["myst_parser"]
exclude_patterns = ["build.py", "conf.py", "picture.py"]
html_theme = "furo"
html_title = "dagnosis"
myst_heading_anchors = 4
myst_disable_syntax = ["footnote_ref"]  # [^…] is part of an expression here
suppress_warnings = ["myst.header"]  # pages of causes go from one to three

SECTIONS = {
    "Tutorial": "tutorial",
    "How to": "howto/*",
    "Explanation": "explanation*\nforecasting\nmodels\ndecisions\nsecurity",
    "Operations": "runbooks\ntroubleshooting",
    "Reference": "reference/*",
    "Causes": "causes/*",
}
"""Heading of the navigation -> its pages; every other page follows below *More*."""


def _navigation() -> str:
    named = "\n".join(SECTIONS.values()).split()
    every = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    more = sorted(one for one in every - {"index"} if not any(Path(one).match(n) for n in named))
    sections = {**SECTIONS, **({"More": "\n".join(more)} if more else {})}
    return "".join(
        f"\n```{{toctree}}\n:glob:\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"
        for caption, pages in sections.items()
    )


def _read(app: Any, page: str, source: list[str]) -> None:
    """Links to files beside the docs are text in the site; the index carries the navigation."""
    outside = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)]+)\)")
    folder = (DOCS / page).parent

    def replaced(found: re.Match[str]) -> str:
        target = (folder / found[2].partition("#")[0]).resolve()
        inside = target.is_relative_to(DOCS)
        return found[0] if inside else f"{found[1]} (`{target.relative_to(DOCS.parent)}`)"

    source[0] = outside.sub(replaced, source[0])
    if page == "index":
        source[0] += _navigation()


def setup(app: Any) -> dict[str, bool]:
    """Hook into the reading of pages."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
