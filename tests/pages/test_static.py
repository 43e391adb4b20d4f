"""What was vendored is what its list says."""

from __future__ import annotations

import re
from hashlib import sha256
from importlib.resources import files


def test_vendored_files_are_unchanged() -> None:
    folder = files("dagnosis.pages") / "static"
    rows = re.findall(
        r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$",
        (folder / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert {name for name, _ in rows} == {"htmx.min.js", "uplot.min.js", "uplot.min.css"}
    for name, digest in rows:
        assert sha256((folder / name).read_bytes()).hexdigest() == digest
