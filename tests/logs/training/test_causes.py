"""Training the cause model, on few examples."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.logs.learned.causes import FILE, CauseModel
from dagnosis.logs.training import causes, examples
from dagnosis.logs.training.examples import Example
from dagnosis.model import FAMILIES
from dagnosis.models import manifest


def _examples() -> list[Example]:
    says = {
        "network": [
            "connection refused by {}",
            "host {} cannot be reached",
            "{} closed the connection",
        ],
        "disk_full": ["no space left on {}", "the disk of {} is full", "{} ran out of disk space"],
        "permission": ["access to {} denied", "{} may not be read by you", "not allowed on {}"],
    }
    return [
        Example(
            text.format(name),
            "",
            family,
            "transient" if family == "network" else "permanent",
            f"{family} {text}",
        )
        for family, texts in says.items()
        for text in texts
        for name in ("db", "bucket", "store", "mart")
    ]


def test_trained_shipped_and_read_back(tmp_path: Path) -> None:
    made = causes.train(_examples(), tmp_path / "model", seed=1)
    assert made == manifest.verify(tmp_path / "model", "causes")
    with np.load(tmp_path / "model" / FILE, allow_pickle=False) as arrays:
        model = CauseModel.of(arrays)
    opinion = model.judge("lake: no disk space left")
    assert opinion is not None
    assert opinion.family == "disk_full"
    assert opinion.transience == "permanent"
    assert "held out" in (tmp_path / "model" / "card.md").read_text("utf-8")


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    one = causes.train(_examples(), tmp_path / "one", seed=2)
    other = causes.train(_examples(), tmp_path / "other", seed=2)
    assert one.files == other.files


def test_int8_says_what_the_weights_say() -> None:
    fitted = causes.fit(_examples())
    model = CauseModel.of(fitted.arrays())
    for example, shares in zip(_examples(), fitted.shares(_examples()), strict=True):
        opinion = model.judge(example.message, example.exception)
        assert opinion is not None
        assert dict(opinion.families)[fitted.families[0]] == pytest.approx(shares[0], abs=0.02)


def test_held_out_logits_come_from_models_without_the_group() -> None:
    # each group states its family in a word that stands nowhere else, so held out it cannot be known
    lonely = [
        Example(f"qzx{number}kw", "", family, "unknown", f"g{number}")
        for number, family in enumerate(["network", "disk_full"] * 10)
    ]
    clear = [
        msgspec.structs.replace(example, transience="permanent" if i % 2 else "transient")
        for i, example in enumerate(lonely)
    ]
    logits, families = causes.held_out(clear, _examples(), 0)
    at = [families.index(example.family) for example in clear]
    assert (logits.argmax(axis=1) == at).mean() < 0.8


def test_one_family_is_too_few() -> None:
    with pytest.raises(WrongUse, match="two families"):
        causes.fit(_examples()[:4])


def test_what_dagnosis_states_covers_every_family() -> None:
    stated = examples.stated()
    assert {example.family for example in stated} >= set(FAMILIES) - {"unknown"}
    assert len(stated) > 5000


def test_no_corpus_here(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"python -m lab"):
        examples.of_corpus(tmp_path)


def test_a_damaged_row_is_named(tmp_path: Path) -> None:
    (tmp_path / "index.jsonl").write_text(json.dumps({"family": "none"}) + '\n{"fam', "utf-8")
    with pytest.raises(UnreadableInput, match="line 2"):
        examples.of_corpus(tmp_path)


def test_temperature_cools_what_is_too_sure() -> None:
    accepted = np.array([[1.0, 0.0], [0.0, 1.0]] * 10)
    wrong_half = np.array([[9.0, 0.0], [9.0, 0.0]] * 10)
    assert causes.temperature_of(wrong_half, accepted) > 5
    right = np.array([[1.0, 0.0], [0.0, 1.0]] * 10)
    assert causes.temperature_of(right, accepted) < 0.5
