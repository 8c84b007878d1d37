"""One look at a pass, shared by all rules."""

from __future__ import annotations

import math

from caffewatch.detect.layout import Layout
from caffewatch.log.events import Pass


class Look:
    """A pass with what every rule would work out of it again.

    Attributes
    ----------
    finite
        Whether all values are.
    gradients
        The [Backward] values; ``peak`` and ``floor`` are their largest and smallest, 0 where
        there are none. Meaningless where the pass is not finite.
    weights
        The data of ``layout.weights`` (and the first once more), in passes with gradients;
        ``heaviest`` and ``lightest`` are their largest and smallest.
    """

    __slots__ = (
        "finite", "floor", "gradients", "heaviest", "layout", "lightest", "pass_", "peak",
        "values", "weights",
    )  # fmt: skip

    def __init__(self, pass_: Pass, layout: Layout) -> None:
        self.pass_ = pass_
        self.layout = layout
        self.values = values = pass_.values
        # The sum is the fast way; finite values may overflow it.
        self.finite = math.isfinite(sum(values)) or all(map(math.isfinite, values))
        self.gradients = gradients = values[layout.backward :]
        self.peak = self.floor = 0.0
        if gradients:
            self.peak, self.floor = max(gradients), min(gradients)
            self.weights = weights = layout.pick_weights(values)
            self.heaviest = self.lightest = 0.0
            if weights:
                self.heaviest, self.lightest = max(weights), min(weights)
