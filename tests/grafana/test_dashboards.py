"""The committed dashboards are those of the code, and what Grafana's own schema knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("grafana_foundation_sdk", reason="needs Python 3.11 and the extra dev")

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import BOARDS
from grafana.build import FOLDER, files
from grafana.panels import WIDE

UIDS = [board.uid for board in BOARDS]


def dashboard(uid: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{uid}.json").read_text("utf-8"))
    return read


def test_they_are_current() -> None:
    committed = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert committed == files(), "run python -m grafana.build"


@pytest.mark.parametrize("uid", UIDS)
def test_the_schema_knows_every_key(uid: str) -> None:
    """Read into the types that Grafana generates from its schema, nothing is lost."""
    read = dashboard(uid)
    again = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard(uid))))
    assert again == read


@pytest.mark.parametrize("uid", UIDS)
def test_every_panel_says_what_it_shows(uid: str) -> None:
    panels = dashboard(uid)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        if panel["type"] == "row":
            continue
        assert len(panel["description"]) > 5, panel["title"]
        assert panel["options"] is not None, panel["title"]
        assert panel["datasource"]["uid"] == "${DS_PROMETHEUS}"
        assert all(one["datasource"]["uid"] == "${DS_PROMETHEUS}" for one in panel["targets"])


@pytest.mark.parametrize("uid", UIDS)
def test_panels_do_not_lie_on_each_other(uid: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard(uid)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= WIDE
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_links_lead_to_dashboards_that_exist() -> None:
    for uid in UIDS:
        for panel in dashboard(uid)["panels"]:
            for link in panel.get("links") or ():
                assert link["url"].removeprefix("/d/") in UIDS


def test_the_variable_of_the_data_source_is_first() -> None:
    for uid in UIDS:
        first, *_ = dashboard(uid)["templating"]["list"]
        assert (first["name"], first["type"], first["query"]) == (
            "DS_PROMETHEUS", "datasource", "prometheus",
        )  # fmt: skip


def test_a_changed_board_is_noticed(tmp_path: Path) -> None:
    committed = json.loads((FOLDER / "dagnosis-overview.json").read_text("utf-8"))
    committed["titel"] = "a key that the schema does not know"
    (tmp_path / "x.json").write_text(json.dumps(committed))
    again = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dict(committed))))
    assert again != committed
