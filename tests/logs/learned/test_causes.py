"""The cause model at run time: the shipped one, and files that must not be used."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dagnosis.errors import RefusedModel
from dagnosis.logs.learned.causes import FILE, CauseModel, cause_model
from dagnosis.logs.learned.features import BITS
from dagnosis.model import FAMILIES
from dagnosis.models import store

SHIPPED = store.SHIPPED / "causes"

# messages of libraries that no cause of dagnosis names
UNSEEN = [
    (
        "acme.client.PortalError: the licence allows 5 exports a day, all are used up",
        "rate_limit_quota",
    ),
    ("portal says: your access token has expired, log in again", "authentication"),
    ("cannot reach the ledger host: connection reset while sending", "network"),
    ("the volume /export is full, nothing more was written", "disk_full"),
    ("column 'amount' holds text where a number was expected", "data_error"),
]


def test_the_shipped_model_reads_what_nobody_described() -> None:
    model = cause_model()
    assert model is not None
    answers = [model.judge(message) for message, _ in UNSEEN]
    right = sum(a is not None and a.family == f for a, (_, f) in zip(answers, UNSEEN, strict=True))
    assert right >= 4


def test_shares_are_a_distribution_over_known_families() -> None:
    model = cause_model()
    assert model is not None
    opinion = model.judge("KeyError: 'total'", "KeyError")
    assert opinion is not None
    assert {family for family, _ in opinion.families} <= set(FAMILIES)
    assert sum(share for _, share in opinion.families) == pytest.approx(1, abs=1e-5)
    assert opinion.confidence == max(share for _, share in opinion.families)
    assert 0 <= opinion.passes <= 1


def test_nothing_said_nothing_judged() -> None:
    model = cause_model()
    assert model is not None
    assert model.judge("") is None
    assert model.judge("--- *** ---") is None


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SHIPPED, tmp_path / "causes")
    content = bytearray((tmp_path / "causes" / FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "causes" / FILE).write_bytes(content)
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    with pytest.raises(RefusedModel, match=FILE):
        cause_model()


def test_foreign_families_are_refused() -> None:
    arrays: dict[str, Any] = {
        "weights": np.zeros((1 << BITS, 3), np.int8),
        "scale": np.ones(3, np.float32),
        "bias": np.zeros(3, np.float32),
        "temperature": np.float32(1),
        "families": np.array(["network", "gremlins"]),
    }
    with pytest.raises(ValueError, match="families"):
        CauseModel.of(arrays)
    with pytest.raises(KeyError):
        CauseModel.of({k: v for k, v in arrays.items() if k != "bias"})
