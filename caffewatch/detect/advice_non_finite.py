"""What to do about a nan, by where it began."""

from __future__ import annotations

from caffewatch.detect.finding import Finding
from caffewatch.detect.snapshots import judge
from caffewatch.log.run import Run

_DOMAINS = {
    "Log": "takes the logarithm of what is 0 or negative: add a shift, or clamp its input",
    "Power": "takes a root or a negative power of what is 0 or negative: add a shift",
    "Exp": "overflows: bound its input",
    "Reduction": "sums up more than float32 holds: average instead",
    "SoftmaxWithLoss": "met a label outside the classes, or scores beyond float32: check the labels"
    " (from 0 to classes - 1; -1 needs ignore_label)",
    "EuclideanLoss": "overflowed: scale the targets and the predictions to about 1",
    "SigmoidCrossEntropyLoss": "met targets outside 0 … 1",
    "BatchNorm": "divides by a variance of 0 or overflows: raise eps, check the batch size",
}


def advise(finding: Finding, run: Run) -> tuple[str, ...]:
    """Advise on a finding of non_finite, most useful first."""
    return (*_cause(finding, run), *_recovery(finding, run))


def _cause(finding: Finding, run: Run) -> list[str]:
    place = finding.place
    if finding.origin == "here" and place.layer is not None:
        layer = run.net.layer(place.layer)
        if place.kind == "input" or _is_input(layer.name, run):
            return [
                f"The input itself is bad: look for nan or inf in what layer {layer.name} reads "
                "(corrupt images, a division in preprocessing, a wrong mean or scale)."
            ]
        if layer.kind in _DOMAINS:
            return [f"Layer {layer.name} ({layer.kind}) {_DOMAINS[layer.kind]}."]
        if place.phase == "backward":
            return [
                f"The gradient overflowed in layer {layer.name} while its output was still "
                f"finite: {_lower(run)}, and clip gradients (clip_gradients: 35 in the solver)."
            ]
        return [
            f"The output of layer {layer.name} overflowed though its parameters are finite: look "
            f"at its input, {_lower(run)}, and normalise (BatchNorm, inputs scaled to about 1)."
        ]
    if place.kind == "output" and "87.3365" in finding.text:
        return [
            "Check that labels lie in 0 … classes - 1 (releases of Caffe do not check them).",
            f"If they do, the scores have blown up: {_lower(run)}, and clip gradients.",
        ]
    return [
        f"Most likely an update blew the weights up: {_lower(run)}, clip gradients "
        "(clip_gradients: 35 in the solver), start from smaller initial weights, or put BatchNorm "
        "in.",
        *([] if run.passes else [_TURN_ON]),
    ]


_TURN_ON = (
    "Set debug_info: true in the solver (with a small display): it shows in which layer the first "
    "nan appears."
)


def _is_input(layer: str, run: Run) -> bool:
    described = run.net.layers.get(layer)
    return layer in ("data", "input") if described is None else not described.bottoms


def _lower(run: Run) -> str:
    rate = run.learning_rate
    if rate is None:
        return "lower base_lr to a tenth"
    return f"lower base_lr to a tenth (the rate was {rate:g}, try {rate / 10:g})"


def _recovery(finding: Finding, run: Run) -> list[str]:
    _, clean, poisoned = judge(run, finding)
    advice = ["Stop the job: Caffe goes on training, and writing snapshots, on nan."]
    if clean:
        advice.append(f"Resume from {clean}, the last clean snapshot.")
    elif run.loaded is not None:
        advice.append(f"No snapshot of this run is clean: start again from {run.loaded.path}.")
    else:
        advice.append("No snapshot of this run is clean: start again.")
    if poisoned:
        advice.append(f"Do not use {', '.join(poisoned[-3:])}: written after the nan.")
    return advice
