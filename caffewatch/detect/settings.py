"""How rules are tuned: parameters of each rule, and of layers by glob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from caffewatch.detect.finding import Severity


def parameter(
    default: Any,
    help: str,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """Declare a rule's parameter: its default, what it means, its unit and its range."""
    described = {"help": help, "unit": unit, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata={k: v for k, v in described.items() if v is not None})


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What every rule can be told."""

    enabled: bool = parameter(True, "whether the rule looks at all")
    severity: Severity = parameter("warning", "how loud its findings are")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """Parameters of rules, as configured for one job.

    Parameters
    ----------
    parameters
        Rule id -> its parameters; a rule that is not named has its defaults.
    layers
        Rule id -> (layer glob, parameters with that override applied), in the order of the file;
        the last glob that matches wins.
    """

    parameters: Mapping[str, Parameters] = field(default_factory=dict)
    layers: Mapping[str, tuple[tuple[str, Parameters], ...]] = field(default_factory=dict)

    def of_layer(self, rule: str, layer: str, default: Parameters) -> Parameters:
        """Return the parameters of a rule for one layer."""
        for glob, parameters in reversed(self.layers.get(rule, ())):
            if fnmatchcase(layer, glob):
                return parameters
        return default
