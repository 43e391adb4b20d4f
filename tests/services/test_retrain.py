"""What wins is promoted, what does not is not, and the model in use outlives every accident."""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from dagnosis.errors import RefusedModelWarning, WrongUse
from dagnosis.incidents.store import open_store
from dagnosis.logs import training
from dagnosis.logs.labels import Label
from dagnosis.logs.training.contract import Evaluation, trainer, trainers
from dagnosis.models import store as models
from dagnosis.services.retrain import retrain, rows
from tests.incidents.making import remembered
from tests.services.trainers.toy import TRAINER, Toy

START = datetime(2026, 11, 1, tzinfo=timezone.utc)
FAMILIES = {
    "network": "the tunnel is closed",
    "data_error": "rows are empty",
    "timeout": "too slow",
}


def labels(count: int, *, first: int = 0, noise: float = 0.0, seed: int = 1) -> list[Label]:
    chosen = random.Random(seed)
    made = []
    for number in range(first, first + count):
        family = chosen.choice(sorted(FAMILIES))
        said = chosen.choice(sorted(FAMILIES)) if chosen.random() < noise else family
        made.append(
            Label(
                id=f"{number:05}",
                fingerprint=f"f{number}",
                dag_id=f"dag{number % 7}",
                detail=f"{said}.x",
                answered="unknown.unknown",
                message=f"{FAMILIES[family]} in part {number}",
                lines="",
                occurred=START + timedelta(hours=number),
            )
        )
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "models"


def in_use(home: Path) -> str | None:
    opened = models.open_model("toy", 1, home)
    return opened.manifest.version if opened else None


def test_a_winner_is_promoted_and_can_be_rolled_back(home: Path) -> None:
    outcome = retrain(TRAINER, labels(80), folder=home)
    assert (outcome.won, outcome.promoted) == (True, True)
    assert in_use(home) == outcome.new_version
    assert outcome.newest
    assert (outcome.newest.items, outcome.newest.old_right) == (24, 0)
    opened = models.open_model("toy", 1, home)
    assert opened
    assert opened.manifest.until == labels(80)[55].occurred  # nothing of the newest slice
    models.rollback("toy", home)
    assert in_use(home) is None


def test_the_same_again_does_not_win(home: Path) -> None:
    first = retrain(TRAINER, labels(80), folder=home)
    again = retrain(TRAINER, labels(160), folder=home)
    assert (again.won, again.promoted) == (False, False)
    assert "no clear win" in again.why
    assert in_use(home) == first.new_version


def test_too_few_labels_say_how_many_are_missing(home: Path) -> None:
    outcome = retrain(TRAINER, labels(12), folder=home)
    assert not outcome.promoted
    assert outcome.missing == 55
    assert "12 are there, at least 55 more are needed" in outcome.why
    assert not home.exists()


def test_a_dry_run_promotes_nothing(home: Path) -> None:
    outcome = retrain(TRAINER, labels(80), folder=home, dry_run=True)
    assert (outcome.won, outcome.promoted) == (True, False)
    assert in_use(home) is None
    assert next(rows(outcome)).startswith("toy: would be promoted")


def test_random_labels_do_not_win(home: Path) -> None:
    retrain(TRAINER, labels(80), folder=home)
    won = sum(
        retrain(TRAINER, labels(160, noise=1.0, seed=seed), folder=home, dry_run=True).won
        for seed in range(12)
    )
    assert won <= 2


class Forgetful(Toy):
    """It learns the new and forgets what was shipped."""

    def evaluate(self, folder: Path | None, labels: object) -> Evaluation:
        if labels is None:
            return Evaluation(tuple(folder is None or n > 5 for n in range(60)))
        return super().evaluate(folder, labels)  # type: ignore[arg-type]


def test_a_loss_on_the_shipped_set_outweighs_a_win(home: Path) -> None:
    outcome = retrain(Forgetful(), labels(80), folder=home)
    assert not outcome.won
    assert "worse on the shipped evaluation set (60 to 54 right of 60" in outcome.why
    assert in_use(home) is None


