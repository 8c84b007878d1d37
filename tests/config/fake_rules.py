"""A registry of the shape of `caffewatch.detect.registry`, with one parameter of each type."""

from __future__ import annotations

from typing import Any, ClassVar

from caffewatch.config.rules import Registry
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, parameter


class FakeGradient(Parameters):
    passes: int = parameter(5, "how many in a row", "passes", 1, 100)


class FakeStall(Parameters):
    silence: float = parameter(1800.0, "how long without a line", "seconds")
    ratio: float = parameter(10.0, "how much longer than usual", minimum=1.0)
    soft: float = parameter(2.0, "where it begins")

    def __post_init__(self) -> None:
        if self.soft > self.ratio:
            raise ValueError(f"expected soft ({self.soft:g}) at most ratio ({self.ratio:g})")


class ZeroGradient(Rule[Any]):
    title: ClassVar[str] = "gradients of zero"
    Parameters: ClassVar[type[Parameters]] = FakeGradient


class Stall(Rule[Any]):
    title: ClassVar[str] = "silence"
    Parameters: ClassVar[type[Parameters]] = FakeStall


FAKE_RULES: Registry = {"zero_gradient": ZeroGradient, "stall": Stall}
