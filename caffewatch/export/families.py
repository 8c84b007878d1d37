"""What is measured in each log: of its training, and of how it is watched."""

from __future__ import annotations

from caffewatch.export.family import counter, gauge

RUN_INFO = gauge(
    "caffe_run_info",
    "Always 1; its labels name the newest run of the log, which all caffe_ series of the log are "
    "about. Multiply by it to put the name of the net on a graph.",
    "net", "solver_type", "run",
)  # fmt: skip
RUN_STATE = gauge(
    "caffe_run_state",
    "1 for the state that the run is in, 0 for the others. stalled and crashed want a look; "
    "terminated is SIGTERM, stopped an early stop (SIGINT).",
    "state",
)
RUN_ORIGIN = gauge(
    "caffe_run_origin",
    "1 for how the run began, 0 for the others: new, resumed (from a snapshot, solver and all) or "
    "finetuned (with the weights of another net).",
    "origin",
)
RUN_START = gauge(
    "caffe_run_start_timestamp_seconds",
    "When the first line of the run was written, by the stamp in the log. Jumps when a new run "
    "begins in the log.",
)
RUN_EVENTS = counter(
    "caffe_run_events_total",
    "Events in the life of the runs: started, resumed, finetuned, snapshot, learning_rate (halved"
    " or doubled, at least), finished, stopped, terminated, crashed, and blind (display is 0, or "
    "no debug_info). Use increase() of it for annotations.",
    "event",
)
LAST_LINE = gauge(
    "caffe_last_line_timestamp_seconds",
    "When the newest line was written, by the stamp in the log; time() minus this is how long the"
    " log has been silent. Some tests and snapshots take minutes; the stall alert knows the "
    "rhythm of each run.",
)
ITERATION = gauge(
    "caffe_iteration",
    "Newest iteration that the log has shown. It falls only when a run begins anew or resumes "
    "from a snapshot.",
)
MAX_ITERATIONS = gauge(
    "caffe_max_iterations",
    "Iteration at which the solver ends (max_iter). With caffe_iteration and "
    "caffe_iterations_per_second it gives the time left.",
)
ITERATIONS_PER_SECOND = gauge(
    "caffe_iterations_per_second",
    "Training speed between the last two displays, by the stamps in the log. Steady is normal, "
    "save around tests and snapshots; a lasting drop is a slow disk, a hot GPU or a busy machine.",
)
LOSS = gauge(
    "caffe_loss",
    "Training loss as displayed (averaged over average_loss). It should fall from about the "
    "logarithm of the number of classes; NaN and Inf are what the log printed. Compare trends, "
    "not single values.",
)
LEARNING_RATE = gauge(
    "caffe_learning_rate",
    "Learning rate of the newest display. Steps down by the policy of the solver; 0 or below "
    "learns nothing.",
)
NET_OUTPUT = gauge(
    "caffe_net_output",
    "Newest value of one output of the training net or of a test net, such as loss or accuracy. A"
    " test loss that rises while the one of training falls is overfitting.",
    "net", "phase", "output", "index",
)  # fmt: skip
SNAPSHOT_ITERATION = gauge(
    "caffe_snapshot_iteration",
    "Iteration of the newest snapshot on disk, from which the run can be resumed. caffe_iteration"
    " minus this is what a crash would cost.",
)
NON_FINITE = gauge(
    "caffe_non_finite_values",
    "How many values of the newest debug_info block are nan or inf. Anything above 0 is a fault: "
    "stop, and resume from the last clean snapshot that the alert names.",
)
PARAMS_L1 = gauge(
    "caffe_params_l1_norm",
    "L1 norm of all parameters of the net: of their values (data) and of their gradients (diff). "
    "That of the values drifts slowly; orders of magnitude within an hour are a fault.",
    "quantity",
)
PARAMS_L2 = gauge(
    "caffe_params_l2_norm",
    "L2 norm of all parameters of the net: of their values (data) and of their gradients (diff). "
    "That of the gradients is what clip_gradients compares; Inf beside finite layers is float32 "
    "overflowing.",
    "quantity",
)
GRADIENT_CLIPS = counter(
    "caffe_gradient_clips_total",
    "Iterations whose gradient was scaled down to clip_gradients. A few are what clipping is for;"
    " a rising rate foretells divergence.",
)
LAYER_POSITION = gauge(
    "caffe_layer_position",
    "Place of the layer in the newest debug_info block, 1 the nearest to the input. For the order"
    " of tables and heat maps, and to tell first layers from last ones.",
    "layer",
)
LAYER_ACTIVATION = gauge(
    "caffe_layer_activation_mean_abs",
    "Mean absolute value of the first output of the layer. Steady within a factor of ten is "
    "normal; 0 behind a ReLU means that all units are dead.",
    "layer",
)
LAYER_WEIGHT = gauge(
    "caffe_layer_weight_mean_abs",
    "Mean absolute value of the first parameter of the layer. Drifts slowly; orders of magnitude "
    "mean a learning rate that is far too high, or weight decay alone at work. Statistics of "
    "BatchNorm grow by design.",
    "layer",
)
LAYER_GRADIENT = gauge(
    "caffe_layer_gradient_mean_abs",
    "Mean absolute gradient of the first parameter of the layer. Compare the layers with each "
    "other and with their own past: upwards of 1e8 it explodes, exactly 0 nothing is learned, and"
    " first layers orders of magnitude below the last ones learn next to nothing.",
    "layer",
)
LAYER_PASSED = gauge(
    "caffe_layer_relu_passed_ratio",
    "Output of a ReLU over its input, the share of the signal that it lets through. About 0.5 is "
    "healthy, below 0.001 the layer is dead. Only of ReLUs without a negative slope.",
    "layer",
)
BLOB = gauge(
    "caffe_blob_mean_abs",
    "Mean absolute value of one blob in the newest debug_info block. Only with metrics.blobs: "
    "true, for a net that is being debugged; it is hundreds of series for each log.",
    "phase", "layer", "kind", "blob", "quantity",
)  # fmt: skip

