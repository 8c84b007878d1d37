"""Panels as these dashboards use them, in few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    ScaleDistribution,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink,
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.variables import SOURCE

Query = tuple[str, str]
"""PromQL, and the name of what it returns, with labels as ``{{layer}}``."""
Step = tuple[float | None, str]
"""From this value on (None: from the first), this colour."""

STATES = {
    "running": (1, "green"),
    "finished": (2, "blue"),
    "stopped": (3, "purple"),
    "terminated": (4, "yellow"),
    "stalled": (5, "orange"),
    "crashed": (6, "red"),
}
"""State of a run -> the number and the colour that stand for it in a panel."""
GOOD_AT_0: Sequence[Step] = ((None, "green"), (1, "red"))


def figure(title: str, description: str, query: str, unit: str = "short") -> stat.Panel:
    """Make a single number."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_now(query))
        .unit(unit)
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(steps(((None, "text"),)))
        .height(4)
    )


def graph(
    title: str, description: str, *queries: Query, unit: str = "short", log: bool = False
) -> timeseries.Panel:
    """Make a graph over time, with a logarithmic axis if asked for."""
    scale = common.ScaleDistributionConfig().type(ScaleDistribution.LINEAR)
    if log:
        scale = common.ScaleDistributionConfig().type(ScaleDistribution.LOG).log(10)
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .legend(_legend())
        .tooltip(
            common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
        )
        .scale_distribution(scale)
        .show_points(VisibilityMode.AUTO)
        .span_nulls(300_000)
        .height(9)
    )
    for target in _over_time(queries):
        panel = panel.with_target(target)
    return panel


def layers(title: str, description: str, query: str, low: float, high: float) -> heatmap.Panel:
    """Make a heat map of layers over time; values beyond the two ends have the end's colour."""
    return (
        heatmap.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_range(query, "{{layer}}"))
        .calculate(False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Turbo")
            .steps(64)
            .min(low)
            .max(high)
        )
        .cell_values(heatmap.CellValues().decimals(1))
        .y_axis(heatmap.YAxisConfig())
        .show_legend()
        .show_tooltip()
        .height(12)
        .span(24)
    )


def states(title: str, description: str, query: str, legend: str) -> statetimeline.Panel:
    """Make a band a series that changes its colour with the value."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .with_target(_range(query, legend))
        .legend(_legend())
        .merge_values(True)
        .row_height(0.8)
        .show_value(VisibilityMode.NEVER)
    )


def rows(title: str, description: str, queries: Sequence[Query]) -> table.Panel:
    """Make a table of what is known now, a column a query; the name is that of the column."""
    panel = table.Panel().title(title).description(description).datasource(SOURCE)
    hidden: dict[str, bool] = {"Time": True}
    renamed: dict[str, str] = {}
    for letter, (query, name) in zip("ABCDEFGHIJ", queries, strict=False):
        panel = panel.with_target(_now(query).ref_id(letter).format(PromQueryFormat.TABLE))
        renamed[f"Value #{letter}"] = name
    organize = {"excludeByName": hidden, "renameByName": renamed}
    return (
        panel.with_transformation(_transformation("merge", {}))
        .with_transformation(_transformation("organize", organize))
        .height(11)
        .span(24)
    )


def steps(given: Sequence[Step]) -> dashboard.ThresholdsConfig:
    """Make thresholds out of where each colour begins."""
    found = [Threshold(value=value, color=color) for value, color in given]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def state_names() -> list[ValueMapping]:
    """Return what shows the numbers of `state_query` as words."""
    return [named({str(n): (state, color) for state, (n, color) in STATES.items()})]


def named(words: dict[str, tuple[str, str]]) -> ValueMap:
    """Show values as words: value -> (word, colour)."""
    return ValueMap(
        options={
            value: ValueMappingResult(text=word, color=color, index=index)
            for index, (value, (word, color)) in enumerate(words.items())
        }
    )


def state_query(labels: str, keys: str) -> str:
    """Return one number a log for the state of its run."""
    parts = (
        f'{number} * caffe_run_state{{{labels},state="{state}"}}'
        for state, (number, _) in STATES.items()
    )
    return f"sum by ({keys}) ({' or '.join(parts)})"


def column(panel: table.Panel, name: str, **properties: Any) -> table.Panel:
    """Set how one column of a table looks: such as its unit, mappings and links."""
    given = [DynamicConfigValue(id_val=key, value=x) for key, x in properties.items()]
    return panel.override_by_name(name, given)


def colored_by_steps() -> dict[str, str]:
    """Return the property that makes a cell's value take the colour of its threshold."""
    return {"mode": FieldColorModeId.THRESHOLDS.value}


def link_to(title: str, url: str) -> DashboardLink:
    """Make a link for a cell; ``url`` may take labels from the row."""
    return DashboardLink(title=title, type_val=DashboardLinkType.LINK, url=url)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )


def _over_time(queries: Sequence[Query]) -> Iterator[prometheus.Dataquery]:
    for letter, (query, name) in zip("ABCDEFGHIJ", queries, strict=False):
        yield _range(query, name).ref_id(letter)


def _range(query: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query).legend_format(legend).range().ref_id("A")


def _now(query: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query).instant().ref_id("A")


def _transformation(kind: str, options: dict[str, Any]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=kind, options=options)
