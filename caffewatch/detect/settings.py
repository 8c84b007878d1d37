"""How rules are tuned: parameters of each rule, and of layers by glob."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, FrozenInstanceError, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, ClassVar, NamedTuple, dataclass_transform

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


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _Declared:
    """Makes a dataclass of each subclass, keyword-only and frozen.

    What a dataclass has compiled for itself alone is here once for all of them: with two dozen
    rules it took a tenth of what a check of a short log takes.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __init_subclass__(cls) -> None:
        dataclass(init=False, eq=False, repr=False)(cls)

    def __init__(self, **given: Any) -> None:
        defaults = {entry.name: entry.default for entry in fields(self)}
        if unknown := given.keys() - defaults.keys():
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        vars(self).update(defaults | given)
        self.__post_init__()

    def __post_init__(self) -> None:
        """Raise ValueError where values do not fit each other."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__qualname__}({values})"


class Parameters(_Declared):
    """What every rule can be told. A rule's own subclass adds what it declares by `parameter`."""

    enabled: bool = parameter(True, "whether the rule looks at all")
    severity: Severity = parameter("warning", "how loud its findings are")


class RuleSettings(NamedTuple):
    """Parameters of rules, as configured for one job.

    Parameters
    ----------
    parameters
        Rule id -> its parameters; a rule that is not named has its defaults.
    layers
        Rule id -> (layer glob, parameters with that override applied), in the order of the file;
        the last glob that matches wins.
    """

    parameters: Mapping[str, Parameters] = {}
    layers: Mapping[str, tuple[tuple[str, Parameters], ...]] = {}

    def of_layer(self, rule: str, layer: str, default: Parameters) -> Parameters:
        """Return the parameters of a rule for one layer."""
        for glob, parameters in reversed(self.layers.get(rule, ())):
            if fnmatchcase(layer, glob):
                return parameters
        return default
