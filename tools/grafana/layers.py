"""The microscope: every layer over time, from the input at the bottom to the loss at the top."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from grafana.panels import column, graph, layers, rows, steps
from grafana.variables import KEYS, LOG, dashboard, layer_choice

UID = "caffe-layers"
_CHOSEN = f'{LOG},layer=~"$layer"'
_GRADIENT = "caffe_layer_gradient_mean_abs"
_WEIGHT = "caffe_layer_weight_mean_abs"
_ACTIVATION = "caffe_layer_activation_mean_abs"
_PASSED = "caffe_layer_relu_passed_ratio"
_SCALE = (
    "Colours are powers of ten of the mean absolute value: -3 is 0.001. Exactly 0 has the colour "
    "of the lower end; nan is a gap. "
)


def build() -> Dashboard:
    """Return the dashboard."""
    board = dashboard(
        UID,
        "Caffe: layers",
        "Gradients, weights and activations of every layer of one log (debug_info: true), and how "
        "much each ReLU lets through.",
        one_log=True,
    ).with_variable(layer_choice())
    return _lines(_now(_maps(board)))


def in_order(family: str) -> str:
    """Return a family's series of the chosen layers, sorted by the layers' places in the net.

    Prometheus sorts by labels, so the place is made one that comes before all others.
    """
    places = (
        f'count_values by ({KEYS}, layer) ("depth", 100000 + caffe_layer_position{{{_CHOSEN}}})'
    )
    joined = f"{family}{{{_CHOSEN}}} * on ({KEYS}, layer) group_left (depth) {places}"
    return f"sum by (depth, layer) ({joined})"


def _powers(family: str) -> str:
    return f"log10(clamp({in_order(family)}, 1e-12, 1e12))"


def _maps(board: Dashboard) -> Dashboard:
    return (
        board.with_panel(
            layers(
                "Gradients",
                _SCALE + "Rows should have like colours and keep them: dark first layers below "
                "bright last ones vanish, a column that turns red explodes.",
                _powers(_GRADIENT),
                -10,
                2,
            )
        )
        .with_panel(
            layers(
                "Weights",
                _SCALE + "They drift slowly. A row that changes within minutes is a learning rate "
                "that is far too high; statistics of BatchNorm grow by design.",
                _powers(_WEIGHT),
                -5,
                2,
            )
        )
        .with_panel(
            layers(
                "Activations",
                _SCALE
                + "Steady within a factor of ten is normal. A ReLU at the lower end is dead.",
                _powers(_ACTIVATION),
                -5,
                3,
            )
        )
        .with_panel(
            layers(
                "What each ReLU lets through",
                "Output over input: about 0.5 is healthy, below 0.001 the layer is dead.",
                in_order(_PASSED),
                0,
                1,
            )
        )
    )


def _now(board: Dashboard) -> Dashboard:
    def value(family: str) -> str:
        return f"max by (layer) ({family}{{{_CHOSEN}}})"

    table = rows(
        "Now",
        "The newest block, in the order of the net.",
        [
            (value("caffe_layer_position"), "#"),
            (value(_ACTIVATION), "Activation"),
            (value(_WEIGHT), "Weight"),
            (value(_GRADIENT), "Gradient"),
            (f"{value(_GRADIENT)} / ({value(_WEIGHT)} > 0)", "Gradient over weight"),
            (value(_PASSED), "ReLU lets through"),
        ],
    )
    for name in ("Activation", "Weight", "Gradient", "Gradient over weight"):
        table = column(table, name, unit="sci", decimals=2)
    table = column(
        table,
        "ReLU lets through",
        unit="percentunit",
        thresholds=steps(((None, "red"), (0.001, "orange"), (0.05, "green"))).build(),
        **{"custom.cellOptions": {"type": "color-text"}},
    )
    return board.with_panel(column(table, "#", unit="none"))


def _lines(board: Dashboard) -> Dashboard:
    first, last = (
        f"sum({_GRADIENT}{{{LOG}}} and caffe_layer_position{{{LOG}}} == on ({KEYS}) group_left () "
        f"{which} by ({KEYS}) (caffe_layer_position{{{LOG}}} and {_GRADIENT}{{{LOG}}}))"
        for which in ("min", "max")
    )
    name = "{{layer}}"
    return (
        board.with_row(Row("The same as lines"))
        .with_panel(
            graph(
                "First gradient over last",
                "Of the first layer that has a gradient, over that of the last. 0.001 and less is "
                "vanishing where the loss does not fall either; 1000 and more is exploding.",
                (f"{first} / ({last} > 0)", "first over last"),
                log=True,
            ).span(12)
        )
        .with_panel(
            graph(
                "Gradients",
                "Mean absolute gradient of the first parameter.",
                (f"{_GRADIENT}{{{_CHOSEN}}}", name),
                log=True,
            ).span(12)
        )
        .with_panel(
            graph(
                "Weights",
                "Mean absolute value of the first parameter.",
                (f"{_WEIGHT}{{{_CHOSEN}}}", name),
                log=True,
            ).span(12)
        )
        .with_panel(
            graph(
                "Activations",
                "Mean absolute value of the first output.",
                (f"{_ACTIVATION}{{{_CHOSEN}}}", name),
                log=True,
            ).span(12)
        )
    )
