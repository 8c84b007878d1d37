"""Blocks of debug_info lines to passes.

The lines of a block come in the same order every time. The order is learned from the first
block; afterwards whole stretches of lines are compared with it by one list of slices and read by
another. A line that differs goes through the grammar, and the block goes on. How long a stretch is
tried follows from how long the last one was, so that foreign lines in between cost no more than
they are many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from caffewatch.log.events import TRAIN, Blob, Moment, Norms, Pass, Update
from caffewatch.log.slices import cut, floats, leading

_MAX_BLOCK = 20_000
"""Values of a block; no net has as many, and a hostile log shall not fill the memory."""
_MAX_SHARED = 64
_MAX_SHARED_VALUES = 100_000
"""Orders of lines that are remembered, and their values together: a net has two or three orders, a
hostile log any number."""

_UNNUMBERED = Moment(None)
"""Stands in for a pass's own moment, which `Passes` gives it."""


class _Order:
    """The lines of one block as learned: for each, what stands before its value and where."""

    __slots__ = ("blobs", "cuts", "heads", "identity", "tails", "tid")

    def __init__(self, tid: bytes) -> None:
        self.blobs: list[Blob] = []
        self.heads: list[bytes] = []
        self.cuts: list[slice] = []
        self.tails: list[slice] = []
        self.tid = tid
        self.identity: tuple[Blob, ...] | None = None

    def put(self, index: int, blob: Blob, line: bytes, start: int, end: int) -> None:
        """Learn the line at ``index``: its head is ``line[start:end]``, its value what follows."""
        if index == len(self.blobs) or self.blobs[index] != blob:
            self.identity = None
            self.blobs[index:] = [blob]
        self.heads[index : index + 1] = [line[start:end]]
        self.cuts[index : index + 1] = [slice(start, end)]
        self.tails[index : index + 1] = [slice(end, None)]

    def upto(self, count: int) -> _Order:
        """Return a copy of the first lines."""
        copy = _Order(self.tid)
        copy.blobs, copy.heads = self.blobs[:count], self.heads[:count]
        copy.cuts, copy.tails = self.cuts[:count], self.tails[:count]
        return copy


