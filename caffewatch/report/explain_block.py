"""Choosing one debug_info block of a log, with the little that is needed to judge it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from caffewatch.alert.folding import fold
from caffewatch.detect.detector import Detector
from caffewatch.detect.finding import Finding
from caffewatch.detect.settings import RuleSettings
from caffewatch.log.events import (
    TRAIN,
    Event,
    Iteration,
    LearningRate,
    Output,
    Pass,
    RunEnded,
    RunStarted,
    Update,
)
from caffewatch.log.parser import Parser
from caffewatch.log.run import MOST, Run

HISTORY = 64
"""Blocks that are kept to compare one with."""
_BUDGET = 500_000
"""Values in all of them together, so that a huge net does not fill the memory."""
_CANDIDATES = 8
"""Findings whose block is kept: some may yet turn out to follow from others."""


@dataclass(slots=True)
class Block:
    """A block of the training net, and what the lines behind it say of the same iteration."""

    pass_: Pass
    learning_rate: float | None
    grad_scale: float
    loss: float | None = None
    outputs: list[Output] = field(default_factory=list)
    update: Update | None = None

    @property
    def iteration(self) -> int | None:
        """Its iteration; None where no line numbers it."""
        return self.pass_.moment.iteration

    @property
    def lines(self) -> tuple[int, int]:
        """Its first and its last line."""
        return self.pass_.line_of(0), max(self.pass_.line, self.pass_.line_of(-1 + self.size))

    @property
    def size(self) -> int:
        """How many values it has."""
        return len(self.pass_.values)

    @property
    def backward(self) -> bool:
        """Whether gradients are part of it."""
        return self.pass_.blobs[-1].phase == "backward"


@dataclass(slots=True)
class Picture:
    """The block that was chosen, why, and the blocks of its run before it (oldest first)."""

    run: Run
    findings: list[Finding]
    block: Block
    before: Sequence[Pass]
    reason: str = ""


class BlockReader:
    """Read a log and keep the one block that is asked for.

    Parameters
    ----------
    wanted
        The iteration asked for; its nearest block is taken. None for the block in which the first
        finding began, or else the last one.
    reference
        A time near the log's own; see `caffewatch.log.glog.Clock`.

    Attributes
    ----------
    run
        The last run that was seen, None in what is no Caffe log.
    blocks
        How many blocks of training nets were read.
    """

    def __init__(self, wanted: int | None = None, reference: float | None = None) -> None:
        self.run: Run | None = None
        self.blocks = 0
        self._wanted = wanted
        self._parser = Parser(reference)
        self._recent: deque[Block] = deque()
        self._values = 0
        self._waiting: list[Block] = []
        self._shown: Block | None = None
        self._nearest: Picture | None = None
        self._last: Picture | None = None
        self._faults: list[tuple[Finding, Picture]] = []

    def feed(self, data: bytes) -> None:
        """Take bytes of the log."""
        self._take(self._parser.feed(data))

    def close(self) -> Picture | None:
        """End the log and return the block; None where it has none."""
        self._take(self._parser.close())
        if self._wanted is not None:
            return self._nearest
        began = [(x.block.lines, x, f) for f, x in self._faults if f.loud]
        if not began:
            return self._last
        _, picture, finding = min(began, key=lambda found: found[0])
        picture.reason = f"where the first finding began: {finding.rule}"
        return picture

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, RunStarted):
                self._begin(event)
            if self.run is None:
                continue
            self.run.apply(event)
            changed = self._detector.take(event)
            self._see(event)
            for finding in changed:
                self._find(finding)

    def _begin(self, event: RunStarted) -> None:
        self.run = Run.begin(event)
        self._detector = Detector(self.run, RuleSettings())
        self._recent.clear()
        self._waiting.clear()
        self._values = 0
        self._shown = None

    def _see(self, event: Event) -> None:
        if type(event) is Pass:
            self._block(event)
        elif isinstance(event, Iteration):
            self._settle()
            if self._shown is not None:
                self._shown.loss = event.loss
        elif isinstance(event, RunEnded):
            self._settle()
            self._end()
        elif self._shown is not None:
            _add(self._shown, event)

    def _block(self, event: Pass) -> None:
        if event.net != TRAIN or self.run is None:
            return
        self.blocks += 1
        block = Block(event, self.run.learning_rate, self.run.grad_scale)
        self._recent.append(block)
        self._waiting.append(block)
        self._values += block.size
        self._shown = None
        while len(self._recent) > HISTORY or (self._values > _BUDGET and len(self._recent) > 1):
            gone = self._recent.popleft()
            self._values -= gone.size
            if self._waiting[0] is gone:
                self._waiting.pop(0)

    def _settle(self) -> None:
        """Take the blocks that have their number now, or will never have one."""
        for block in self._waiting:
            self._near(block)
            block.learning_rate = self.run.learning_rate if self.run else None
            self._shown = block
        self._waiting.clear()

    def _near(self, block: Block) -> None:
        """Keep the block if it is no farther from the wanted iteration than the one kept."""
        if self._wanted is None or block.iteration is None:
            return
        best = self._nearest.block.iteration if self._nearest else None
        distance = abs(block.iteration - self._wanted)
        if best is not None and distance > abs(best - self._wanted):
            return
        self._nearest = self._picture(block)
        if distance:
            said = f"iteration {self._wanted} shows no block"
            self._nearest.reason = f"the nearest to the one asked for: {said}"

    def _end(self) -> None:
        """Keep the last whole block of a run, or what there is of one."""
        if not self._recent:
            return
        last = self._recent[-1]
        whole = [x for x in self._recent if x.backward and x.pass_.complete]
        self._last = self._picture(whole[-1] if whole else last)
        self._last.reason = "the last one"
        if whole and not last.pass_.complete and last.iteration is not None:
            self._last.reason += f"; a block behind it is cut off (--iteration {last.iteration})"

    def _find(self, finding: Finding) -> None:
        """Note a new finding and keep the block in which it began."""
        if self.run is None or finding.state != "firing":
            return
        fold(finding, self._detector.findings, self.run)
        if finding.loud and len(self._faults) < _CANDIDATES:
            block = next((x for x in reversed(self._recent) if holds(x, finding)), None)
            if block is not None:
                self._faults.append((finding, self._picture(block)))

    def _picture(self, block: Block) -> Picture:
        assert self.run is not None  # blocks belong to a run
        before = []
        for other in self._recent:
            if other is block:
                break
            if other.iteration != block.iteration or block.iteration is None:
                before.append(other.pass_)
        return Picture(self.run, self._detector.findings, block, before)


def holds(block: Block, finding: Finding) -> bool:
    """Tell whether a finding began in this block, or on another line of its iteration."""
    first, last = block.lines
    place = finding.place
    same = place.moment.iteration == block.iteration is not None
    return first <= place.line <= last or same


def _add(block: Block, event: Event) -> None:
    if isinstance(event, LearningRate) and event.iteration == block.iteration:
        block.learning_rate, block.grad_scale = event.rate, event.grad_scale or 1.0
    elif isinstance(event, Output) and event.net == TRAIN and len(block.outputs) < MOST:
        block.outputs.append(event)
    elif isinstance(event, Update) and event.moment.iteration in (block.iteration, None):
        block.update = event
