"""Lines apart from those of other programs."""

from __future__ import annotations

import pytest

from caffewatch.log.sieve import sift
from tests.log.samples import say

CAFFE = [say(x).rstrip("\n").encode() for x in ("Iteration 1, loss = 2", "Iteration 1, lr = 0.1")]


def test_what_is_dropped() -> None:
    """Foreign lines count, blank ones do not."""
    sifted = sift([CAFFE[0], b"37%", b"", CAFFE[1], b"  ", b"done"], 11, CAFFE)

    assert sifted.lines == CAFFE
    assert list(sifted.numbers) == [11, 14]
    assert sifted.foreign == [12, 16]


@pytest.mark.parametrize(
    "doubtful",
    [
        b"37%\r100%", b"epoch 3 " + CAFFE[0], b"*** SIGTERM (@0x1) received by PID 1",
        b"I0101 00:00:00.000000 1 solver.cpp:218] Iteration 1, lr = 0.1", b"\xef\xbb\xbfx",
        b"Check failed: error == cudaSuccess", b"Log file created at: 2026/11/23 08:00:00",
    ],
)  # fmt: skip
def test_up_to_a_doubtful_line(doubtful: bytes) -> None:
    """What is behind it is for those who read line by line."""
    sifted = sift([CAFFE[0], b"37%", doubtful, CAFFE[1], b"38%"], 1, CAFFE)

    assert (sifted.lines, list(sifted.numbers), sifted.foreign) == (CAFFE[:1], [1], [2])


def test_nothing_is_dropped_that_may_be_caffes() -> None:
    """A line with a prefix stays, whatever it says."""
    other = say("a message of a fork").rstrip("\n").encode()

    assert sift([*CAFFE, other], 1, CAFFE).lines == [*CAFFE, other]
