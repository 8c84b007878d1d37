"""Every metric family by name: its type, its labels and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

LOG_LABELS = ("training_job", "log")


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One metric family; compared by identity, since there is one object for each.

    Parameters
    ----------
    name
        As scraped, a counter's with its ``_total``.
    kind
        The Prometheus type.
    labels
        Label names, in the order in which series give their values.
    documentation
        The HELP text.
    """

    name: str
    kind: Literal["counter", "gauge"]
    labels: tuple[str, ...]
    documentation: str

    def metric(self) -> CounterMetricFamily | GaugeMetricFamily:
        """Make the family without any series yet."""
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        return make(self.name, self.documentation, labels=self.labels)


def _gauge(name: str, documentation: str, *labels: str) -> Family:
    return Family(name, "gauge", (*LOG_LABELS, *labels), documentation)


def _counter(name: str, documentation: str, *labels: str) -> Family:
    return Family(name, "counter", (*LOG_LABELS, *labels), documentation)


RUN_INFO = _gauge(
    "caffe_run_info",
    "Always 1; its labels name the run that the other caffe_ series of the log belong to.",
    "net", "solver_type", "run",
)  # fmt: skip
RUN_STATE = _gauge(
    "caffe_run_state",
    "1 for the state that the run is in, 0 for the others.",
    "state",
)
RUN_START = _gauge(
    "caffe_run_start_timestamp_seconds",
    "When the run's first line was written, by the log's own stamp.",
)
LAST_LINE = _gauge(
    "caffe_last_line_timestamp_seconds",
    "When the newest line was written, by its own stamp; time() minus this is the log's silence.",
)
ITERATION = _gauge("caffe_iteration", "Newest iteration that the log has shown.")
MAX_ITERATIONS = _gauge("caffe_max_iterations", "Iteration at which the solver ends (max_iter).")
ITERATIONS_PER_SECOND = _gauge(
    "caffe_iterations_per_second",
    "Training speed by the log's own stamps.",
)
LOSS = _gauge(
    "caffe_loss",
    "Training loss: the weighted sum of the loss outputs; NaN and Inf are what the log printed.",
)
LEARNING_RATE = _gauge("caffe_learning_rate", "Learning rate of the newest display.")
NET_OUTPUT = _gauge(
    "caffe_net_output",
    "Newest value of one output of a training or test net, such as loss or accuracy.",
    "net", "phase", "output", "index",
)  # fmt: skip
SNAPSHOT_ITERATION = _gauge(
    "caffe_snapshot_iteration",
    "Iteration of the newest snapshot on disk, from which the run could be resumed.",
)
NON_FINITE = _gauge(
    "caffe_non_finite_values",
    "How many values of the newest debug_info block are nan or inf; anything above 0 is a fault.",
)
PARAMS_L1 = _gauge(
    "caffe_params_l1_norm",
    "L1 norm of all parameters of the net: of their values (data) and their gradients (diff).",
    "quantity",
)
PARAMS_L2 = _gauge(
    "caffe_params_l2_norm",
    "L2 norm of all parameters of the net: of their values (data) and their gradients (diff).",
    "quantity",
)
GRADIENT_CLIPS = _counter(
    "caffe_gradient_clips_total",
    "Iterations whose gradient was scaled down to clip_gradients; a rising rate foretells "
    "divergence.",
)
ALERTS = _gauge(
    "caffewatch_alerts",
    "Alerts that fire now; 0 for every rule that is content.",
    "rule", "severity",
)  # fmt: skip
FINDINGS = _counter(
    "caffewatch_findings_total",
    "What the rule has found, consequences of other findings included.",
    "rule",
)
LINES = _counter(
    "caffewatch_lines_total",
    "Lines taken in for the first time and committed.",
)
BYTES = _counter(
    "caffewatch_bytes_total",
    "Bytes taken in for the first time and committed.",
)
UNRECOGNISED_LINES = _counter(
    "caffewatch_unrecognised_lines_total",
    "Lines that no pattern knows; many of them mean foreign output or an unknown fork of Caffe.",
)
READ_POSITION = _gauge(
    "caffewatch_read_position_bytes",
    "How much of the log's current file is committed.",
)
READ_LAG = _gauge(
    "caffewatch_read_lag_bytes",
    "How much of the log's current file is still to be read; it should return to 0.",
)
ROTATIONS = _counter(
    "caffewatch_rotations_total",
    "How often the file behind the log was replaced or cut, by kind.",
    "kind",
)
LAYER_ACTIVATION = _gauge(
    "caffe_layer_activation_mean_abs",
    "Mean absolute value of the layer's output; 0 behind a ReLU means dead units.",
    "layer",
)
LAYER_WEIGHT = _gauge(
    "caffe_layer_weight_mean_abs",
    "Mean absolute value of the layer's weights.",
    "layer",
)
LAYER_GRADIENT = _gauge(
    "caffe_layer_gradient_mean_abs",
    "Mean absolute gradient of the layer's weights; explodes upwards of 1e8, vanishes towards 0.",
    "layer",
)
BLOB = _gauge(
    "caffe_blob_mean_abs",
    "Mean absolute value of one blob in the newest debug_info block (metrics.blobs).",
    "phase", "layer", "kind", "blob", "quantity",
)  # fmt: skip

LOG_FAMILIES = (
    RUN_INFO, RUN_STATE, RUN_START, LAST_LINE, ITERATION, MAX_ITERATIONS, ITERATIONS_PER_SECOND,
    LOSS, LEARNING_RATE, NET_OUTPUT, SNAPSHOT_ITERATION, NON_FINITE, PARAMS_L1, PARAMS_L2,
    GRADIENT_CLIPS, ALERTS, FINDINGS, LINES, BYTES, UNRECOGNISED_LINES, READ_POSITION, READ_LAG,
    ROTATIONS, LAYER_ACTIVATION, LAYER_WEIGHT, LAYER_GRADIENT, BLOB,
)  # fmt: skip
"""The families of one log, in the order of a scrape."""

SERIES_DROPPED = _counter(
    "caffewatch_series_dropped_total",
    "Series of the log left out because of metrics.max_series_per_log, counted at every scrape.",
)
NOTIFICATIONS = Family(
    "caffewatch_notifications_total",
    "counter",
    ("receiver", "outcome"),
    "Tries to deliver a notification, by how they ended.",
)
QUEUE_LENGTH = Family(
    "caffewatch_notification_queue_length",
    "gauge",
    ("receiver",),
    "Notifications that wait for their receiver.",
)
ERRORS = Family(
    "caffewatch_errors_total",
    "counter",
    ("where",),
    "Errors that the daemon lived through, by the part of it that met them; its log tells more.",
)
RELOAD = Family(
    "caffewatch_config_last_reload_successful",
    "gauge",
    (),
    "1 if the configuration in force is the one in the file, 0 if the file is faulty.",
)
BUILD_INFO = Family(
    "caffewatch_build_info",
    "gauge",
    ("version", "python_version"),
    "Always 1; its labels name the versions of caffewatch and of Python.",
)
