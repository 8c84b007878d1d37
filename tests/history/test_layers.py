from __future__ import annotations

import pickle
from math import isnan, nan

from caffewatch.history.layers import MISSING, LayerMap, Quantity, Span
from caffewatch.log.events import Blob

BLOBS = (
    Blob("forward", "fc", "top", "fc", "data"),
    Blob("forward", "fc", "param", "0", "data"),
    Blob("forward", "fc", "param", "1", "data"),
    Blob("backward", "fc", "bottom", "x", "diff"),
    Blob("backward", "fc", "param", "0", "diff"),
)


def block(*values: float, blobs: tuple[Blob, ...] = BLOBS) -> tuple[tuple[Blob, ...], list[float]]:
    """Make a block of the training net."""
    return blobs, list(values)


def gradient(value: float) -> tuple[tuple[Blob, ...], list[float]]:
    """Make a block with this gradient."""
    return block(1.0, 2.0, 3.0, 4.0, value)


def recorded(*gradients: float, capacity: int = 4) -> LayerMap:
    """Record a block with each gradient, ten iterations apart."""
    made = LayerMap(capacity)
    for number, value in enumerate(gradients):
        made.add(*gradient(value))
        made.number(10 * number)
    return made


def cells(made: LayerMap, quantity: Quantity = "gradient") -> list[float]:
    """Return the row of the only layer that has a quantity."""
    ((layer, found),) = made.rows(quantity)
    assert layer == "fc"
    return list(found)


class TestLayerMap:
    def test_quantities(self) -> None:
        """The first top, the first parameter and that one's gradient are the layer's."""
        made = recorded(5.0)

        assert [cells(made, x) for x in ("activation", "weight", "gradient")] == [
            [1.0], [2.0], [5.0],
        ]  # fmt: skip

    def test_columns_merge(self) -> None:
        """A full map merges neighbours, and keeps the largest value of each stretch."""
        made = recorded(1.0, 9.0, 2.0, 1.0, 3.0, 1.0)

        assert cells(made) == [9.0, 2.0, 3.0]
        assert made.spans == [Span(0, 10), Span(20, 30), Span(40, 50)]

    def test_nan_survives(self) -> None:
        """One nan marks its stretch, whether it comes first or last in it."""
        first, last = recorded(nan, 1.0, 1.0, 1.0, 1.0), recorded(1.0, 1.0, 1.0, 1.0, 1.0, nan)

        assert [isnan(x) for x in cells(first)] == [True, False, False]
        assert [isnan(x) for x in cells(last)] == [False, False, True]

    def test_a_block_that_no_line_numbers(self) -> None:
        """The last block of a run that died is there, without an iteration."""
        made = recorded(1.0)

        made.add(*gradient(nan))

        assert made.spans == [Span(0, 0), Span(None, None)]

    def test_layers_that_come_later(self) -> None:
        """They have no value in the columns before."""
        made = recorded(1.0)
        late = Blob("backward", "late", "param", "0", "diff")

        made.add(*block(7.0, blobs=(late,)))

        rows = {layer: list(values) for layer, values in made.rows("gradient")}
        assert rows == {"fc": [1.0, MISSING], "late": [MISSING, 7.0]}

    def test_blobs_without_a_quantity(self) -> None:
        """A block of nothing but inputs makes no column."""
        made = LayerMap()

        made.add(*block(1.0, blobs=(Blob("forward", "", "input", "data", "data"),)))

        assert made.spans == []

    def test_rows_are_bounded(self) -> None:
        """A hostile log may name any number of layers."""
        made = LayerMap()
        blobs = tuple(Blob("backward", str(n), "param", "0", "diff") for n in range(3000))

        made.add(*block(*[1.0] * 3000, blobs=blobs))

        assert len(list(made.rows("gradient"))) == 1000

    def test_a_saved_one_goes_on(self) -> None:
        """Pickled, it goes on as it would have."""
        saved = pickle.loads(pickle.dumps(recorded(1.0, 2.0, 3.0)))

        saved.add(*gradient(4.0))
        saved.number(30)

        assert cells(saved) == cells(recorded(1.0, 2.0, 3.0, 4.0))
        assert saved.spans == recorded(1.0, 2.0, 3.0, 4.0).spans
