from __future__ import annotations

import pickle
from dataclasses import field, replace
from math import nan

import pytest

from caffewatch.log.slotted import slotted


@slotted
class Point:
    """A record."""

    x: float
    y: float = 0.0
    seen: list[int] = field(default_factory=list)
    note: str = field(default="", compare=False)


@slotted
class Other:
    """Another record of the same shape."""

    x: float
    y: float = 0.0


class TestSlotted:
    def test_equals_by_its_fields(self) -> None:
        """Those that count; an object that is no number is still itself."""
        assert Point(1.0) == Point(1.0, note="b")
        assert Point(1.0) != Point(1.0, 2.0)
        assert Point(nan) == Point(nan)

    def test_of_another_class(self) -> None:
        """Is another thing, whatever its fields hold."""
        others: list[object] = [Other(1.0), (1.0, 0.0, [])]

        assert Point(1.0) not in others

    def test_shows_its_fields(self) -> None:
        """All of them, as a dataclass does."""
        assert repr(Point(1.0)) == "Point(x=1.0, y=0.0, seen=[], note='')"

    def test_has_slots_and_no_hash(self) -> None:
        """It may change, but not get other fields."""
        point = Point(1.0)
        point.y = 3.0

        with pytest.raises(AttributeError):
            point.z = 1.0  # type: ignore[attr-defined] # what is refused
        with pytest.raises(TypeError, match="unhashable"):
            hash(point)

    def test_copies(self) -> None:
        """It can be pickled, and made anew with other values."""
        point = Point(1.0, seen=[2])

        assert pickle.loads(pickle.dumps(point)) == point
        assert replace(point, y=2.0) == Point(1.0, 2.0, [2])
