"""What one chooses at the head of a dashboard, and the ways from one dashboard to the next."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    VariableHide,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "caffewatch"
LOG = 'instance=~"$instance",training_job="$training_job",log="$log"'
"""The labels of the log that was chosen."""
LOGS = 'instance=~"$instance",training_job=~"$training_job"'
"""The labels of all logs of the jobs that were chosen."""
KEYS = "instance, training_job, log"
"""What tells a log from all others."""


class Annotation(Builder[AnnotationQuery]):
    """A query whose results are marked in all graphs.

    Parameters
    ----------
    at_value
        Whether a result is the time (milliseconds) that is marked; where there is one else.
    """

    def __init__(
        self, name: str, title: str, query: str, color: str, at_value: bool = False
    ) -> None:
        self._made = _Query(name=name, datasource=SOURCE, icon_color=color, expr=query)
        self._made.title, self._made.at_value = title, at_value

    def build(self) -> AnnotationQuery:
        """Return it."""
        return self._made


class _Query(AnnotationQuery):
    """What the SDK does not know of annotations from Prometheus."""

    title = ""
    at_value = False

    def to_json(self) -> dict[str, object]:
        more = {
            "step": "60s",
            "titleFormat": self.title,
            "textFormat": "{{log}}",
            "useValueForTime": self.at_value,
        }
        return {**super().to_json(), **more}


def dashboard(uid: str, title: str, description: str, one_log: bool) -> Dashboard:
    """Begin a dashboard of one log, or of all logs of some jobs.

    Parameters
    ----------
    uid
        Its address, ``/d/UID``; stable, since people keep links.
    """
    board = (
        Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .time("now-3h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(_link())
        .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_choice("instance", "Machine", "caffe_run_info", many=True))
    )
    job = _choice("training_job", "Job", 'caffe_run_info{instance=~"$instance"}', many=not one_log)
    board = board.with_variable(job)
    if one_log:
        within = 'caffe_run_info{instance=~"$instance",training_job="$training_job"}'
        board = board.with_variable(_choice("log", "Log", within, many=False))
    return board


def layer_choice() -> QueryVariable:
    """Return the variable of the layers of the log that was chosen."""
    return _choice("layer", "Layers", f"caffe_layer_position{{{LOG}}}", many=True)


def _choice(label: str, title: str, series: str, many: bool) -> QueryVariable:
    variable = (
        QueryVariable(label)
        .label(title)
        .datasource(SOURCE)
        .query(f"label_values({series}, {label})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .hide(VariableHide.DONT_HIDE)
        .multi(many)
        .include_all(many)
    )
    if many:
        everything = VariableOption(selected=True, text="All", value="$__all")
        variable = variable.all_value(".+").current(everything)
    return variable


def _link() -> DashboardLink:
    """Link to the other dashboards, with the same choices and the same time."""
    return (
        DashboardLink("caffewatch")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
    )
