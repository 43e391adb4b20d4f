"""The builder of the corpus: what it reads, and what it refuses."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.training.lines.statements import (
    MEASURING,
    calls,
    is_measuring,
    packages,
    read,
    statements,
    write,
)

HERE = Path(__file__).parent


def wheel(folder: Path, name: str, licence: str, files: dict[str, str]) -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence}\n"
        archive.writestr(f"{name}-1.0.dist-info/METADATA", metadata)
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def test_golden_calls() -> None:
    found = calls((HERE / "calls.py.txt").read_text("utf-8"))
    assert ["\t".join(call) for call in found] == (HERE / "calls.tsv").read_text("utf-8").split(
        "\n"
    )[:-1]


@given(st.text(max_size=200))
def test_any_text_is_read(source: str) -> None:
    for call in calls(source):
        assert "\n" not in call.text
        assert "\t" not in call.text


@pytest.mark.parametrize(
    "licence",
    [
        "License-Expression: Apache-2.0",
        "License: MIT",
        "Classifier: License :: OSI Approved :: BSD License",
        "License-Expression: BSD-3-Clause",
    ],
)
def test_open_packages_are_read(tmp_path: Path, licence: str) -> None:
    files = {"tool/run.py": "log.error('cannot run %s', x)\nlog.error('cannot run %s', y)"}
    (row,) = statements(wheel(tmp_path, "tool", licence, files))
    assert row[:5] == ("tool", "error", "ERROR", 2, "cannot run <*>")
    assert row.logger == "tool.run"


@pytest.mark.parametrize(
    "licence",
    [
        "License-Expression: GPL-3.0-only",
        "License: Business Source License 1.1",
        "License-Expression: MIT OR AGPL-3.0",
        "Classifier: License :: OSI Approved :: GNU Lesser General Public License (LGPL)",
        "Summary: says nothing",
    ],
)
def test_other_licences_are_refused(tmp_path: Path, licence: str) -> None:
    with pytest.raises(WrongUse, match="licence"):
        statements(wheel(tmp_path, "tool", licence, {}))


def test_systems_that_measure_are_refused(tmp_path: Path) -> None:
    for name in ("apache_airflow_core", "dbt_core", "Cinder", "celery"):
        with pytest.raises(WrongUse, match="measures"):
            statements(wheel(tmp_path, name, "License: MIT", {}))
    corpus = tmp_path / "corpus.tsv"
    corpus.write_text("prefect\tinfo\tINFO\t1\tStarting\n", "utf-8")
    with pytest.raises(WrongUse, match=r"row 1: prefect"):
        read(corpus)
    assert not any(map(is_measuring, packages()))
    assert all(name == name.lower() for name in MEASURING)


def test_foreign_and_test_code_is_passed_over(tmp_path: Path) -> None:
    call = "log.error('cannot run')"
    files = dict.fromkeys(
        ("tool/_vendor/a.py", "tool/tests/b.py", "tool/test_c.py", "celery/d.py", "tool/e.txt"),
        call,
    )
    assert statements(wheel(tmp_path, "tool", "License: MIT", files)) == []


def test_a_corpus_survives_the_disk(tmp_path: Path) -> None:
    rows = statements(wheel(tmp_path, "tool", "License: MIT", {"tool/a.py": "log.info('é %s', x)"}))
    write(rows, tmp_path / "a.tsv.gz")
    write(rows, tmp_path / "b.tsv.gz")
    assert read(tmp_path / "a.tsv.gz") == rows
    assert (tmp_path / "a.tsv.gz").read_bytes() == (tmp_path / "b.tsv.gz").read_bytes()


def test_bad_rows_and_archives_are_named(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.tsv.gz"
    corpus.write_bytes(gzip.compress(b"tool\tinfo\tERROR\t1\ttext\n"))
    with pytest.raises(UnreadableInput, match="row 1"):
        read(corpus)
    broken = tmp_path / "tool-1.0-py3-none-any.whl"
    broken.write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(UnreadableInput, match="wheel or sdist"):
        statements(broken)
