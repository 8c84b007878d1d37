"""A loss against what its type can mean."""

from __future__ import annotations

import math

from caffewatch.detect.words import spell
from caffewatch.report.explain_anatomy import Anatomy, Entry, Role

SATURATED = 87.3365
"""-ln(FLT_MIN): a softmax that gave the true class the probability 0."""
_CLOSE = 1e-3
BEYOND = 1000.0
"""Times the mean output that a loss judges, at which the two are of different worlds."""
_MIN_CLASSES, _MAX_CLASSES = 2, 30_000
_CHANCE = 0.005


def judge_loss(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    """Say what is wrong with a loss; None where nothing is, or it is no loss."""
    if entry.role is not Role.LOSS or entry.gradient or not math.isfinite(entry.value):
        return None
    if math.isclose(entry.value, SATURATED, rel_tol=_CLOSE) and _maybe_softmax(entry):
        return f"{SATURATED} = -ln(FLT_MIN): the softmax gives the true class the probability 0", (
            "It is nan by another name, or labels lie outside the classes: look at both."
        )
    if entry.value <= SATURATED:
        return None
    if entry.kind == "SoftmaxWithLoss":
        return f"more than {SATURATED}, the most a softmax loss can be when it is normalised", (
            "Normalise the loss (loss_param: normalization: VALID), or lower loss_weight."
        )
    read = _judged(entry, anatomy)
    if read is None or entry.value < BEYOND * read.value:
        return None
    return _beside(entry, read)


def at_chance(entry: Entry) -> int | None:
    """Return the number of classes whose chance a softmax loss is at; None at no such value."""
    if entry.kind not in ("SoftmaxWithLoss", "Loss") or not 0 < entry.value < math.log(
        _MAX_CLASSES
    ):
        return None
    classes = round(math.exp(entry.value))
    if classes < _MIN_CLASSES or abs(math.log(classes) - entry.value) > _CHANCE:
        return None
    return classes if classes in (2, 5, 10, 20, 100, 1000) else None


def _maybe_softmax(entry: Entry) -> bool:
    return entry.kind in ("SoftmaxWithLoss", "Loss")


def _judged(entry: Entry, anatomy: Anatomy) -> Entry | None:
    """Return the output that a loss judges: what it passes a gradient to, as last written."""
    passed = [
        x.blob.blob for x in anatomy.entries if x.gradient and x.blob.layer == entry.blob.layer
    ]
    tops = [x for x in anatomy.entries if x.blob.kind == "top" and x.blob.blob in passed[:1]]
    return tops[-1] if tops else None


def _beside(entry: Entry, read: Entry) -> tuple[str, str]:
    error = math.sqrt(2 * entry.value)
    said = f"{spell(entry.value)} beside predictions of {spell(read.value)} ({read.blob.blob})"
    if entry.kind != "EuclideanLoss":
        said += f"; no normalised softmax loss goes beyond {SATURATED}"
    return (
        f"{said}. As half a squared distance it is an error of {error:.3g} for each sample: targets"
        " of a far larger scale than the predictions, or a loss that is summed and not averaged",
        "Scale the targets to about unit size (take their mean off, divide by their spread), and"
        " divide the loss by the batch (normalize, or a loss_weight below 1).",
    )
