"""The committed sample of the corpus says what its logs hold."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lab import history, sample
from lab.corpus import matches
from lab.fault import FAMILIES, NONE

FOLDER = Path(sample.__file__).parent / "sample"
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (FOLDER / "index.jsonl").read_text(encoding="utf-8").splitlines()
]


def lines_of(row: dict[str, Any]) -> list[str]:
    content = (FOLDER / row["file"]).read_bytes()
    if row["file"].endswith(".gz"):
        content = gzip.decompress(content)
    text = content.decode("utf-8", errors="surrogateescape")
    return text.removesuffix("\n").split("\n") if text else []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["file"]))
def test_the_evidence_stands_where_the_index_says(row: dict[str, Any]) -> None:
    lines = lines_of(row)
    assert len(lines) == row["n_lines"]
    if row["states"] is None:
        assert row["evidence_line"] is None
        return
    found = list(matches(lines, row["states"]))[:50]
    assert found == row["evidence_lines"]
    assert found[0] == row["evidence_line"]


def test_it_is_small_and_holds_all_of_its_files() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) <= 5_000_000
    assert {f"logs/{file.name}" for file in (FOLDER / "logs").iterdir()} == {
        row["file"] for row in ROWS
    }


def test_it_is_spread_over_families_versions_and_sizes() -> None:
    counts = Counter((row["family"], row["airflow_version"].partition(".")[0]) for row in ROWS)
    assert {family for family, _ in counts} == set(FAMILIES)
    assert {version for _, version in counts} == {"2", "3"}
    assert max(counts.values()) <= max(sample.QUOTA.values())
    assert sum(row["n_lines"] >= 1000 for row in ROWS) >= 10
    assert max(row["n_lines"] for row in ROWS) <= sample.LONGEST


def test_no_machine_shows() -> None:
    for row in ROWS:
        text = "\n".join(lines_of(row))
        assert "/root" not in text, row["file"]
        assert "/home/" not in text, row["file"]
        assert "/work/" not in text, row["file"]


def test_the_history_has_every_try_of_the_index() -> None:
    keys = ("dag_id", "run_id", "task_id", "map_index", "try_number")
    tries = {
        (row["dataset"], *(row[key] for key in keys)): row["airflow_state"]
        for row in history.load(FOLDER / "history.csv")
    }
    for row in ROWS:
        if row["task_id"] != "dag_processor":
            dataset = f"lab-airflow-{row['airflow_version']}"
            key = (dataset, *(str(row[key]) for key in keys))
            assert tries[key] == row["state"], row["file"]


def row_of(name: str, family: str = "network", version: str = "3.3.2", **more: Any) -> Any:
    return {
        "file": f"logs/{version}{name}.log", "fault": name, "family": family, "n_lines": 9,
        "airflow_version": version, "cause": "refused", **more,
    }  # fmt: skip


def test_choosing_keeps_to_the_quota_and_takes_one_noisy_log() -> None:
    rows = [row_of(f"fault_{n}") for n in range(20)] + [row_of(f"a{n}_noisy") for n in range(4)]
    chosen = sample.choose(rows)
    assert len(chosen) == sample.QUOTA["3"]
    assert sum(row["fault"].endswith("_noisy") for row in chosen) == 1
    assert sample.choose(list(reversed(rows))) == chosen
    assert sample.choose([]) == []


def test_choosing_leaves_out_what_is_too_long_bundled_or_beside_the_fault() -> None:
    assert sample.choose([row_of("x", n_lines=sample.LONGEST + 1)]) == []
    assert sample.choose([row_of("http_429")]) == []
    beside = row_of("y", NONE, cause="none: a task of the same DAG that did its work")
    assert sample.choose([beside]) == []
