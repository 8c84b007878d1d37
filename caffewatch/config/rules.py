"""Rules in the file: models made from the rules' parameters, and the way back to parameters."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from caffewatch.config.types import Duration
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings

Registry = Mapping[str, type[Rule[Any]]]

_STRICT = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


_LAYERS = "Overrides for layers whose names fit a pattern, such as fc*; the last that fits wins."


class InvalidRuleError(ValueError):
    """Parameters of a rule that are each possible, but not together."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def rules_model(registry: Registry) -> type[BaseModel]:
    """Make the model of a ``rules`` mapping: every rule, its parameters and its layers."""
    fields: dict[str, Any] = {
        rule: (
            Annotated[
                _rule_model(rule, entry.Parameters, entry.layered) | None,
                Field(description=entry.title),
            ],
            None,
        )
        for rule, entry in registry.items()
    }
    return create_model("Rules", __config__=_STRICT, **fields)


def _rule_model(rule: str, parameters: type[Parameters], layered: bool) -> Any:
    """Make the model of one rule; only one that judges layers can be told about layers."""
    hints = typing.get_type_hints(parameters)
    fields: dict[str, Any] = {
        entry.name: (_annotation(hints[entry.name], entry.metadata), entry.default)
        for entry in dataclasses.fields(parameters)
    }
    name = "".join(word.capitalize() for word in rule.split("_"))
    if not layered:
        return create_model(name, __config__=_STRICT, **fields)
    override: Any = create_model(f"{name}Override", __config__=_STRICT, **fields)
    layers: Any = (
        Annotated[dict[Annotated[str, Field(min_length=1)], override], Field(description=_LAYERS)],
        {},
    )
    return create_model(name, __config__=_STRICT, layers=layers, **fields)


def _annotation(hint: Any, metadata: Mapping[str, Any]) -> Any:
    """Add to a parameter's type what its metadata says: range, unit, help."""
    unit = metadata.get("unit")
    help_ = " ".join(filter(None, (metadata.get("help"), f"[{unit}]" if unit else "")))
    base = Duration if hint is float and unit in {"s", "seconds"} else hint
    limits: dict[str, Any] = {"ge": metadata.get("minimum"), "le": metadata.get("maximum")}
    if hint is float:
        limits["allow_inf_nan"] = False
    return Annotated[base, Field(description=help_ or None, **limits)]


def resolve(registry: Registry, *documents: BaseModel | None) -> RuleSettings:
    """Lay ``rules`` mappings over the defaults, later ones over earlier ones.

    A layer's override is laid over the rule's own final parameters. The last glob that matches a
    layer will win, so one that a job repeats moves to the end, with those of the job.

    Raises
    ------
    InvalidRuleError
        A rule's parameters do not fit each other.
    """
    parameters: dict[str, Parameters] = {}
    layers: dict[str, tuple[tuple[str, Parameters], ...]] = {}
    for rule, entry in registry.items():
        parts = [getattr(document, rule) for document in documents if document is not None]
        parts = [part for part in parts if part is not None]
        try:
            parameters[rule] = _lay_over(entry.Parameters(), *map(_values, parts))
            layers[rule] = _layers(parameters[rule], parts)
        except ValueError as error:
            raise InvalidRuleError(rule, str(error)) from error
    return RuleSettings(
        parameters=parameters, layers={rule: globs for rule, globs in layers.items() if globs}
    )


def _layers(base: Parameters, parts: list[Any]) -> tuple[tuple[str, Parameters], ...]:
    overrides: dict[str, dict[str, Any]] = {}
    for part in parts:
        for glob, override in getattr(part, "layers", {}).items():
            overrides[glob] = overrides.pop(glob, {}) | _values(override)
    return tuple((glob, _lay_over(base, values)) for glob, values in overrides.items())


def _lay_over(base: Parameters, *values: Mapping[str, Any]) -> Parameters:
    for some in values:
        base = dataclasses.replace(base, **some)
    return base


def _values(document: BaseModel) -> dict[str, Any]:
    """Return what was written, without what was left at its default."""
    return {name: getattr(document, name) for name in document.model_fields_set - {"layers"}}