class Blocks:
    """Collect debug_info lines of the net that is running now into passes.

    Attributes
    ----------
    net
        Which net runs: ``train`` or ``test0`` …; set by `switch`.
    """

    def __init__(self) -> None:
        self.net = TRAIN
        self._orders: dict[str, _Order] = {}
        self._shared: dict[tuple[Blob, ...], tuple[Blob, ...]] = {}
        self._window = 1
        self._begin()

    def _begin(self) -> None:
        known = self._orders.get(self.net)
        self._order = known if known is not None else _Order(b"")
        self._known = known is not None
        self._values: list[float] = []
        self._numbers: list[int] = []
        self._first = 0
        self._consecutive = True
        self._backward = False

    def forget(self) -> None:
        """Drop what was learned: another run begins."""
        self._orders.clear()
        self._shared.clear()
        self.net = TRAIN
        self._begin()

    def switch(self, net: str) -> None:
        """Say which net's lines come next; the block before must have been closed."""
        self.net = net
        self._begin()

    @property
    def open(self) -> bool:
        """Whether lines have been taken that are not yet part of a pass."""
        return bool(self._values)

    @property
    def full(self) -> bool:
        """Whether the block is as long as the ones before it."""
        return self._known and len(self._values) == len(self._order.blobs)

    def take(self, lines: list[bytes], start: int, number: int) -> int:
        """Take as many lines from ``start`` on as are the ones expected next.

        Parameters
        ----------
        number
            The line number of ``lines[start]``.

        Returns
        -------
        int
            How many lines were taken.
        """
        at = len(self._values)
        order = self._order
        expected = len(order.blobs) - at
        if expected <= 0 or not self._known or lines[start][order.cuts[at]] != order.heads[at]:
            return 0
        batch = lines[start : start + min(expected, self._window)]
        count = len(batch)
        heads, cuts, tails = order.heads, order.cuts, order.tails
        if count != len(heads):
            end = at + count
            heads, cuts, tails = heads[at:end], cuts[at:end], tails[at:end]
        found = list(map(cut, batch, cuts))
        if found == heads:
            self._window = max(self._window, 4 * count)
        else:
            count = leading(found, heads)
            batch = batch[:count]
            self._window = 2 * count
        values = floats(list(map(cut, batch, tails)))
        if len(values) < count:
            count = len(values)
            self._window = max(1, 2 * count)
        if not count:
            return 0
        self._note(values, number)
        self._backward = order.blobs[len(self._values) - 1].phase == "backward"
        return count

    def begins_anew(self, blob: Blob) -> bool:
        """Tell whether this line cannot belong to the block that is open."""
        if not self._values:
            return False
        if len(self._values) >= _MAX_BLOCK:
            return True
        forward = blob.phase == "forward"
        return forward and (self._backward or blob == self._order.blobs[0])

    def add(
        self, blob: Blob, value: float, line: bytes, number: int, tid: bytes, head: slice
    ) -> None:
        """Take one line that the grammar has read; ``head`` is what stands before its value."""
        at = len(self._values)
        order = self._order
        if not self._known and at == 0:
            order.tid = tid
        elif self._known and (at >= len(order.blobs) or order.blobs[at] != blob):
            order = self._order = order.upto(at)
            self._known = False
        order.put(at, blob, line, head.start, head.stop)
        order.tid = tid
        self._backward = self._backward or blob.phase == "backward"
        self._note([value], number)

    def belongs(self, tid: bytes) -> bool:
        """Tell whether a closing line of this thread closes the open block."""
        return not (tid and self._order.tid) or tid == self._order.tid

    def close(self, line: int, norms: Norms | None = None, complete: bool = True) -> Pass | None:
        """End the open block and return it as a pass; None where no block is open."""
        if not self._values:
            return None
        order = (
            self._order.upto(len(self._values)) if self._known and not self.full else self._order
        )
        learned = self._orders.get(self.net)
        if complete and not self._known and (self._backward or self.net != TRAIN or not learned):
            if _values_of(x.blobs for x in self._orders.values()) > _MAX_SHARED_VALUES:
                self._orders.clear()
            self._orders[self.net] = order
        if order.identity is None:
            blobs = tuple(order.blobs)
            if len(self._shared) >= _MAX_SHARED or _values_of(self._shared) > _MAX_SHARED_VALUES:
                self._shared.clear()
            order.identity = self._shared.setdefault(blobs, blobs)
        lines: int | list[int] = self._first if self._consecutive else self._numbers
        done = Pass(
            line, self.net, order.identity, self._values, lines, _UNNUMBERED, norms, complete
        )
        self._begin()
        return done

    def expects(self, net: str, blobs: tuple[Blob, ...]) -> bool:
        """Tell whether a net's next block is expected to be one of these."""
        order = self._orders.get(net)
        return order is not None and order.identity is blobs

    def learned(
        self, lines: Sequence[bytes], start: int = 0, net: str = TRAIN
    ) -> tuple[list[bytes], list[slice], list[slice], tuple[Blob, ...]]:
        """Return how a net's block looks, where a whole one and another line begin at ``start``.

        For each line, what stands before its value, where that stands, and where the value does;
        then what the values are. All are empty where no block begins here.
        """
        order = self._orders.get(net)
        if order is None or order.identity is None or len(lines) - start <= len(order.heads):
            return [], [], [], ()
        if list(map(cut, lines[start : start + len(order.heads)], order.cuts)) != order.heads:
            return [], [], [], ()
        return order.heads[:], order.cuts[:], order.tails[:], order.identity

    def turn(self) -> None:
        """Read the open block as the training net's: a test net has no [Backward] lines."""
        values, order, known = self._values, self._order, self._known
        numbers = (self._first, self._consecutive, self._numbers)
        self.switch(TRAIN)
        self._values = values
        self._order = order.upto(len(values)) if known else order
        self._known = False
        self._first, self._consecutive, self._numbers = numbers

    def _note(self, values: list[float], number: int) -> None:
        count = len(self._values)
        if not count:
            self._first, self._values = number, values
            return
        if self._consecutive and number != self._first + count:
            self._consecutive = False
            self._numbers = list(range(self._first, self._first + count))
        if not self._consecutive:
            self._numbers.extend(range(number, number + len(values)))
        self._values += values


def _values_of(orders: Iterable[Sequence[Blob]]) -> int:
    return sum(map(len, orders))


class Updates:
    """Collect the [Update] lines behind one iteration."""

    def __init__(self) -> None:
        self.rows: list[tuple[Blob, float, int]] = []

    def __bool__(self) -> bool:
        return bool(self.rows)

    def begins_anew(self, layer: str, param: str) -> bool:
        """Tell whether this line belongs to a later iteration than those before it."""
        if not self.rows:
            return False
        first = self.rows[0][0]
        return (first.layer, first.blob) == (layer, param) or len(self.rows) >= _MAX_BLOCK

    def add(self, layer: str, param: str, data: float | None, diff: float, line: int) -> None:
        """Take one line; a parameter that another layer owns prints no data."""
        for quantity, value in (("data", data), ("diff", diff)):
            if value is not None:
                self.rows.append((Blob("update", layer, "param", param, quantity), value, line))

    def close(self, iteration: int | None) -> Update:
        """Return what was collected, of the iteration before it, and begin anew."""
        rows, self.rows = self.rows, []
        blobs, values, lines = zip(*rows, strict=True)
        moment = Moment(iteration, estimated=False)
        return Update(lines[-1], TRAIN, blobs, list(values), list(lines), moment)
