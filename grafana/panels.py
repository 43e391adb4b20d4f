"""What a panel says, and how it becomes one of Grafana's own."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as prometheus_model

Kind: TypeAlias = Literal["line", "stack", "stat", "bars", "heat", "table"]

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${DS_PROMETHEUS}")
"""The data source that the user of a dashboard chooses."""
WIDE = 24
"""Columns of Grafana's grid."""


class Panel(msgspec.Struct, frozen=True):
    """A title, what it shows and what to make of it, and the queries with the names of their series.

    `warns` and `alarms` are the values from which it is orange and red. `width` is in columns of 24,
    `height` in rows of 30 pixels.
    """

    title: str
    says: str
    queries: tuple[tuple[str, str], ...]
    kind: Kind = "line"
    unit: str = "short"
    warns: float | None = None
    alarms: float | None = None
    width: int = 8
    height: int = 8
    most: float | None = None
    see: str = ""


class Row(msgspec.Struct, frozen=True):
    """Panels below a heading."""

    title: str
    panels: tuple[Panel, ...]


class Board(msgspec.Struct, frozen=True):
    """A dashboard. `uid` stays the same over versions, so that links to it do, too."""

    uid: str
    title: str
    says: str
    rows: tuple[Row, ...]
    variables: tuple[tuple[str, str], ...] = ()
    since: str = "now-24h"


_MAKERS: dict[Kind, Any] = {
    "line": timeseries.Panel,
    "stack": timeseries.Panel,
    "stat": stat.Panel,
    "bars": bargauge.Panel,
    "heat": heatmap.Panel,
    "table": table.Panel,
}
INSTANT: tuple[Kind, ...] = ("stat", "bars", "table")
"""Kinds that show the present, and no course of time."""


def made(panel: Panel, number: int, x: int, y: int) -> Any:
    """The builder of a panel with its number at a place of the grid."""
    built = (
        _MAKERS[panel.kind]()
        .id(number)
        .title(panel.title)
        .description(panel.says)
        .datasource(SOURCE)
        .grid_pos(model.GridPos(h=panel.height, w=panel.width, x=x, y=y))
    )
    for name, (expression, legend) in zip("ABCD", panel.queries, strict=False):
        built.with_target(_query(panel, expression, legend, name))
    if panel.kind != "heat":
        built.unit(panel.unit).thresholds(_thresholds(panel)).min(0)
        if panel.most is not None:
            built.max(panel.most)
    if panel.see:
        built.links([dashboard.DashboardLink(panel.see).url(f"/d/{panel.see}").keep_time(True)])
    _finish(panel, built)
    return built


def _query(panel: Panel, expression: str, legend: str, name: str) -> Any:
    query = prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(name)
    query.datasource(SOURCE)
    if panel.kind == "heat":
        query.format(prometheus_model.PromQueryFormat.HEATMAP)
    if panel.kind == "table":
        query.format(prometheus_model.PromQueryFormat.TABLE)
    return query.instant() if panel.kind in INSTANT else query.range()


def _thresholds(panel: Panel) -> Any:
    steps = [model.Threshold(value=None, color="green")]
    if panel.warns is not None:
        steps.append(model.Threshold(value=panel.warns, color="orange"))
    if panel.alarms is not None:
        steps.append(model.Threshold(value=panel.alarms, color="red"))
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _finish(panel: Panel, built: Any) -> None:
    if panel.kind in ("line", "stack"):
        legend = common.VizLegendOptions().show_legend(True)
        legend.display_mode(common_model.LegendDisplayMode.LIST)
        legend.placement(common_model.LegendPlacement.BOTTOM)
        built.legend(legend).fill_opacity(12)
        built.tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI))
    if panel.kind == "stack":
        built.stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL))
    if panel.kind in ("stat", "bars"):
        built.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    if panel.kind == "stat":
        built.color_mode(common_model.BigValueColorMode.VALUE).graph_mode(
            common_model.BigValueGraphMode.NONE
        )
    if panel.kind == "table":
        built.show_header(True)
    if panel.kind == "heat":
        built.show_legend()
    if panel.kind == "bars":
        built.orientation(common_model.VizOrientation.HORIZONTAL)
        built.display_mode(common_model.BarGaugeDisplayMode.BASIC)
