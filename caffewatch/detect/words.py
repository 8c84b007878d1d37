"""Numbers and places in words, as findings use them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from caffewatch.log.events import Blob

_PARAMETERS = ("weight", "bias")
SHOWN = 6
"""Layers that a sentence names before it only counts them."""


def spell(value: float) -> str:
    """Write a value as Caffe does: six significant digits, nan without a sign."""
    return "nan" if math.isnan(value) else f"{value:.6g}"


def describe(blob: Blob) -> str:
    """Say what a debug_info value measures."""
    if blob.kind == "param":
        what = f"parameter {blob.blob} of layer {blob.layer}"
        if blob.phase == "update":
            return f"the update of {what}" if blob.quantity == "diff" else what
        if blob.quantity == "diff" and blob.blob in ("0", "1"):
            # BatchNorm's statistics have no gradient, so these are a weight and a bias.
            what = f"the {parameter_name(int(blob.blob))} of layer {blob.layer}"
        return f"the gradient of {what}" if blob.quantity == "diff" else what
    if blob.kind == "bottom":
        return f"the gradient that layer {blob.layer} passes to blob {blob.blob}"
    if blob.kind == "input":
        return f"the net's input {blob.blob}"
    same = blob.blob == blob.layer
    return f"the output of layer {blob.layer}" + ("" if same else f" (blob {blob.blob})")


def parameter_name(index: int) -> str:
    """Name a layer's parameter by its index."""
    return _PARAMETERS[index] if index < len(_PARAMETERS) else f"parameter {index}"


def enumerate_layers(layers: Sequence[str]) -> str:
    """Name layers in a sentence; many are cut to the first few and a count."""
    if len(layers) > SHOWN:
        return ", ".join(layers[:SHOWN]) + f" and {len(layers) - SHOWN} more"
    return ", ".join(layers[:-1]) + f" and {layers[-1]}" if len(layers) > 1 else "".join(layers)


def count(number: int, noun: str) -> str:
    """Count a noun: 1 pass, 2 passes."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}es" if noun.endswith("ss") else f"{number} {noun}s"
