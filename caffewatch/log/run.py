"""What is known of one training run so far: the events of a log, summed up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from caffewatch.log.displays import Displays
from caffewatch.log.events import (
    TRAIN,
    Clipped,
    Ended,
    Event,
    Iteration,
    LayerCopied,
    LayerIgnored,
    LearningRate,
    Loaded,
    Moment,
    NetRead,
    Norms,
    Output,
    Pass,
    RunStarted,
    SnapshotWritten,
    SolverRead,
    Solving,
    Update,
    WentOn,
)  # fmt: skip
from caffewatch.log.life import Life
from caffewatch.log.outcome import Outcome, outcome_after
from caffewatch.log.pace import paces
from caffewatch.log.prototxt import solver_type, whole
from caffewatch.log.stretch import Stretch
from caffewatch.log.topology import Net

RECENT = 8
_LONGEST_WINDOW = 100
"""Passes and displays that are kept for evidence."""
MOST = 1000
"""Outputs, snapshots and layers that are kept; a hostile log could name any number."""


@dataclass(slots=True)
class Run:
    """One training run.

    Attributes
    ----------
    solver_type, max_iterations, given_display, average_loss
        The solver's parameters, SGD and None (1) where the log does not give them.
    iteration, previous_iteration
        The last two numbers of ``Iteration N …, loss = x`` lines.
    loss
        The displayed loss (averaged over ``average_loss`` by Caffe).
    rate
        Iterations per second as printed, None in versions that do not print it.
    speed
        Iterations per second by the stamps of the last two displays while it trained.
    outputs, test_outputs
        The last outputs of the training net by index, of the test nets by (net, index).
    done
        Whether the log said that training ended, finished or stopped.
    recent
        The last passes of the training net that have a backward part.
    """

    id: str
    ordinal: int
    started_line: int
    started_at: float | None = None
    ended_at: float | None = None
    tid: str = ""
    name: str = ""
    solver: dict[str, str] = field(default_factory=dict)
    solver_type: str = "SGD"
    max_iterations: int | None = None
    given_display: int | None = None
    average_loss: int = 1
    net: Net = field(default_factory=Net)
    iteration: int | None = None
    previous_iteration: int | None = None
    first_iteration: int | None = None
    display_count: int = 0
    loss: float | None = None
    learning_rate: float | None = None
    grad_scale: float = 1.0
    rate: float | None = None
    outputs: dict[int, Output] = field(default_factory=dict)
    test_outputs: dict[tuple[str, int], Output] = field(default_factory=dict)
    outcome: Outcome = "unfinished"
    reason: str = ""
    done: bool = False
    debug_values: int = 0
    passes: int = 0
    norms: Norms | None = None
    last_pass: Pass | None = None
    recent: deque[Pass] = field(default_factory=lambda: deque(maxlen=RECENT))
    losses: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=RECENT))
    snapshots: list[SnapshotWritten] = field(default_factory=list)
    clips: int = 0
    loaded: Loaded | None = None
    ignored_layers: list[str] = field(default_factory=list)
    copied_layers: set[str] = field(default_factory=set)
    displays: Displays = field(default_factory=Displays, compare=False)
    life: Life = field(default_factory=Life, compare=False)
    display_time: float | None = None
    speed: float | None = None

    @classmethod
    def begin(cls, event: RunStarted) -> Run:
        """Make the state of a run that starts now."""
        return cls(event.id, event.ordinal, event.line, started_at=event.time, tid=event.tid)

    @property
    def display(self) -> int | None:
        """Iterations between two displays: the solver's, or else as seen."""
        if self.given_display is not None or self.iteration is None:
            return self.given_display
        return None if self.previous_iteration is None else self.iteration - self.previous_iteration

    @property
    def loss_window(self) -> int:
        """Displays over which the loss is averaged: as far as ``average_loss`` reaches back."""
        if self.average_loss <= 1:
            return 1
        return max(1, min(self.average_loss // max(1, self.display or 1), _LONGEST_WINDOW))

    @property
    def net_name(self) -> str:
        """The net's name."""
        return self.net.name or self.name

    @property
    def at_end(self) -> bool:
        """Whether training had ended, or was to end before another display."""
        if self.iteration is None or self.max_iterations is None:
            return self.done
        return self.done or self.iteration + (self.display or 1) >= self.max_iterations

    def apply(self, event: Event) -> None:
        """Take one event of this run."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)
            if type(event) in _OF_LIFE:
                self.life.take(event, self.iteration)

    def pass_over(self, stretch: Stretch) -> list[float | None]:
        """Take a stretch, behind the first display; return `speed` as it was at each display."""
        count, blocks, iterations = len(stretch), stretch.blocks, stretch.iterations
        self.debug_values += blocks * len(stretch.blobs)
        if stretch.blobs and stretch.blobs[-1].phase == "backward":
            self.passes += blocks
            for last in range(max(0, blocks - RECENT), blocks):
                iteration = iterations[last // stretch.passes]
                self.last_pass = stretch.pass_(last, Moment(iteration, estimated=False))
                self.recent.append(self.last_pass)
            self.norms = stretch.norms_of(blocks - 1) or self.norms
        self.display_count += count
        self.loss, self.rate = stretch.losses[-1], stretch.speeds[-1]
        self.losses.extend(zip(iterations[-RECENT:], stretch.losses[-RECENT:], strict=True))
        for output in stretch.outputs_of(count - 1):
            self._output(output)
        for column in stretch.tests.outputs:
            self._output(column.event(-1, stretch.tests.line_of(column, -1)))
        self.life.pass_over(stretch, self.iteration, self.learning_rate)
        self.learning_rate = stretch.rates[-1]
        self.clips += stretch.asides.names.count("clipped")
        for _, event in stretch.asides.events("snapshot"):
            _HANDLERS[type(event)](self, event)
        self.ended_at = stretch.times[-1]
        speeds = paces(self.iteration, self.display_time, iterations, stretch.times)
        if speeds is None or self.max_iterations in iterations:
            return list(map(self._shown, iterations, stretch.times))
        self.previous_iteration = iterations[-2] if count > 1 else self.iteration
        self.iteration, self.display_time, self.speed = iterations[-1], self.ended_at, speeds[-1]
        return speeds

    def _shown(self, iteration: int, time: float | None) -> float | None:
        """Take an Iteration line's number and stamp; return the speed, by the stamps.

        The printed figure of the first display is garbage. Before the display behind the last
        iteration there is only a forward pass: that is no speed.
        """
        if iteration != self.iteration:
            self.previous_iteration, self.iteration = self.iteration, iteration
        before, self.display_time = self.display_time, time
        previous = self.previous_iteration
        if before is None or time is None or previous is None or iteration == self.max_iterations:
            return self.speed
        if time > before and iteration > previous:
            self.speed = (iteration - previous) / (time - before)
        return self.speed

    def _pass(self, event: Pass) -> None:
        if event.net != TRAIN:
            return
        self.debug_values += len(event.values)
        if event.blobs[-1].phase == "backward":
            self.passes += 1
            self.norms = event.norms or self.norms
            self.recent.append(event)
            self.last_pass = event

    def _update(self, event: Update) -> None:
        self.debug_values += len(event.values)

    def _iteration(self, event: Iteration) -> None:
        event.settle()
        if self.first_iteration is None:
            self.first_iteration = event.iteration
        self.display_count += 1
        self.loss = event.loss
        self.rate = event.rate
        self._shown(event.iteration, event.time)
        self.losses.append((event.iteration, event.loss))
        self.ended_at = self.ended_at if event.time is None else event.time

    def _learning_rate(self, event: LearningRate) -> None:
        if event.rate != self.learning_rate:
            self.life.take(event, self.iteration)
        self.learning_rate = event.rate
        self.grad_scale = event.grad_scale or 1.0

    def _output(self, event: Output) -> None:
        if event.net == TRAIN:
            if event.index in self.outputs or len(self.outputs) < MOST:
                self.outputs[event.index] = event
        elif (event.net, event.index) in self.test_outputs or len(self.test_outputs) < MOST:
            self.test_outputs[event.net, event.index] = event

    def _ended(self, event: Ended) -> None:
        if event.time is not None:
            self.ended_at = event.time
        self.done = self.done or not event.fatal
        outcome = outcome_after(self.outcome, event)
        if outcome is not None:
            if not self.outcome == outcome == "crashed":
                self.reason = event.reason
            self.outcome = outcome

    def _went_on(self, event: WentOn) -> None:
        self.outcome, self.reason, self.done = "unfinished", "", False

    def _solver(self, event: SolverRead) -> None:
        given = self.solver = dict(event.parameters)
        self.solver_type = solver_type(given)
        self.max_iterations = whole(given.get("max_iter"))
        self.given_display = whole(given.get("display"))
        self.average_loss = whole(given.get("average_loss")) or 1

    def _net(self, event: NetRead) -> None:
        if event.name == TRAIN:
            self.net = event.net

    def _solving(self, event: Solving) -> None:
        self.name = event.net or self.name

    def _snapshot(self, event: SnapshotWritten) -> None:
        if len(self.snapshots) >= MOST:
            del self.snapshots[MOST // 2]
        self.snapshots.append(event)

    def _clipped(self, event: Clipped) -> None:
        self.clips += 1

    def _loaded(self, event: Loaded) -> None:
        self.loaded = event

    def _copied(self, event: LayerCopied) -> None:
        if len(self.copied_layers) < MOST:
            self.copied_layers.add(event.layer)

    def _ignored(self, event: LayerIgnored) -> None:
        if len(self.ignored_layers) < MOST and event.layer not in self.ignored_layers:
            self.ignored_layers.append(event.layer)


_OF_LIFE = frozenset({SnapshotWritten, Loaded, Ended, Solving, SolverRead})
_HANDLERS: dict[type, Callable[[Run, Any], None]] = {
    Pass: Run._pass,
    Update: Run._update,
    Iteration: Run._iteration,
    LearningRate: Run._learning_rate,
    Output: Run._output,
    Ended: Run._ended,
    WentOn: Run._went_on,
    SolverRead: Run._solver,
    NetRead: Run._net,
    Solving: Run._solving,
    SnapshotWritten: Run._snapshot,
    Clipped: Run._clipped,
    Loaded: Run._loaded,
    LayerIgnored: Run._ignored,
    LayerCopied: Run._copied,
}
