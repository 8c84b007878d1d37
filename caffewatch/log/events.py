"""What a Caffe log says, one event for each thing said.

Every event carries ``line``, the number of its (last) line in the log, from 1. Times are seconds
since the epoch, read from the line's own stamp as if it were UTC; None where there is no stamp.
Events are never changed once made, except a pass's `Moment`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Literal, NamedTuple

from caffewatch.log.slotted import slotted
from caffewatch.log.topology import Net

Phase = Literal["forward", "backward", "update"]
TRAIN = "train"
"""The net name of the training net; test nets are ``test0``, ``test1`` …"""


class Blob(NamedTuple):
    """What one debug_info value measures: identity of a place in the net.

    ``kind`` is top, bottom, param or input; ``quantity`` is data or diff; ``blob`` is the printed
    name (the backward lines print a parameter's index instead).
    """

    phase: Phase
    layer: str
    kind: str
    blob: str
    quantity: str


@slotted
class Moment:
    """The iteration a pass belongs to: debug_info lines come before the line that numbers them.

    ``estimated`` until that line has come: last displayed iteration + display.
    """

    iteration: int | None
    estimated: bool = True


class Norms(NamedTuple):
    """True L1 and L2 norms of all parameters together, as (data, diff)."""

    l1: tuple[float, float]
    l2: tuple[float, float]


@slotted
class Pass:
    """One block of debug_info lines.

    Parameters
    ----------
    blobs
        Shared from pass to pass: the same tuple object as long as the lines stay the same.
    values
        Means of absolute values, one for each blob.
    lines
        Line number of each value, or the first's where they are consecutive.
    complete
        False where the run died, or the log ended, in the middle of the block.
    """

    line: int
    net: str
    blobs: tuple[Blob, ...]
    values: list[float]
    lines: int | list[int]
    moment: Moment
    norms: Norms | None = None
    complete: bool = True

    def line_of(self, index: int) -> int:
        """Return the line number of the value at ``index``."""
        return self.lines + index if isinstance(self.lines, int) else self.lines[index]


@slotted
class Update(Pass):
    """The [Update] lines that follow an iteration: each parameter's data and its applied change."""


@slotted
class RunStarted:
    """A training begins. ``id`` tells it apart from every other, ``ordinal`` counts from 1.

    ``tid`` is the thread that logged its first line: on Linux the main thread's is the process id.
    """

    line: int
    time: float | None
    id: str
    ordinal: int
    tid: str = ""


@slotted
class RunEnded:
    """The run is over: another one begins, or the log was closed."""

    line: int


@slotted
class SolverRead:
    """The solver's parameters, from the dump behind ``Initializing solver from parameters``."""

    line: int
    parameters: Mapping[str, str]


@slotted
class NetRead:
    """A net's layers are known. ``name`` is train, or test0 and so on."""

    line: int
    name: str
    net: Net


@slotted
class Solving:
    """``Solving NAME`` or ``Starting Optimization``: set-up is over."""

    line: int
    net: str
    time: float | None = field(default=None, compare=False)


@slotted
class Iteration:
    """``Iteration N …, loss = x``. ``rate`` is the printed iterations per second, if any.

    ``numbered`` holds the moments of the passes before it, each with its iteration. They get it
    from `settle`, when the event is taken and no earlier: what is made of a pass must not depend
    on whether this line came with the same read.
    """

    line: int
    time: float | None
    iteration: int
    loss: float
    rate: float | None = None
    ignored: bool = False
    """happynear's fork: this nan was not trained on."""
    numbered: Sequence[tuple[Moment, int]] = ()

    def settle(self) -> None:
        """Give the passes before it their numbers."""
        for moment, iteration in self.numbered:
            moment.iteration = iteration
            moment.estimated = False


@slotted
class LearningRate:
    """``Iteration N, lr = x``; ``grad_scale`` is NVIDIA's ``gs``: gradients are scaled up by it."""

    line: int
    time: float | None
    iteration: int
    rate: float
    grad_scale: float = 1.0


@slotted
class Output:
    """One net output. ``weight`` is the loss weight, None where it is no loss."""

    line: int
    net: str
    index: int
    name: str
    value: float
    weight: float | None = None
    time: float | None = field(default=None, compare=False)


@slotted
class TestStarted:
    """``Iteration N, Testing net (#k)``."""

    __test__ = False

    line: int
    time: float | None
    iteration: int
    net: str


@slotted
class Clipped:
    """``Gradient clipping: scaling down gradients (L2 norm a > b) by scale factor c``."""

    line: int
    norm: float
    threshold: float


@slotted
class SnapshotWritten:
    """A model file (not the solver state) is being written; ``iteration`` from its name."""

    line: int
    path: str
    iteration: int | None


@slotted
class Loaded:
    """Weights came from a file: ``resumed`` with the solver's state, or to finetune."""

    line: int
    path: str
    resumed: bool


@slotted
class LayerIgnored:
    """``Ignoring source layer X``: its weights in the file were not loaded."""

    line: int
    layer: str


@slotted
class LayerCopied:
    """``Copying source layer X``: its weights in the file were loaded."""

    line: int
    layer: str


@slotted
class Waiting:
    """The solver had to wait for input."""

    line: int
    time: float | None


@slotted
class Restarted:
    """``Restarting data prefetching from start``: an epoch of a data layer is over."""

    line: int
    time: float | None


@slotted
class Ended:
    """The log says that training ended.

    ``how`` is finished, stopped, terminated (SIGTERM) or crashed; ``reason`` quotes the log.
    ``fatal``: it proves that the process died; ``doubtful``: it may be another program's line.
    """

    line: int
    time: float | None
    how: Literal["finished", "stopped", "terminated", "crashed"]
    reason: str
    fatal: bool = False
    doubtful: bool = False


@slotted
class WentOn:
    """Training goes on after an end that was doubtful: it was none of this run's."""

    line: int


Event = (
    Pass
    | Update
    | RunStarted
    | RunEnded
    | SolverRead
    | NetRead
    | Solving
    | Iteration
    | LearningRate
    | Output
    | TestStarted
    | Clipped
    | SnapshotWritten
    | Loaded
    | LayerIgnored
    | LayerCopied
    | Waiting
    | Restarted
    | Ended
    | WentOn
)
