"""Which lines of a block to look at, and what to do about them.

Thresholds stand in gaps: over every block of the healthy ones of the 111 labelled runs the highest
values seen are given beside each. Findings are the rules' affair; a mark says what a person who
sees this one block, and perhaps nothing else, would point at.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from caffewatch.detect.words import spell
from caffewatch.report.explain_anatomy import Anatomy, Entry, Role
from caffewatch.report.explain_loss import judge_loss
from caffewatch.report.explain_peers import judge_peers


class Mark(NamedTuple):
    """Why to look at a line, and what to do about it."""

    text: str
    advice: str = ""


Judge = Callable[[Entry, Anatomy], "tuple[str, str] | None"]

EXPLODED = 1e8
"""The mean gradient at which nobody doubts any more."""
HUGE = 1e4
"""A mean output no net works with; healthy: 10. Source: BTTackler."""
BEYOND_IMAGES = 255.0
DYING = 0.02
"""Output over input of a ReLU; healthy: 0.33 here, 0.03 in `dead_activation`'s passes."""
LARGE_STEP = 0.1
"""lr * gradient / weight; healthy: 0.02 behind the first block."""
MIN_HISTORY = 5
_LEAPS = {
    Role.INPUT: (10.0, 5.0), Role.OUTPUT: (50.0, 5.0), Role.WEIGHT: (10.0, 3.0),
    Role.BIAS: (300.0, 10.0), Role.LOSS: (30.0, 5.0),
}  # fmt: skip
"""Role -> times the median, and times the most, of a blob's own history; healthy: 1.1 and 1,
12 and 1.5, 1.7 and 1, 45 and 1.4, 3 and 1.3."""
_GRADIENT_LEAP = (100.0, 10.0)
"""The same for gradients; healthy: 9 and 2."""

_LOWER_LR = "Lower base_lr by a factor of 10, or clip gradients (clip_gradients: 35), and see."
_PLAIN_SGD = ("SGD", "Nesterov")


def judge(entry: Entry, anatomy: Anatomy) -> Mark | None:
    """Say why a line is to be looked at; None where it is as it should be."""
    for look in _JUDGES:
        found = look(entry, anatomy)
        if found is not None:
            return Mark(*found)
    return None


def share(entry: Entry, anatomy: Anatomy) -> float | None:
    """Return a ReLU's output over its input; None for anything else, and where that is 0."""
    source = anatomy.before(entry) if entry.kind == "ReLU" else None
    return entry.value / source.value if source is not None and source.value else None


def step(entry: Entry, anatomy: Anatomy) -> float | None:
    """Return how large an update is beside its parameter, where the solver makes that known."""
    if entry.number is None or entry.role is not Role.WEIGHT:
        return None
    rate = anatomy.block.learning_rate
    place = anatomy.parameter_of(entry)
    if not entry.gradient or rate is None or place is None or place.data is None:
        return None
    weight = anatomy.entries[place.data].value
    if not weight or anatomy.picture.run.solver_type not in _PLAIN_SGD:
        return None
    return rate * anatomy.lr_mult(entry) * entry.value / anatomy.block.grad_scale / weight


def _non_finite(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    if math.isfinite(entry.value):
        return None
    bad = [x for x in anatomy.entries if not math.isfinite(x.value)]
    name = spell(entry.value)
    if bad[0] is not entry:
        return f"{name}, as it came to be above", ""
    if any(x.number is not None and x.blob.layer == entry.blob.layer for x in bad):
        return (
            f"{name}, the first of {len(bad)} in this block, and the layer's own parameters are bad"
            " too: the true event was the update before this block",
            "Go back to a snapshot from before it, with base_lr 10 times lower.",
        )
    return (
        f"{name}, the first of {len(bad)} in this block, while the parameters of its layer are"
        " finite: its input or what it computes made it",
        f"Look at what layer {entry.blob.layer} reads and computes (log, root, division).",
    )


def _zero(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    if entry.value != 0:
        return None
    if entry.gradient:
        return _zero_gradient(entry, anatomy)
    if entry.role is Role.WEIGHT and entry.blob.quantity == "data" and entry.kind != "PReLU":
        return (
            "all weights are exactly 0: every unit of the layer is alike and stays so",
            f"Initialise layer {entry.blob.layer} at random (weight_filler: xavier or msra).",
        )
    if entry.role is Role.INPUT:
        return "the input is exactly 0", "Look at the data, its scale and its mean."
    if entry.role is Role.OUTPUT:
        said = "it lets nothing through" if entry.kind == "ReLU" else "the output is exactly 0"
        return said, (
            "Find why the units died: a step that was too large, biases far below 0, inputs or "
            "weights that are all 0. Lower base_lr; negative_slope keeps a ReLU alive."
        )
    return None


def _zero_gradient(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    losses = [x.value for x in anatomy.entries if x.role is Role.LOSS and not x.gradient]
    if losses and not any(losses):
        return None  # a loss of 0, as hinge losses reach it, has no gradient
    place = anatomy.parameter_of(entry)
    if entry.number is not None and place is not None and not place.learned:
        return None
    what = "it learns nothing" if entry.number is not None else "nothing is passed down"
    return (
        f"exactly 0: {what}",
        "Look upwards for what stops the gradient: dead ReLUs, weights that are all 0, or labels"
        " that the loss ignores.",
    )


def _exploded(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    if entry.gradient and entry.value / anatomy.block.grad_scale >= EXPLODED:
        return f"a mean gradient of {EXPLODED:g} or more: it explodes", _LOWER_LR
    return None


def _leap(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    """Compare a value with its own history; one that only falls is a net that learns."""
    limits = _GRADIENT_LEAP if entry.gradient else _LEAPS.get(entry.role)
    usual, past = entry.usual, [x for x in entry.history if math.isfinite(x)]
    if limits is None or not usual or len(past) < MIN_HISTORY:
        return None
    if entry.value <= limits[0] * usual or entry.value <= limits[1] * max(past):
        return None
    advice = "Look at this batch's data and scale." if entry.role is Role.INPUT else _LOWER_LR
    return f"{spell(entry.value / usual)} times what it usually is in this run", advice


def _scale(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    if entry.number is not None or entry.gradient:
        return None
    if entry.role is Role.INPUT and entry.value > BEYOND_IMAGES:
        return (
            "beyond any image's scale (0 to 255)",
            "Scale the input to about unit size (transform_param: scale, mean_value).",
        )
    if entry.role is Role.OUTPUT and entry.value > HUGE:
        return f"a mean output beyond {HUGE:g}: nothing can be learned at such a scale", (
            "Scale the input, initialise with smaller weights (xavier, msra), or put BatchNorm in."
        )
    return None


def _dying(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    passed = share(entry, anatomy)
    if passed is None or passed > DYING:
        return None
    return f"lets only {passed:.2%} of its input through: it is dying", (
        "Lower base_lr; look at the biases below it; negative_slope keeps a ReLU alive."
    )


def _step(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    ratio = step(entry, anatomy) if entry.history else None
    if ratio is None or ratio <= LARGE_STEP:
        return None
    return f"one step changes the weights by {ratio:.2g} of their size", _LOWER_LR


_JUDGES: tuple[Judge, ...] = (
    _non_finite, _zero, judge_loss, _exploded, _leap, _scale, _dying, judge_peers, _step,
)  # fmt: skip
