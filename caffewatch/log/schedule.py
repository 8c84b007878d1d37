"""When tests come, and what they look like."""

from __future__ import annotations

from collections.abc import Sequence

from caffewatch.log.debug_info import Blocks
from caffewatch.log.shape import TestShape, test_shape_of
from caffewatch.log.shortcuts import Shortcuts

Due = list[tuple[int, int]]
"""Display that a test comes before, from 0, and the test's iteration."""


class Schedule:
    """Learn from two tests when the next ones are due: Caffe tests every ``test_interval``.

    Attributes
    ----------
    shape
        The last test's, None before the first.
    is_new
        Whether the last test that was looked at changed what is expected of the next ones.
    """

    def __init__(self) -> None:
        self.shape: TestShape | None = None
        self.is_new = False
        self._last: int | None = None
        self._interval: int | None = None

    def learn(self, lines: Sequence[bytes], blocks: Blocks, shortcuts: Shortcuts) -> int:
        """Look at the test that lines begin with; return how many lines it has, 0 without one."""
        self.is_new = False
        if self.shape is None or not (self.shape.lines.fit(lines) and self.holds(blocks)):
            learned = test_shape_of(lines, blocks, shortcuts)
            if learned is None:
                return 0
            self.shape, self.is_new = learned, True
        found = shortcuts.find(lines[0])
        if found is None:
            return 0
        iteration = int(found[1][1])
        since = None if self._last is None else iteration - self._last
        self.is_new = self.is_new or since != self._interval
        if not since or not 0 < (self._interval or 0) < since:  # else some were not seen
            self._interval = since
        self._last = iteration
        return len(self.shape.lines)

    def holds(self, blocks: Blocks) -> bool:
        """Tell whether the blocks of the last test are like those that were learned."""
        shape = self.shape
        return shape is None or all(blocks.expects(x.net, x.blobs) for x in shape.blocks)

    def due(self, displays: range) -> Due:
        """Return the tests before displays of these iterations, in their order.

        Where tests are as frequent as displays or more, or where that is not known, none is.
        """
        if self.shape is None or self._last is None or not self._interval:
            return []
        step, interval = displays.step, self._interval
        if interval < step:
            return []
        first = self._last + interval
        late = displays.start - step - first
        if late >= 0:  # that one has not been seen
            first += interval * (late // interval + 1)
        return [
            (-((displays.start - x) // step), x) for x in range(first, displays[-1] + 1, interval)
        ]

    def skip(self, iteration: int) -> None:
        """Take a test that was due."""
        self._last = iteration

    def miss(self) -> None:
        """Forget when tests come: the one that was due has not."""
        self._interval = None
