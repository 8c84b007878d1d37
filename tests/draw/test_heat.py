from __future__ import annotations

import struct
import zlib
from base64 import b64decode
from math import inf, isnan, nan

import pytest

from caffewatch.draw.assets import colours
from caffewatch.draw.heat import Heat, heat
from caffewatch.history.layers import LayerMap
from caffewatch.log.events import Blob


def drawn(*gradients: float, most_cells: int = 1000, layer: str = "conv1") -> Heat:
    """Draw the map of a net of one layer, with a column for each gradient."""
    layers = LayerMap()
    blobs = (Blob("backward", layer, "param", "0", "diff"),)
    for number, value in enumerate(gradients):
        layers.add(blobs, [value])
        layers.number(number)
    made = heat(layers, "gradient", most_cells)
    assert made is not None
    return made


def shades(made: Heat, dark: bool = False) -> list[list[str]]:
    """Return the names of the colours of a map's picture, row by row; none for a clear pixel."""
    png = b64decode((made.dark if dark else made.light).removeprefix("data:image/png;base64,"))
    chunks = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks[png[at + 4 : at + 8]] = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            png[at + 4 : at + 8 + length]
        )
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    names = {code: name for name, code in colours()[dark].items() if name[0] in "sznifd"}
    palette = [chunks[b"PLTE"][n : n + 3] for n in range(0, len(chunks[b"PLTE"]), 3)]
    clear = chunks[b"tRNS"].index(0)
    pixels = zlib.decompress(chunks[b"IDAT"])
    rows = [pixels[n * (width + 1) + 1 : (n + 1) * (width + 1)] for n in range(height)]
    return [["" if x == clear else names[palette[x]] for x in row] for row in rows]


def values(made: Heat) -> list[float]:
    """Return the values of a map, layer by layer, as the page's script reads them."""
    data = b64decode(made.data)
    count = len(data) // 3
    quads = (bytes((0, data[at], data[count + at], data[2 * count + at])) for at in range(count))
    return [struct.unpack("<f", quad)[0] for quad in quads]


class TestShades:
    @pytest.mark.parametrize("dark", [False, True])
    def test_by_the_logarithm(self, dark: bool) -> None:
        """The smallest and the largest are the outer ones, and what is not finite has its own."""
        made = drawn(1e-6, 1e-3, 1.0, 0.0, nan, inf)

        assert shades(made, dark) == [["s0", "s6", "s11", "zero", "nan", "inf"]]
        assert made.ends == ("1e-06", "1")

    @pytest.mark.parametrize("value", [1.0, 1e-38, 3e38])
    def test_one_value(self, value: float) -> None:
        """It is drawn in the middle."""
        assert shades(drawn(value, value)) == [["s6", "s6"]]

    def test_nothing_that_has_a_size(self) -> None:
        """Where all is nan there is a map all the same, and no scale beside it."""
        made = drawn(nan, nan)

        assert (shades(made), made.ends) == ([["nan", "nan"]], None)

    def test_what_was_not_printed(self) -> None:
        """A layer that is there from the second block on has nothing in the first column."""
        layers = LayerMap()
        blobs = [Blob("backward", name, "param", "0", "diff") for name in ("a", "b")]
        layers.add(tuple(blobs[:1]), [1.0])
        layers.add(tuple(blobs), [1.0, 1.0])
        made = heat(layers, "gradient")

        assert made is not None
        assert shades(made) == [["s6", "s6"], ["", "s6"]]
        assert values(made) == [1.0, 1.0, -1.0, 1.0]
        assert made.rows[1].first == "1"


class TestNames:
    def test_room(self) -> None:
        """Long names take more of the picture."""
        assert drawn(1.0, layer="fc").gutter < drawn(1.0, layer="inception_3a/1x1").gutter

    @pytest.mark.parametrize(
        "name", ["{}/of_a_stage_of_a_deep_net/conv", "stage/of/a/{}/of_a_deep_net/convolution",
                 "the/stage/of_a_deep/net/convolution/{}"],
    )  # fmt: skip
    def test_long_ones_can_be_told_apart(self, name: str) -> None:
        """Wherever the layers of a deep net have their number."""
        layers = LayerMap()
        blobs = tuple(Blob("backward", name.format(n), "param", "0", "diff") for n in range(9))
        layers.add(blobs, [1.0] * 9)
        made = heat(layers, "gradient", 1000)

        assert made is not None
        labels = [row.label for row in made.rows]
        assert len(set(labels)) == 9
        assert max(map(len, labels)) <= 24


class TestRows:
    @pytest.mark.parametrize(("layers", "cell", "every"), [(2, 16, 1), (500, 8, 2), (1000, 4, 4)])
    def test_many_are_low(self, layers: int, cell: int, every: int) -> None:
        """A deep net's map does not grow without end; of low rows some have their names written."""
        made = LayerMap()
        blobs = tuple(Blob("backward", str(n), "param", "0", "diff") for n in range(layers))
        made.add(blobs, [1.0] * layers)
        drawn = heat(made, "gradient")

        assert drawn is not None
        assert (drawn.cell, drawn.every, drawn.height) == (cell, every, cell * layers)


class TestCells:
    def test_few(self) -> None:
        """Neighbours share a cell: the larger counts, and nan before all."""
        made = drawn(*(1.0 for _ in range(98)), 3.0, nan, most_cells=50)
        assert len(values(drawn(*(1.0 for _ in range(100)), most_cells=1))) == 20

        assert values(made)[:49] == [1.0] * 49
        assert isnan(values(made)[49])
        assert made.spans.endswith(" 96:97 98:99")

    @pytest.mark.parametrize("value", [0.0, 1.0, 1.23456e-30, 87.3365, 3.4e38, inf])
    def test_values(self, value: float) -> None:
        """They have the digits that are shown."""
        assert f"{values(drawn(value))[0]:.3g}" == f"{value:.3g}"
