"""All rules, in the order in which causes come before what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caffewatch.detect.bad_input import BadInput
from caffewatch.detect.crash import Crash
from caffewatch.detect.data_starvation import DataStarvation
from caffewatch.detect.dead_activation import DeadActivation
from caffewatch.detect.gradient_explosion import GradientExplosion
from caffewatch.detect.learning_rate import LearningRateRule
from caffewatch.detect.loss_divergence import LossDivergence
from caffewatch.detect.loss_plateau import LossPlateau
from caffewatch.detect.loss_spike import LossSpike
from caffewatch.detect.non_finite import NonFinite
from caffewatch.detect.overfitting import Overfitting
from caffewatch.detect.rule import Rule
from caffewatch.detect.saturated_activation import SaturatedActivation
from caffewatch.detect.slowdown import Slowdown
from caffewatch.detect.stall import Stall
from caffewatch.detect.suspect_data import SuspectData
from caffewatch.detect.unchanged_weights import UnchangedWeights
from caffewatch.detect.update_ratio import UpdateRatio
from caffewatch.detect.vanishing_gradient import VanishingGradient
from caffewatch.detect.weight_norm import WeightNorm
from caffewatch.detect.zero_gradient import ZeroGradient

RULES: Mapping[str, type[Rule[Any]]] = {
    rule.id: rule
    for rule in (
        NonFinite,
        BadInput,
        DeadActivation,
        SaturatedActivation,
        ZeroGradient,
        VanishingGradient,
        GradientExplosion,
        UpdateRatio,
        UnchangedWeights,
        WeightNorm,
        LearningRateRule,
        LossDivergence,
        LossSpike,
        LossPlateau,
        Overfitting,
        SuspectData,
        Stall,
        Slowdown,
        DataStarvation,
        Crash,
    )
}
