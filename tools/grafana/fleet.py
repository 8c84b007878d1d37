"""The overview: every training on every machine, and whether caffewatch itself is well."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.builders.table import Panel as Table

from grafana.panels import (
    GOOD_AT_0,
    colored_by_steps,
    column,
    figure,
    graph,
    link_to,
    named,
    rows,
    state_names,
    state_query,
    states,
    steps,
)
from grafana.variables import KEYS, LOGS, dashboard

UID = "caffe-fleet"
_TIME_LEFT = (
    f"max by ({KEYS}) (clamp_min(caffe_max_iterations{{{LOGS}}} - caffe_iteration{{{LOGS}}}, 0) "
    f"/ (avg_over_time(caffe_iterations_per_second{{{LOGS}}}[10m]) > 0) "
    f'and ignoring (state) caffe_run_state{{{LOGS},state="running"}} == 1)'
)


def build() -> Dashboard:
    """Return the dashboard."""
    board = dashboard(
        UID,
        "Caffe: all trainings",
        "Every training that caffewatch follows: state, iteration, time left, loss, speed, alerts.",
        one_log=False,
    )
    return _watcher(_trends(_table(_figures(board))))


def _figures(board: Dashboard) -> Dashboard:
    def in_state(which: str) -> str:
        return f'sum(caffe_run_state{{{LOGS},state=~"{which}"}})'

    def firing(severity: str) -> str:
        return f'sum(caffewatch_alerts{{{LOGS},severity="{severity}"}})'

    bad = steps(GOOD_AT_0)
    return (
        board.with_panel(figure("Running", "Trainings that go on.", in_state("running")).span(4))
        .with_panel(
            figure(
                "Stalled or crashed",
                "Trainings that want a look: the table below says which.",
                in_state("stalled|crashed"),
            )
            .thresholds(bad)
            .span(4)
        )
        .with_panel(
            figure("Critical alerts", "Alerts that fire now.", firing("critical"))
            .thresholds(bad)
            .span(4)
        )
        .with_panel(
            figure("Warnings", "Alerts that fire now.", firing("warning"))
            .thresholds(steps(((None, "green"), (1, "orange"))))
            .span(4)
        )
        .with_panel(
            figure(
                "Machines",
                "How many caffewatch are scraped.",
                'count(caffewatch_build_info{instance=~"$instance"})',
            ).span(4)
        )
        .with_panel(
            figure(
                "Notifications waiting",
                "Above 0 for long, a receiver is down: see docs/monitoring.md.",
                'sum(caffewatch_notification_queue_length{instance=~"$instance"}) or vector(0)',
            )
            .thresholds(steps(((None, "green"), (1, "orange"))))
            .span(4)
        )
    )


_OF_LOGS = f'caffewatch_alerts{{{LOGS},rule!="missing_log"}}'
_WITHOUT_LOG = f'caffewatch_alerts{{{LOGS},rule="missing_log"}}'
"""Its log is the path of the configuration, a glob perhaps: no row unless there is an alert."""


def _table(board: Dashboard) -> Dashboard:
    def newest(family: str) -> str:
        return f"max by ({KEYS}) ({family}{{{LOGS}}})"

    table = rows(
        "Trainings",
        "One row a log, what is known of it now; one without a state is a job that has no log. "
        "A click on the log opens its run.",
        [
            (state_query(LOGS, KEYS), "State"),
            (f"sum by ({KEYS}) ({_OF_LOGS} or {_WITHOUT_LOG} > 0)", "Alerts"),
            (newest("caffe_iteration"), "Iteration"),
            (
                f"max by ({KEYS}) (caffe_iteration{{{LOGS}}} "
                f"/ (caffe_max_iterations{{{LOGS}}} > 0))",
                "Done",
            ),
            (_TIME_LEFT, "Time left"),
            (newest("caffe_loss"), "Loss"),
            (newest("caffe_iterations_per_second"), "Iterations per second"),
            (f"time() - {newest('caffe_last_line_timestamp_seconds')}", "Silent for"),
        ],
    )
    return board.with_panel(_columns(table))


def _columns(table: Table) -> Table:
    run = (
        "/d/caffe-run?var-datasource=${datasource}&var-instance=${__data.fields.instance}"
        "&var-training_job=${__data.fields.training_job}&var-log=${__data.fields.log}&${__url_time_range}"
    )
    cell = {"type": "color-text"}
    table = column(table, "log", links=[link_to("Open the run", run)])
    table = column(table, "State", mappings=state_names(), **{"custom.cellOptions": cell})
    alerts = steps(((None, "green"), (1, "orange"))).build()
    table = column(
        table, "Alerts", thresholds=alerts, color=colored_by_steps(), **{"custom.cellOptions": cell}
    )
    table = column(
        table, "Done", unit="percentunit", min=0, max=1, **{"custom.cellOptions": {"type": "gauge"}}
    )
    table = column(table, "Time left", unit="s")
    table = column(table, "Silent for", unit="s")
    return column(table, "Iterations per second", unit="short", decimals=2)


def _trends(board: Dashboard) -> Dashboard:
    name = "{{training_job}} {{log}}"
    return (
        board.with_panel(
            graph(
                "Loss",
                "Training loss as displayed, on a log scale. Compare trends: nets differ in scale.",
                (f"caffe_loss{{{LOGS}}}", name),
                log=True,
            ).span(12)
        )
        .with_panel(
            graph(
                "Speed",
                "Iterations per second. A lasting drop: a slow disk, a hot GPU or a busy machine.",
                (f"caffe_iterations_per_second{{{LOGS}}}", name),
            ).span(12)
        )
        .with_panel(
            states("States", "What became of each run, over time.", state_query(LOGS, KEYS), name)
            .mappings(state_names())
            .height(9)
            .span(12)
        )
        .with_panel(
            graph(
                "Alerts by rule",
                "How many fire. Several rules at once on one log: look at the earliest first.",
                (f"sum by (rule) (caffewatch_alerts{{{LOGS}}})", "{{rule}}"),
            )
            .min(0)
            .span(12)
        )
    )


def _watcher(board: Dashboard) -> Dashboard:
    here = 'instance=~"$instance"'
    rate = "[$__rate_interval]"
    reload = named({"1": ("good", "green"), "0": ("faulty", "red")})
    return (
        board.with_row(Row("caffewatch itself"))
        .with_panel(
            graph(
                "Lines read",
                "Lines taken in, by machine. 0 while jobs train: it looks at the wrong file.",
                (
                    f"sum by (instance) (rate(caffewatch_lines_total{{{here}}}{rate}))",
                    "{{instance}}",
                ),
                unit="cps",
            ).span(8)
        )
        .with_panel(
            graph(
                "Not read yet",
                "The log that is furthest behind, by machine. It should return to 0.",
                (f"max by (instance) (caffewatch_read_lag_bytes{{{here}}})", "{{instance}}"),
                unit="bytes",
            ).span(8)
        )
        .with_panel(
            graph(
                "Errors",
                "What caffewatch lived through, by place; its log says more.",
                (
                    f"sum by (instance, where) (increase(caffewatch_errors_total{{{here}}}{rate}))",
                    "{{instance}} {{where}}",
                ),
            ).span(8)
        )
        .with_panel(
            states(
                "Configuration",
                "Whether the configuration in force is the one in the file.",
                f"caffewatch_config_last_reload_successful{{{here}}}",
                "{{instance}}",
            )
            .mappings([reload])
            .height(6)
            .span(12)
        )
        .with_panel(
            graph(
                "Memory",
                "Resident memory of caffewatch.",
                (
                    f"process_resident_memory_bytes{{{here}}} "
                    "and on (instance) caffewatch_build_info",
                    "{{instance}}",
                ),
                unit="bytes",
            )
            .height(6)
            .span(12)
        )
    )
