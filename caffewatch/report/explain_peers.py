"""A gradient against those of the same kind in its own block: what a single block can show."""

from __future__ import annotations

from caffewatch.detect.words import spell
from caffewatch.report.explain_anatomy import Anatomy, Entry, Role

TIMES = 30.0
"""Above the next largest gradient of its kind; healthy: 11 where it is above `LARGE`."""
LARGE = 1.0
VANISHED = 1e-5
"""Below the largest gradient of any weight; healthy: 1/179 of it."""
_MIN_PEERS = 2
_ALONE = 1.1
"""The L2 norm of all gradients over one of them, below which there is little else in it."""
_BATCH_LIKE = 10.0
"""Terms of a sum from which it is worth telling how many they are."""


def judge_peers(entry: Entry, anatomy: Anatomy) -> tuple[str, str] | None:
    """Say how a parameter's gradient stands out among those of the other layers.

    Returns
    -------
    tuple of str, or None
        What is seen and what to do about it; None where it does not stand out.
    """
    if not entry.gradient or entry.role not in (Role.WEIGHT, Role.BIAS):
        return None
    peers = [x.value for x in _alike(entry, anatomy)]
    if len(peers) < _MIN_PEERS:
        return None
    if entry.value >= LARGE and entry.value >= TIMES * max(*peers, _weights(entry, anatomy)):
        return _outlier(entry, anatomy, max(peers))
    if entry.role is Role.WEIGHT and 0 < entry.value < VANISHED * max(peers):
        return "far smaller than the gradient of other weights: it vanishes", (
            "Nothing reaches the first layers: use ReLUs in place of sigmoids, initialise with a"
            " higher variance (xavier, msra), or put BatchNorm in."
        )
    return None


def _alike(entry: Entry, anatomy: Anatomy) -> list[Entry]:
    return [x for x in anatomy.gradients[entry.role, entry.number] if x is not entry]


def _weights(entry: Entry, anatomy: Anatomy) -> float:
    """Return the gradient of the weights that a bias belongs to; 0 for weights themselves.

    A bias with peers before BatchNorm alone has nothing else to be compared with.
    """
    return next(
        (
            x.value
            for x in anatomy.entries
            if x.gradient and x.blob.layer == entry.blob.layer and x.number == 0 and entry.number
        ),
        0.0,
    )


def _outlier(entry: Entry, anatomy: Anatomy, peer: float) -> tuple[str, str]:
    layer = entry.blob.layer
    kind = "bias" if entry.role is Role.BIAS else "weight"
    said = (
        f"{spell(entry.value / peer)} times the next largest {kind} gradient ({spell(peer)})"
        if peer
        else f"the only {kind} gradient that is not 0"
    )
    norms = anatomy.block.pass_.norms
    if norms is not None and entry.value <= norms.l2[1] < _ALONE * entry.value:
        # n elements of this mean have an L2 norm of at least sqrt(n) times it: here n is 1.
        said += (
            f"; it has one element, which alone makes nearly all of the gradients' L2 norm"
            f" ({spell(norms.l2[1])})"
        )
    if kind == "weight":
        return said, f"Lower base_lr, or lr_mult of layer {layer}; look at the scale of its input."
    said += _summed(entry, anatomy)
    return said, (
        f"Begin the bias of layer {layer} at the mean of the targets, or take that mean off them"
        " and scale them to about unit size; lower its lr_mult or base_lr, or clip gradients."
    )


def _summed(entry: Entry, anatomy: Anatomy) -> str:
    """Tell what a bias gradient adds up: the gradient of its layer's output, over the batch."""
    tops = {x.blob.blob for x in anatomy.entries if _is_top(x, entry.blob.layer)}
    above = next((x for x in reversed(anatomy.entries) if _passes(x, entry, tops)), None)
    if above is None or not above.value or entry.value < _BATCH_LIKE * above.value:
        return ""
    return (
        f". A bias gradient is the sum of its output's ({spell(above.value)} on average) over batch"
        f" and positions: at least {entry.value / above.value:.0f} of them pull the same way, so"
        " the predictions are all off to one side"
    )


def _is_top(entry: Entry, layer: str) -> bool:
    return entry.blob.layer == layer and entry.blob.kind == "top"


def _passes(entry: Entry, bias: Entry, tops: set[str]) -> bool:
    """Tell whether this is the gradient of the bias's layer's output, passed by another layer."""
    blob = entry.blob
    return blob.kind == "bottom" and blob.blob in tops and blob.layer != bias.blob.layer
