"""Write the dashboards: `python -m grafana.build [FOLDER]` (default: `dashboards` beside this file)."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from grafana.boards import BOARDS
from grafana.panels import SOURCE, WIDE, Board, made

FOLDER = Path(__file__).parent / "dashboards"


def files() -> dict[str, str]:
    """Name of the file -> JSON of every dashboard."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {f"{board.uid}.json": encoder.encode(built(board)) + "\n" for board in BOARDS}


def built(board: Board) -> model.Dashboard:
    """A dashboard, with the panels laid out from left to right."""
    made_board = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.says)
        .tags(["airflow", "dagnosis"])
        .time(board.since, "now")
        .timezone("browser")
        .refresh("1m")
        .editable()
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(_others())
    )
    made_board.with_variable(
        dashboard.DatasourceVariable("DS_PROMETHEUS").label("Prometheus").type("prometheus")
    )
    for name, query in (("job", "label_values(dagnosis_build_info, job)"), *board.variables):
        made_board.with_variable(_variable(name, query))
    number = count(1)
    y = 0
    for row in board.rows:
        made_board.with_row(
            dashboard.Row(row.title).id(next(number)).grid_pos(model.GridPos(h=1, w=WIDE, x=0, y=y))
        )
        y += 1
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > WIDE:
                x, y, tallest = 0, y + tallest, 0
            made_board.with_panel(made(panel, next(number), x, y))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
    return made_board.build()


def _others() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("dagnosis").type(model.DashboardLinkType.DASHBOARDS)
    return link.tags(["dagnosis"]).as_dropdown(True).keep_time(True).include_vars(True)


def _variable(name: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(name)
        .datasource(SOURCE)
        .query({"query": query, "refId": name})
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )


def main() -> None:
    """Write every dashboard."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
