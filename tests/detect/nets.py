"""Nets and logs that several rules are shown."""

from __future__ import annotations

from typing import Any

from caffewatch.detect.finding import Finding
from caffewatch.detect.settings import RuleSettings
from tests.log.samples import real_log
from tests.logs import DATA, LOSS, MLP, CaffeLog, Layer, inner_product
from tests.watched import findings

CHANCE = 2.30259
"""The loss of guessing among ten classes."""
TEN_CLASSES = (
    *MLP[:-2],
    inner_product("score", "ip2")._replace(more=("inner_product_param {", "  num_output: 10", "}")),
    LOSS,
)
"""The `MLP` with its number of classes."""


def deep(kind: str, layers: int = 4) -> tuple[Layer, ...]:
    """Make a net of fully connected layers with an activation layer (``act1`` …) behind each."""
    hidden: list[Layer] = []
    bottom = "data"
    for number in range(1, layers + 1):
        name = f"ip{number}"
        hidden += [inner_product(name, bottom), Layer(f"act{number}", kind, (name,), (name,))]
        bottom = name
    return (DATA, *hidden, inner_product("score", bottom), LOSS)


def losses(*values: float, start: int = 0, **solver: Any) -> CaffeLog:
    """Write a log of these losses, ten iterations apart, of a net that tells its classes."""
    log = CaffeLog.started(TEN_CLASSES, **solver)
    log.losses(values, start)
    return log


def falling(count: int, first: float = CHANCE, ratio: float = 0.9) -> list[float]:
    """Return losses of a net that learns."""
    return [round(first * ratio**number, 6) for number in range(count)]


def resumed(layers: tuple[Layer, ...] = TEN_CLASSES, iteration: int = 500) -> CaffeLog:
    """Begin a log that goes on from a snapshot."""
    log = CaffeLog.started(layers)
    path = f"net_iter_{iteration}.solverstate"
    log.say(f"Resuming from {path}", "caffe.cpp:234")
    log.say(f"Restoring previous solver status from {path}", "solver.cpp:294")
    log.end_chunk(-1)
    return log


def real(name: str, rule: str, rules: RuleSettings | None = None) -> list[Finding]:
    """Return what one rule finds in a real log."""
    return [finding for finding in findings(real_log(name), rules) if finding.rule == rule]
