"""Dataclasses that cost little to define: what reads a log begins with dozens of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")


@dataclass_transform(field_specifiers=(field,))
def slotted(cls: type[T]) -> type[T]:
    """Make a class a dataclass with slots.

    It compares and shows itself as any other does, but by what stands here once for all of them:
    code of its own for that would be half of what its definition costs at every start.
    """
    made: Any = dataclass(slots=True, eq=False, repr=False)(cls)
    made.__eq__, made.__hash__, made.__repr__ = _is_equal, None, _shown
    return cast(type[T], made)


def _is_equal(one: Any, other: object) -> Any:
    return _compared(one) == _compared(other) if type(one) is type(other) else NotImplemented


def _compared(one: Any) -> list[Any]:
    return [getattr(one, entry.name) for entry in fields(one) if entry.compare]


def _shown(one: Any) -> str:
    values = ", ".join(f"{entry.name}={getattr(one, entry.name)!r}" for entry in fields(one))
    return f"{type(one).__qualname__}({values})"
