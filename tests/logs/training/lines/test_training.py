"""Training: what is learned, kept apart, exported, and the same again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from dagnosis.errors import RefusedModel
from dagnosis.logs.learned.lines import LineModel, Message
from dagnosis.logs.training.lines.corpus import OUTPUTS, RELATIVES, examples, folds, macro_f1
from dagnosis.logs.training.lines.fitting import Trained, fit
from dagnosis.logs.training.lines.judging import head_of
from dagnosis.logs.training.lines.network import Baseline
from dagnosis.logs.training.lines.recipe import BASELINE, Recipe
from dagnosis.logs.training.lines.statements import FOREIGN, write
from dagnosis.logs.training.lines.train import difference, export
from dagnosis.logs.training.lines.validation import cross_validate
from dagnosis.models import manifest
from tests.logs.training.lines.conftest import TINY
from tests.logs.training.lines.generated import corpus

SMALL = msgspec.structs.replace(Recipe(), **TINY)
MESSAGES = [Message("failed to open table: 7"), Message("x"), Message(""), Message("starting task")]


def test_the_baseline_reads_the_last_hidden_state_of_each_message() -> None:
    torch.manual_seed(0)
    network = Baseline(50, 8, 16).eval()
    ids = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0], [9, 0, 0, 0]])
    lengths = torch.tensor([4, 2, 1])
    together = network(ids, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = network(ids[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(together[row], alone[0])
    assert not torch.allclose(together[0], together[1])


@pytest.mark.parametrize("strict", [False, True])
def test_folds_share_no_system(strict: bool) -> None:
    rows = [row._replace(system=s) for row in corpus(1) for s in ("nova", "heat", "a", "b", "c")]
    where = folds(rows, 3, strict)
    for system in {row.system for row in rows}:
        assert (
            len({int(f) for row, f in zip(rows, where, strict=True) if row.system == system}) == 1
        )
    family = {int(f) for r, f in zip(rows, where, strict=True) if r.system in RELATIVES[0]}
    assert len(family) == (1 if strict else 2)


def test_a_text_of_many_systems_counts_once() -> None:
    (row,) = corpus(1)[:1]
    twice = [row, row._replace(system="other", level="error", label="ERROR")]
    (one,) = examples(twice)
    assert one.shares == tuple(0.5 if name in ("debug", "error") else 0.0 for name in OUTPUTS)


def test_other_languages_are_learned_and_judge_nothing() -> None:
    own = corpus(2)
    others = [row._replace(system=f"{FOREIGN}a", text=f"{row.text} there") for row in own[:40]]
    where = folds([*own, *others], 2)
    assert set(where[: len(own)].tolist()) == {0, 1}
    assert set(where[len(own) :].tolist()) == {-1}
    judged = cross_validate([*own, *others], SMALL, where=where)
    assert judged.rows == own


@pytest.mark.parametrize("recipe", [SMALL, msgspec.structs.replace(BASELINE, epochs=1, hidden=8)])
def test_onnx_gives_what_torch_gives(tmp_path: Path, recipe: Recipe) -> None:
    rows = corpus(2)
    judged = cross_validate(rows, recipe, where=folds(rows, 2))
    *_, trained = fit(examples(rows), recipe, None)
    assert isinstance(trained, Trained)
    export(trained, head_of(judged, recipe.tokens, recipe.model == "default"), tmp_path)
    assert difference(trained, tmp_path, MESSAGES) < 1e-4


def test_it_learns_what_stands_in_the_corpus(tiny: Path) -> None:
    figures = manifest.read(tiny).figures
    assert figures["macro_f1"] > 0.9
    assert figures["systems"] == 4
    model = LineModel(tiny)
    levels = [level for level, *_ in model.levels(MESSAGES, ["INFO"] * len(MESSAGES))]
    assert levels[0] == "ERROR"
    assert levels[3] == "INFO"


def test_the_same_seed_gives_the_same_weights() -> None:
    learned = examples(corpus(1))
    (*_, one), (*_, other) = fit(learned, SMALL, None), fit(learned, SMALL, None)
    for a, b in zip(one.network.parameters(), other.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_damaged_model_is_refused(tiny: Path, tmp_path: Path) -> None:
    for file in ("lines.onnx", "tokenizer.json", "lines.json"):
        folder = tmp_path / file
        folder.mkdir()
        for path in tiny.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / file).write_bytes((folder / file).read_bytes()[:-40])
        with pytest.raises(RefusedModel, match=file):
            manifest.verify(folder, "lines")
        with pytest.raises(RefusedModel):
            LineModel(folder)


def test_macro_f1() -> None:
    true = np.array([0, 0, 1, 2])
    assert macro_f1(true, true) == 1
    assert macro_f1(true, np.array([0, 0, 0, 0])) == pytest.approx(2 * 2 / 6 / 3)
    assert np.isnan(macro_f1(true[:0], true[:0]))


def test_the_command(tmp_path: Path) -> None:
    write(corpus(2), tmp_path / "corpus.tsv.gz")
    command = [
        sys.executable,
        "-m",
        "dagnosis.logs.training.lines",
        str(tmp_path / "corpus.tsv.gz"),
    ]
    command += ["--quick", "--folds", "2", "--out", str(tmp_path / "model")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "macro_f1" in ran.stdout
    assert manifest.verify(tmp_path / "model", "lines").seed == 0


def test_the_eval_leaves_the_systems_of_a_file_out(tmp_path: Path) -> None:
    rows = corpus(6)
    judged = [row for row in rows if row.system < "system-4"]
    write(judged, tmp_path / "judged.tsv.gz")
    write([row for row in rows if row.system >= "system-2"], tmp_path / "corpus.tsv.gz")
    command = [sys.executable, "-m", "evals.severity", "--left-out", "judged.tsv.gz"]
    command += ["--corpus", "corpus.tsv.gz", "--folds", "2"]
    root = Path(__file__).parents[4]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    scores = dict(line.split() for line in ran.stdout.splitlines())
    assert scores.keys() == {"messages", "network", "keyword", "model"}
    assert int(scores["messages"]) == len({(r.system, r.label, r.text) for r in judged})
    assert 0.4 < float(scores["network"]) <= 1
