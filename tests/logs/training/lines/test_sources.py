"""The corpus in other languages: which files are read, and which packages are refused."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.training.lines import sources, statements
from dagnosis.logs.training.lines.sources import is_open, licences

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tool

Files: *
Copyright: somebody
License: BSD-3-clause

Files: src/borrowed.c
 src/parts/*
Copyright: somebody else
License: GPL-2+
 The text of it,
 .
 on more lines.

License: BSD-3-clause
 Its text.
"""
CALL = 'void f() { syslog(LOG_ERR, "cannot read %s", x); }'


def package(folder: Path, name: str, files: dict[str, str], copyright_file: str) -> Path:
    """A source package as apt leaves it: a description and two archives."""
    parts = {
        f"{name}_1.0.orig.tar.gz": {f"{name}-1.0/{path}": text for path, text in files.items()},
        f"{name}_1.0-1.debian.tar.gz": {"debian/copyright": copyright_file},
    }
    for archive, held in parts.items():
        with tarfile.open(folder / archive, "w:gz") as tar:
            for path, text in held.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(text.encode())
                tar.addfile(entry, io.BytesIO(text.encode()))
    lines = "".join(f" {'0' * 64} 1 {archive}\n" for archive in parts)
    description = folder / f"{name}_1.0-1.dsc"
    description.write_text(f"Format: 3.0 (quilt)\nSource: {name}\nChecksums-Sha256:\n{lines}")
    return description


def test_open_files_are_read(tmp_path: Path) -> None:
    files = {
        "src/main.c": CALL + CALL,
        "src/borrowed.c": CALL.replace("read", "borrow"),
        "src/parts/a.c": CALL.replace("read", "take"),
        "tests/main.c": CALL.replace("read", "test"),
        "README": CALL.replace("read", "document"),
    }
    (row,) = sources.statements(package(tmp_path, "tool", files, COPYRIGHT))
    assert row[:5] == ("debian-tool", "error", "ERROR", 2, "cannot read <*>")
    assert row.logger == "src.main"


@pytest.mark.parametrize("name", ["zookeeper", "hadoop", "openssh", "luigi", "patroni"])
def test_systems_that_measure_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUse, match="measures"):
        sources.statements(package(tmp_path, name, {"a.c": CALL}, COPYRIGHT))


def test_a_licence_that_only_people_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"tool.*machine-readable"):
        sources.statements(package(tmp_path, "tool", {"a.c": CALL}, "BSD, it says.\n\nFiles: *"))


def test_a_broken_package_is_named(tmp_path: Path) -> None:
    description = package(tmp_path, "tool", {"a.c": CALL}, COPYRIGHT)
    (tmp_path / "tool_1.0.orig.tar.gz").write_bytes(b"no archive")
    with pytest.raises(UnreadableInput, match="tool"):
        sources.statements(description)
    description.write_text("no description")
    with pytest.raises(UnreadableInput):
        sources.statements(description)


@pytest.mark.parametrize(
    ("licence", "is_so"),
    [
        ("Apache-2.0", True),
        ("Expat", True),
        ("BSD-3-Clause and ISC", True),
        ("GPL-2+ or Apache-2.0", True),
        ("BSD-3-clause or GPL-2", True),
        ("Expat and GPL-2+", False),
        ("LGPL-2.1", False),
        ("AGPL-3", False),
        ("CC-BY-SA-4.0", False),
        ("", False),
    ],
)
def test_licences(licence: str, is_so: bool) -> None:
    assert is_open(licence) is is_so


def test_the_last_stanza_wins() -> None:
    known = licences(COPYRIGHT)
    assert [known.of(name) for name in ("a.c", "src/borrowed.c", "src/parts/b/c.c")] == [
        "BSD-3-clause",
        "GPL-2+",
        "GPL-2+",
    ]


def test_no_system_drowns_the_others() -> None:
    rows = [
        statements.Statement(s, "info", "INFO", 1, f"text {n}", "", "")
        for s in "ab"
        for n in range(50)
    ]
    some = sources.capped(rows, 20)
    assert [row.system for row in some] == ["a"] * 20 + ["b"] * 20
    assert some == sorted(some)
    assert sources.capped(rows[::-1], 20)[20:] == some[:20]
    assert sources.capped(rows, 100) == sorted(rows)


def test_the_list_holds_no_system_that_measures() -> None:
    names = sources.packages()
    assert len(names) == len(set(names)) > 50
    assert not [n for n in names if statements.is_measuring(n) or n.startswith(sources.LOGHUB)]


def test_the_command_writes_a_corpus(tmp_path: Path) -> None:
    package(tmp_path, "tool", {"a.c": CALL}, COPYRIGHT)
    package(tmp_path, "zookeeper", {"a.c": CALL}, COPYRIGHT)
    out = tmp_path / "sources.tsv.gz"
    module = [sys.executable, "-m", "dagnosis.logs.training.lines.sources"]
    done = subprocess.run(
        [*module, "--archives", str(tmp_path), "--out", str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1 statements of 1 systems\n"
    assert "zookeeper" in done.stderr
    assert [row.text for row in statements.read(out)] == ["cannot read <*>"]