def test_the_same_seed_gives_the_same_model(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        retrain(TRAINER, labels(80), folder=folder, seed=7)
    opened = [models.open_model("toy", 1, folder) for folder in folders]
    assert opened[0]
    assert opened[1]
    assert opened[0].manifest.files == opened[1].manifest.files
    assert opened[0].manifest.seed == 7


def test_one_loud_dag_is_quietened(home: Path) -> None:
    loud = [msgspec.structs.replace(one, dag_id="loud") for one in labels(60)]
    seen: list[Label] = []

    class Watching(Toy):
        def train(self, labels, seed, out, progress):  # type: ignore[no-untyped-def]
            seen.extend(labels)
            return super().train(labels, seed, out, progress)

    retrain(Watching(), [*loud, *labels(40, first=60)], folder=home, dag_share=0.3)
    total = sum(one.weight for one in seen)
    assert sum(one.weight for one in seen if one.dag_id == "loud") / total <= 0.3 + 1e-6


class Broken(Toy):
    def train(self, labels, seed, out, progress):  # type: ignore[no-untyped-def]
        super().train(labels, seed, out, progress)
        (out / "counts.json").write_text("{}")
        return out


def test_a_training_that_breaks_leaves_the_model_in_use(home: Path) -> None:
    first = retrain(TRAINER, labels(80), folder=home)
    with pytest.raises(Exception, match="is damaged"):
        retrain(Broken(), labels(200), folder=home)
    assert in_use(home) == first.new_version


def test_a_damaged_champion_is_refused_and_replaced(home: Path) -> None:
    first = models.promote("toy", TRAINER.train(labels(30), 0, _made(home), _quiet), home)
    (first.folder / "counts.json").write_text("{}")
    with pytest.warns(RefusedModelWarning, match="none is used instead"):
        outcome = retrain(TRAINER, labels(80), folder=home)
    assert outcome.promoted


def _made(home: Path) -> Path:
    (home.parent / "made").mkdir()
    return home.parent / "made"


def _quiet(share: float, what: str) -> None:
    return None


def test_another_retraining_meanwhile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = TRAINER.train(labels(30), 0, _made(home), _quiet)

    class Slow(Toy):
        def train(self, labels, seed, out, progress):  # type: ignore[no-untyped-def]
            models.promote("toy", other, home)
            return super().train(labels, seed, out, progress)

    outcome = retrain(Slow(), labels(80), folder=home)
    assert not outcome.promoted
    assert "meanwhile" in outcome.why


def test_progress_is_told(home: Path) -> None:
    told: list[float] = []
    retrain(TRAINER, labels(80), folder=home, progress=lambda share, what: told.append(share))
    assert told
    assert all(0 <= share <= 1 for share in told)


# ---------------------------------------------------------------- where trainers are found


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy trainer lies where the real ones do."""
    monkeypatch.setattr(training, "__path__", [str(Path(__file__).parent / "trainers")])
    for name in list(sys.modules):
        if name.startswith("dagnosis.logs.training.") and not name.endswith(".contract"):
            monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("toys")
def test_a_trainer_is_a_module_of_the_folder() -> None:
    found, missing = trainers()
    assert [one.name for one in found] == ["toy"]
    assert missing == []
    assert trainer("toy").name == "toy"
    with pytest.raises(WrongUse, match="no model called 'nope'"):
        trainer("nope")


@pytest.mark.usefixtures("toys")
def test_a_missing_library_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needy.py").write_text("import not_installed_anywhere\n")
    (tmp_path / "other.py").write_text("")
    monkeypatch.setattr(training, "__path__", [str(tmp_path)])
    with pytest.raises(WrongUse, match=r"needs not_installed_anywhere; run pip install 'dagnosis"):
        trainer("needy")
    with pytest.raises(WrongUse, match="other does not learn from feedback"):
        trainer("other")
    found, missing = trainers()
    assert (found, len(missing)) == ([], 1)


def test_a_library_that_training_misses_later(home: Path) -> None:
    class Needy(Toy):
        def train(self, labels, seed, out, progress):  # type: ignore[no-untyped-def]
            import_module("not_installed_anywhere")

    with pytest.raises(WrongUse, match="training needs not_installed_anywhere"):
        retrain(Needy(), labels(80), folder=home)


@pytest.mark.usefixtures("toys")
def test_from_the_store_to_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from dagnosis.cli import app

    monkeypatch.setenv("DAGNOSIS_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("DAGNOSIS_MODELS_DIR", str(tmp_path / "models"))
    run = CliRunner()
    early = run.invoke(app, ["retrain", "toy", "--json"])
    assert json.loads(early.stdout)["missing"] == 67
    with open_store(str(tmp_path / "store.db")) as store:
        for number, label in enumerate(labels(80)):
            made = remembered(number, label.fingerprint, message=label.message, dag_id=label.dag_id)
            store.remember(made)
            store.label(made.id, "correct", label.detail, who="ann")
    dry = run.invoke(app, ["retrain", "toy", "--dry-run"])
    assert dry.stdout.startswith("toy: would be promoted: better on the newest slice (0 to 2")
    done = run.invoke(app, ["retrain"])
    assert done.exit_code == 0
    assert "dagnosis models rollback toy" in done.stdout
    listed = map(json.loads, run.invoke(app, ["models", "list", "--json"]).stdout.splitlines())
    assert [model["current"] for model in listed if model["name"] == "toy"] == [True]
    assert run.invoke(app, ["retrain", "--dag-share", "0"]).exit_code == 2
    wrong = run.invoke(app, ["retrain", "nope"])
    assert isinstance(wrong.exception, WrongUse)
