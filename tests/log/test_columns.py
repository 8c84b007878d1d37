"""Lines that say the same but for their numbers."""

from __future__ import annotations

import pytest

from caffewatch.log.columns import Column, is_usual
from caffewatch.log.glog import read_line
from caffewatch.log.grammar import MESSAGES
from tests.log.samples import say

PATTERNS = {x.name: x for row in MESSAGES.values() for x in row}
SAID = {
    "norms": "    [Backward] All net params (data, diff): L1 norm = (9, 1.5); L2 norm = (3, 1e-05)",
    "iteration": "Iteration 20 (100 iter/s, 0.1s/10 iters), loss = 2.25",
    "learning_rate": "Iteration 20, lr = 0.01",
    "output": "    Train net output #0: loss = 2.25 (* 0.5 = 1.125 loss)",
    "test_output": "    Test net output #1: accuracy = 0.75",
    "testing": "Iteration 20, Testing net (#0)",
}
NUMBERS = {
    "norms": [[9.0], [1.5], [3.0], [1e-05]], "iteration": [[100.0], [2.25]],
    "learning_rate": [[0.01]], "output": [[2.25], [1.125]], "test_output": [[0.75]], "testing": [],
}  # fmt: skip


def raw(message: str) -> bytes:
    """Return the bytes of a line."""
    return say(message).rstrip("\n").encode()


def column(name: str, message: str) -> Column:
    """Learn from a line."""
    line = read_line(raw(message))
    match = PATTERNS[name].match_bytes(line.raw, line.end)
    assert is_usual(name, match)
    return Column(0, name, match, line)


@pytest.mark.parametrize("name", SAID)
class TestColumn:
    def test_numbers(self, name: str) -> None:
        """Each as a column, but for the iteration."""
        assert column(name, SAID[name]).read([raw(SAID[name])], [b"20"]) == (1, NUMBERS[name])

    def test_up_to_another_line(self, name: str) -> None:
        """Lines behind one that says something else do not count."""
        said = raw(SAID[name])
        others = [said, said, raw("Restarting data prefetching from start."), said]

        count, _ = column(name, SAID[name]).read(others, [b"20"] * 4)

        assert count == 2


@pytest.mark.parametrize("value", ["nan(ind)", "1.#QNAN", "2.2.2", "", "1_0", "infinity", "fan"])
@pytest.mark.parametrize("name", sorted(SAID.keys() - {"testing"}))
def test_no_usual_number(name: str, value: str) -> None:
    """What only the grammar knows as nan is for those who read line by line."""
    learned = column(name, SAID[name])
    told = [x for x in ("1.5", "2.25", "0.01", "0.75") if x in SAID[name]]
    changed = [raw(SAID[name].replace(x, value)) for x in told]

    assert [learned.read([line], [b"20"])[0] for line in changed] == [0] * len(told)
    assert told


class TestIterations:
    @pytest.mark.parametrize("name", ["iteration", "learning_rate", "testing"])
    def test_in_step(self, name: str) -> None:
        """Lines of other iterations than these do not count."""
        lines = [raw(SAID[name].replace("20", str(number), 1)) for number in (30, 40, 60)]

        assert column(name, SAID[name]).read(lines, [b"30", b"40", b"50"])[0] == 2

    @pytest.mark.parametrize(
        "shown", ["", " (3.5 iter/s, 0.1s/10 iters)", " (0.1s)", " (1 iter/s), 3.2/10ep"]
    )
    def test_speed(self, shown: str) -> None:
        """Of every version's form."""
        line = f"Iteration 20{shown}, loss = 2.25"
        expected = [[float(shown[2:].split(maxsplit=1)[0])]] if "iter/s" in shown else []

        assert column("iteration", line).read([raw(line)], [b"20"]) == (1, [*expected, [2.25]])

    def test_speed_that_comes_later(self) -> None:
        """A line that says more than the learned one is another."""
        learned = column("iteration", "Iteration 20 (0.1s), loss = 2.25")

        assert learned.read([raw(SAID["iteration"])], [b"20"])[0] == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("iteration", "Iteration 20, loss = 2.25, ignore and continue"),
        ("learning_rate", "Iteration 20, lr = 0.01, m = 0.9, wd = 0.0005, gs = 1144.96"),
    ],
)
def test_unusual(name: str, message: str) -> None:
    """These are read line by line."""
    line = read_line(raw(message))

    assert not is_usual(name, PATTERNS[name].match_bytes(line.raw, line.end))


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf", "3.4e+38", "-1e-05"])
def test_numbers_as_printed(value: str) -> None:
    """As glibc prints them."""
    line = f"Iteration 20, loss = {value}"

    count, [losses] = column("iteration", "Iteration 20, loss = 1").read([raw(line)], [b"20"])

    assert (count, repr(losses)) == (1, repr([float(value)]))
