"""All rules, in the order in which causes come before what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caffewatch.detect.crash import Crash
from caffewatch.detect.dead_activation import DeadActivation
from caffewatch.detect.gradient_explosion import GradientExplosion
from caffewatch.detect.non_finite import NonFinite
from caffewatch.detect.rule import Rule
from caffewatch.detect.zero_gradient import ZeroGradient

RULES: Mapping[str, type[Rule[Any]]] = {
    rule.id: rule for rule in (NonFinite, DeadActivation, ZeroGradient, GradientExplosion, Crash)
}