ALERTS = gauge(
    "caffewatch_alerts",
    "Alerts that fire now, by rule; 0 for every rule that is content. What only follows from "
    "another alert is not counted. docs/rules.md says what each rule sees and what to do. "
    "missing_log is of a job that has no log to read: its log is the path of the configuration.",
    "rule", "severity",
)  # fmt: skip
FINDINGS = counter(
    "caffewatch_findings_total",
    "What the rule has found so far, consequences of other findings included. A rule that counts "
    "while its alerts stay at 0 is being folded into another one.",
    "rule",
)
LINES = counter(
    "caffewatch_lines_total",
    "Lines taken in for the first time and committed; what is read again after a restart does not"
    " count. No increase while a job trains means that caffewatch looks at the wrong file.",
)
BYTES = counter(
    "caffewatch_bytes_total",
    "Bytes taken in for the first time and committed, as caffewatch_lines_total counts lines.",
)
UNRECOGNISED_LINES = counter(
    "caffewatch_unrecognised_lines_total",
    "Lines that no pattern knows. A few are normal (warnings of libraries, output of scripts); "
    "most of a log means an unknown fork of Caffe: please report it.",
)
READ_POSITION = gauge(
    "caffewatch_read_position_bytes",
    "How much of the current file of the log is read and committed. Falls when the file is "
    "rotated or truncated.",
)
READ_LAG = gauge(
    "caffewatch_read_lag_bytes",
    "How much of the current file of the log is still to be read. 0 or a line is normal; if it "
    "grows for minutes, the machine has no time for caffewatch.",
)
ROTATIONS = counter(
    "caffewatch_rotations_total",
    "How often the file behind the log changed, by kind: rotated (another file), replaced (a copy"
    " with the same beginning), truncated, gone. Expect as many as logrotate does.",
    "kind",
)
SERIES_DROPPED = counter(
    "caffewatch_series_dropped_total",
    "Series of the log left out because of metrics.max_series_per_log, counted at every scrape. "
    "Should stay at 0; raise the limit for a net that is really so large.",
)

LOG_FAMILIES = (
    RUN_INFO, RUN_STATE, RUN_ORIGIN, RUN_START, RUN_EVENTS, LAST_LINE, ITERATION, MAX_ITERATIONS,
    ITERATIONS_PER_SECOND, LOSS, LEARNING_RATE, NET_OUTPUT, SNAPSHOT_ITERATION, NON_FINITE,
    PARAMS_L1, PARAMS_L2, GRADIENT_CLIPS, LAYER_POSITION, LAYER_ACTIVATION, LAYER_WEIGHT,
    LAYER_GRADIENT, LAYER_PASSED, BLOB,
    ALERTS, FINDINGS, LINES, BYTES, UNRECOGNISED_LINES, READ_POSITION, READ_LAG, ROTATIONS,
    SERIES_DROPPED,
)  # fmt: skip
"""The families of one log, in the order of a scrape."""
