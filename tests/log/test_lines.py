"""Bytes to lines."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.log.lines import MAX_LINE, LineSplitter, Offsets

DOCKER = b'{"log":"%s\\n","stream":"stderr","time":"2026-11-23T07:14:45.5Z"}\n'


def split(*pieces: bytes) -> list[bytes]:
    """Return the lines of some pieces, the unfinished one included."""
    splitter = LineSplitter()
    return [line for piece in pieces for line in splitter.feed(piece)] + splitter.flush()


class TestLineSplitter:
    @pytest.mark.parametrize(
        ("pieces", "lines"),
        [
            ((b"a\nb\n",), [b"a", b"b"]),
            ((b"a", b"b\nc"), [b"ab", b"c"]),
            ((b"\n", b"\n"), [b"", b""]),
            ((b"a\r\nb\r\n",), [b"a", b"b"]),
            ((b"a\r", b"\nb\r"), [b"a", b"b"]),
            ((b"10%\r20%\r\n",), [b"10%\r20%"]),
            ((b"\0\0\0a\0b\n",), [b"ab"]),
            ((b"\0\0", b"\0"), []),
            ((b"\xff\xfea\0\n\0b\0\r\0\n\0",), [b"\xff\xfea", b"b"]),
            ((DOCKER % b"a" + DOCKER % b"  b", DOCKER % b'\\"c\\"'), [b"a", b"  b", b'"c"']),
            (
                (b'{"log": "a\\r\\n", "stream": "stderr"}\nb\n', b'{"log": 1}\n'),
                [b"a", b"b", b'{"log": 1}'],
            ),
            (
                (DOCKER % b"a" + b'{"log":"b\\nc\\ud800"}\n{"log":"d',),
                [b"a", b"b c?", b'{"log":"d'],
            ),
            ((b"a\n" + DOCKER % b"b",), [b"a", (DOCKER % b"b").rstrip()]),
        ],
    )
    def test_lines(self, pieces: tuple[bytes, ...], lines: list[bytes]) -> None:
        """A line ends at a line feed; CRLF, NUL bytes and UTF-16 of ASCII leave no trace."""
        assert split(*pieces) == lines

    def test_docker_at_any_cut(self) -> None:
        """What an object holds does not depend on how it came, a hostile one either."""
        data = DOCKER % b"a" + b'{"log":"a","x":' + b"[" * 70_000 + b"\n" + DOCKER % b"\xc3\xa9"
        whole = split(data)

        assert (whole[0], whole[2]) == (b"a", "\u00e9".encode())
        for cut in [*range(200), *range(65_000, 66_000, 7), *range(70_000, len(data))]:
            assert split(data[:cut], data[cut:]) == whole

    def test_position(self) -> None:
        """The position counts raw bytes up to the last line end, and a flush takes the rest."""
        splitter = LineSplitter()
        positions = []

        for piece in (b"ab\r\n\0", b"cd", b"\ne"):
            splitter.feed(piece)
            positions.append(splitter.position)
        splitter.flush()

        assert (positions, splitter.position) == ([4, 4, 8], 9)

    @pytest.mark.parametrize("extra", [-1, 0, 1, 2])
    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r\n"])
    def test_cut_at_the_bound(self, extra: int, end: bytes) -> None:
        """What is kept of a line about as long as the bound does not depend on the cut."""
        data = b"x" * (MAX_LINE + extra) + end + b"y\n"
        whole = [line[:MAX_LINE] for line in split(data)]

        for cut in range(MAX_LINE - 3, len(data)):
            assert [line[:MAX_LINE] for line in split(data[:cut], data[cut:])] == whole

    def test_a_long_line_needs_little_memory(self) -> None:
        """A line of 100 MB costs its first 64 KB."""
        splitter = LineSplitter()
        piece = b"x" * (1 << 20)
        tracemalloc.start()

        lines = [line for _ in range(100) for line in splitter.feed(piece)]
        lines += splitter.feed(b"\nend\n")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert lines == [b"x" * MAX_LINE, b"end"]
        assert peak < 4 << 20

    def test_a_long_line_without_an_end(self) -> None:
        """A flush returns what was kept, and the next line is whole again."""
        splitter = LineSplitter()
        splitter.feed(b"x" * (MAX_LINE + 5))

        assert splitter.flush() == [b"x" * MAX_LINE]
        assert splitter.feed(b"next\n") == [b"next"]

    @given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\0", b"\xff", b"long " * 9])))
    def test_any_cut(self, pieces: list[bytes]) -> None:
        """The cut does not matter."""
        assert split(*pieces) == split(b"".join(pieces))


class TestOffsets:
    def test_lines_of_a_read(self) -> None:
        """The first line began in an earlier read; dropped bytes count in the others."""
        offsets = Offsets(first=10, seen=13, data=b"d\r\n\0\0ef\r\ng\n")

        assert [offsets.of(index) for index in (0, 1, 1, 2)] == [10, 16, 16, 22]

    def test_lines_that_were_held(self) -> None:
        """They lie before those of this read, the first of which began with them."""
        offsets = Offsets(first=10, seen=13, data=b"d\nef\n", held=[b"ab", b"cde"])

        assert [offsets.of(index) for index in range(4)] == [3, 6, 10, 15]
