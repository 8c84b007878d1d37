from __future__ import annotations

from math import inf, nan

import pytest

from caffewatch.draw.heat import Heat, heat
from caffewatch.history.layers import LayerMap
from caffewatch.log.events import Blob, Moment, Pass

BLOBS = (Blob("backward", "conv1", "param", "0", "diff"),)


def drawn(*gradients: float, most_cells: int = 1000) -> Heat:
    """Draw the map of a net of one layer, with a column for each gradient."""
    layers = LayerMap()
    for number, value in enumerate(gradients):
        layers.add(Pass(1, "train", BLOBS, [value], 1, Moment(None)))
        layers.number(number)
    made = heat(layers, "gradient", most_cells)
    assert made is not None
    return made


class TestShades:
    def test_by_the_logarithm(self) -> None:
        """The smallest and the largest are the outer ones, and what is not finite has its own."""
        made = drawn(1e-6, 1e-3, 1.0, 0.0, nan, inf)

        assert {shade for shade, _ in made.paths} == {"s0", "s6", "s11", "zero", "nan", "inf"}
        assert made.ends == ("1e-06", "1")

    @pytest.mark.parametrize("value", [1.0, 1e-38, 3e38])
    def test_one_value(self, value: float) -> None:
        """It is drawn in the middle, in one piece."""
        ((shade, path),) = drawn(value, value).paths

        assert (shade, path.count("M")) == ("s6", 1)

    def test_nothing_that_has_a_size(self) -> None:
        """Where all is nan there is a map all the same."""
        assert [shade for shade, _ in drawn(nan, nan).paths] == ["nan"]


class TestCells:
    def test_few(self) -> None:
        """Neighbours share a cell: the larger counts, and nan before all."""
        made = drawn(*(1.0 for _ in range(98)), nan, 3.0, most_cells=50)

        assert made.rows[0].values == " ".join([*["1"] * 49, "nan"])
        assert made.spans.endswith(" 96:97 98:99")
