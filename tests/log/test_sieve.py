"""Lines apart from others."""

from __future__ import annotations

import pytest

from caffewatch.log.asides import Asides
from caffewatch.log.debug_info import Blocks
from caffewatch.log.events import Clipped
from caffewatch.log.glog import read_line
from caffewatch.log.grammar import recognise
from caffewatch.log.shape import shape_of
from caffewatch.log.shortcuts import Shortcuts
from caffewatch.log.sieve import Sieve, Sifted, apart
from tests.log.samples import say


def raw(message: str, source: str = "solver.cpp:218") -> bytes:
    """Return the bytes of a line."""
    return say(message, source).rstrip("\n").encode()


CAFFE = [raw("Iteration 1, loss = 2"), raw("Iteration 1, lr = 0.1", "sgd_solver.cpp:112")]
SNAPSHOT = raw("Snapshotting to binary proto file x_iter_1.caffemodel", "solver.cpp:464")
STATE = raw("Snapshotting solver state to binary proto file x.solverstate", "solver.cpp:465")
CLIPPED = raw(
    "Gradient clipping: scaling down gradients (L2 norm 70 > 35) by scale factor 0.5",
    "sgd_solver.cpp:99",
)


def learned() -> Shortcuts:
    """Read the lines of a display one by one."""
    shortcuts = Shortcuts()
    for each in CAFFE:
        line = read_line(each)
        found = recognise(line.text)
        assert found is not None
        shortcuts.learn(found[0], line)
    return shortcuts


def sifted(lines: list[bytes], first: int) -> Sifted:
    """Sift lines, some of which are like those of a display."""
    shortcuts = learned()
    shape = shape_of(CAFFE, Blocks(), shortcuts)
    assert shape is not None
    found = Sifted(lines, 0, first)
    found.sift(len(lines), Sieve(shape.lines, None), shortcuts)
    return found


def test_what_is_dropped() -> None:
    """Foreign lines count, blank ones do not."""
    found = sifted([CAFFE[0], b"37%", b"", CAFFE[1], b"  ", b"done"], 11)

    assert found.kept()[0] == CAFFE
    assert list(found.kept()[1]) == [11, 14]
    assert found.unrecognised == [12, 16]


def test_what_is_said_aside() -> None:
    """What is an event is kept, what nobody knows counts, and a blank message is neither."""
    ignored = raw("Ignoring source layer fc8", "net.cpp:760")
    lines = [
        SNAPSHOT,
        STATE,
        CAFFE[0],
        raw("x = 1", "my_layer.cpp:3"),
        raw(" "),
        CLIPPED,
        CAFFE[1],
        ignored,
    ]

    found = sifted(lines, 1)

    assert found.kept()[0] == CAFFE
    assert found.unrecognised == [4]
    assert found.asides == [1, 6]
    assert (found.behind, found.names) == ([0, 1], ["snapshot", "clipped"])
    assert found.raws == [SNAPSHOT, CLIPPED]


@pytest.mark.parametrize(
    "doubtful",
    [
        b"37%\r100%", b"epoch 3 " + CAFFE[0], b"*** SIGTERM (@0x1) received by PID 1",
        b"I0101 00:00:00.000000 1 solver.cpp:218] Iteration 1, lr = 0.1", b"\xef\xbb\xbfx",
        b"Check failed: error == cudaSuccess", b"Log file created at: 2026/11/23 08:00:00",
        SNAPSHOT + CAFFE[0], raw("Optimization Done."), raw("Solving net", "solver.cpp:289"),
        raw("Restoring previous solver status from x", "solver.cpp:761"), b"F" + SNAPSHOT[1:],
        raw("    [Forward] Layer a, top blob a data: 1_0", "net.cpp:593"), b"I0101 x.cpp:9] cut",
        raw("Iteration 1, Testing net (#0)", "solver.cpp:347"), raw("data -> data", "net.cpp:382"),
    ],
)  # fmt: skip
def test_up_to_a_doubtful_line(doubtful: bytes) -> None:
    """What is behind it is for those who read line by line."""
    found = sifted([CAFFE[0], b"37%", doubtful, CAFFE[1], b"38%"], 1)

    assert (found.kept()[0], list(found.kept()[1]), found.unrecognised) == (CAFFE[:1], [1], [2])


def test_a_shown_line_of_another_thread_is_doubtful() -> None:
    """It is read by its message, whoever says it."""
    other = CAFFE[1].replace(b" sgd_solver", b"1 sgd_solver")

    assert sifted([CAFFE[0], other, CAFFE[1]], 1).kept()[0] == CAFFE[:1]


@pytest.mark.parametrize("rank", [b"", b" [0.1] "])
def test_without_a_blank_behind_the_prefix(rank: bytes) -> None:
    """Whatever stands there, it is clipping."""
    odd = CLIPPED.replace(b"] ", b"]" + rank)

    found = sifted([odd, CAFFE[0], odd, CAFFE[1]], 1)

    assert (found.kept()[0], found.raws) == (CAFFE, [odd, odd])
    asides = Asides([0, 0], found.asides, found.names, found.raws)
    assert [event for _, event in asides.events()] == [Clipped(1, 70, 35), Clipped(3, 70, 35)]


def test_to_learn_from() -> None:
    """A display that was read line by line, with all that is said aside in it."""
    lines = [SNAPSHOT, CAFFE[0], b"37%", raw("x = 1", "my_layer.cpp:3"), CLIPPED, CAFFE[1]]

    assert apart(lines, learned()) == CAFFE
    assert apart(CAFFE, learned()) is CAFFE
