"""One run: loss and outputs, learning rate, speed, and what happened when."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.panels import (
    GOOD_AT_0,
    Query,
    figure,
    graph,
    named,
    state_names,
    state_query,
    states,
    steps,
)
from grafana.variables import KEYS, LOG, Annotation, dashboard

UID = "caffe-run"
_ENDS = "finished|stopped|terminated|crashed"


def build() -> Dashboard:
    """Return the dashboard."""
    board = dashboard(
        UID,
        "Caffe: one run",
        "The newest run of one log. Marks: alerts red, snapshots blue, starts and resumes green, "
        "steps of the learning rate purple, ends orange.",
        one_log=True,
    )
    return _graphs(_figures(_annotated(board)))


def _annotated(board: Dashboard) -> Dashboard:
    def event(kinds: str) -> str:
        return f'increase(caffe_run_events_total{{{LOG},event=~"{kinds}"}}[2m]) > 0'

    alerts = f"caffewatch_alerts{{{LOG}}} > 0"
    starts = (
        f"1000 * caffe_run_start_timestamp_seconds{{{LOG}}} "
        f"* on ({KEYS}) group_left (origin) (caffe_run_origin{{{LOG}}} == 1)"
    )
    return (
        board.annotation(Annotation("Alerts", "{{severity}}: {{rule}}", alerts, "red"))
        .annotation(Annotation("Snapshots", "{{event}}", event("snapshot"), "blue"))
        .annotation(Annotation("Starts", "{{origin}} run", starts, "green", at_value=True))
        .annotation(Annotation("Learning rate", "{{event}}", event("learning_rate"), "purple"))
        .annotation(Annotation("Ends", "{{event}}", event(_ENDS), "orange"))
    )


def _figures(board: Dashboard) -> Dashboard:
    left = (
        f"clamp_min(caffe_max_iterations{{{LOG}}} - caffe_iteration{{{LOG}}}, 0) "
        f"/ (avg_over_time(caffe_iterations_per_second{{{LOG}}}[10m]) > 0)"
    )
    return (
        board.with_panel(
            figure("State", "What became of the run.", state_query(LOG, "log"))
            .mappings(state_names())
            .span(4)
        )
        .with_panel(
            figure(
                "Iteration", "Newest that was displayed.", f"caffe_iteration{{{LOG}}}", "none"
            ).span(4)
        )
        .with_panel(
            figure(
                "Time left", "Until max_iter, at the speed of the last ten minutes.", left, "s"
            ).span(4)
        )
        .with_panel(
            figure("Loss", "Newest, as displayed.", f"caffe_loss{{{LOG}}}").decimals(4).span(4)
        )
        .with_panel(
            figure(
                "Values that are nan or inf",
                "In the newest debug_info block. Above 0: stop, and resume from a clean snapshot.",
                f"caffe_non_finite_values{{{LOG}}}",
            )
            .thresholds(steps(GOOD_AT_0))
            .span(4)
        )
        .with_panel(
            figure(
                "Alerts", "Alerts of this log that fire now.", f"sum(caffewatch_alerts{{{LOG}}})"
            )
            .thresholds(steps(GOOD_AT_0))
            .span(4)
        )
    )


def _graphs(board: Dashboard) -> Dashboard:
    both = "{{net}} {{output}} #{{index}}"
    loss: tuple[Query, ...] = (
        (f"caffe_loss{{{LOG}}}", "loss as displayed"),
        (f'caffe_net_output{{{LOG},phase="train"}}', both),
    )
    firing = named({"0": ("content", "green"), "1": ("firing", "red")})
    return (
        board.with_panel(
            graph(
                "Training loss",
                "Averaged over average_loss, and the outputs of the training net one by one. It "
                "should begin near the logarithm of the number of classes, and fall.",
                *loss,
                log=True,
            ).span(12)
        )
        .with_panel(
            graph(
                "Test outputs",
                "Loss and accuracy of the test nets. A test loss that rises while the one of "
                "training falls is overfitting.",
                (f'caffe_net_output{{{LOG},phase="test"}}', both),
            ).span(12)
        )
        .with_panel(
            graph(
                "Learning rate",
                "By the policy of the solver.",
                (f"caffe_learning_rate{{{LOG}}}", "learning rate"),
                log=True,
            ).span(8)
        )
        .with_panel(
            graph(
                "Speed",
                "Iterations per second, by the stamps in the log. Dips at tests and snapshots are "
                "normal.",
                (f"caffe_iterations_per_second{{{LOG}}}", "iterations per second"),
            )
            .min(0)
            .span(8)
        )
        .with_panel(
            graph(
                "Iteration and last snapshot",
                "The distance is what a crash would cost.",
                (f"caffe_iteration{{{LOG}}}", "iteration"),
                (f"caffe_snapshot_iteration{{{LOG}}}", "last snapshot"),
                unit="none",
            ).span(8)
        )
        .with_panel(
            graph(
                "Norms of all parameters",
                "L2 norm of the values (data) and of the gradients (diff). Orders of magnitude "
                "within an hour are a fault.",
                (f"caffe_params_l2_norm{{{LOG}}}", "{{quantity}}"),
                log=True,
            ).span(12)
        )
        .with_panel(
            graph(
                "Clipped gradients",
                "Iterations a second whose gradient was scaled down to clip_gradients. A rising "
                "rate foretells divergence.",
                (f"rate(caffe_gradient_clips_total{{{LOG}}}[$__rate_interval])", "clipped"),
                unit="cps",
            )
            .min(0)
            .span(12)
        )
        .with_panel(
            states(
                "Rules",
                "Which rules fire, over time; docs/rules.md says what each sees.",
                f"sum by (rule) (caffewatch_alerts{{{LOG}}})",
                "{{rule}}",
            )
            .mappings([firing])
            .thresholds(steps(GOOD_AT_0))
            .height(16)
            .span(24)
        )
    )
