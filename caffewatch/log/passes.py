"""Lines of debug_info to numbered passes: of the training net, of test nets, and of updates."""

from __future__ import annotations

import re
from typing import Any

from caffewatch.log import messages
from caffewatch.log.debug_info import Blocks, Updates
from caffewatch.log.events import TRAIN, Blob, Event, Iteration, Moment, Norms
from caffewatch.log.glog import Line
from caffewatch.log.grammar import numbers
from caffewatch.log.numbering import Numbering

Match = re.Match[str]
MESSAGES = frozenset({*messages.DEBUG, *messages.UPDATES, "norms"})
"""Patterns of the grammar that `Passes.take` reads."""


class Passes:
    """Read the debug_info lines of a run, and say which iteration they are of.

    What completes a pass returns it, as a list of events. ``at`` is the number of the line that
    does so.
    """

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.forget()

    def forget(self) -> None:
        """Begin another run."""
        self.blocks.forget()
        self.numbering = Numbering()
        self.updates = Updates()
        self.test = "test0"
        self._test_moment = Moment(None, estimated=False)

    @property
    def at_rest(self) -> bool:
        """Whether the training net runs, and nothing has been begun."""
        return self.blocks.net == TRAIN and not self.blocks.open and not self.updates.rows

    def take(self, name: str, match: Any, line: Line, at: int) -> list[Event]:
        """Take a debug_info message, by its pattern's name."""
        if name == "norms":
            return self._norms(match, line, at)
        if name in messages.UPDATES:
            return self._update(*messages.UPDATES[name](match), at)
        return self._value(*messages.DEBUG[name](match), line, at)

    def _value(self, blob: Blob, value: float, line: Line, at: int) -> list[Event]:
        done: list[Event] = []
        if blob.phase == "backward" and self.blocks.net != TRAIN:
            self.blocks.turn()
        if self.blocks.begins_anew(blob):
            done = self.close(at)
        end = line.raw.rfind(b" %b: " % blob.quantity.encode()) + len(b" data: ")
        self.blocks.add(blob, value, line.raw, at, line.tid, slice(line.stamp_end, end))
        return done + self.close_full_test(at)

    def _norms(self, match: messages.AnyMatch, line: Line, at: int) -> list[Event]:
        """Close the block with its norms, unless they are another thread's or rank's."""
        if not self.blocks.open or not self.blocks.belongs(line.tid):
            return []
        data1, diff1, data2, diff2 = numbers(match.groups())
        return self.close(at, Norms((data1, diff1), (data2, diff2)))

    def _update(
        self, layer: str, param: str, data: float | None, diff: float, at: int
    ) -> list[Event]:
        done = self.close_updates() if self.updates.begins_anew(layer, param) else []
        self.updates.add(layer, param, data, diff, at)
        return done

    def begin_test(self, net: str, iteration: int, at: int) -> list[Event]:
        """Take ``Iteration N, Testing net``: the lines that follow are that net's."""
        done = self.close(at)
        self.test, self._test_moment = net, Moment(iteration, estimated=False)
        self.blocks.switch(net)
        return done

    def end_test(self, at: int) -> list[Event]:
        """Take what comes after a test: the lines that follow are the training net's."""
        done: list[Event] = []
        if self.blocks.net != TRAIN:
            done = self.close(at)
            self.blocks.switch(TRAIN)
        return done

    def settle(self, event: Iteration) -> list[Event]:
        """Take ``Iteration N …, loss = x``: it numbers the passes before it."""
        done: list[Event] = []
        if self.blocks.open or self.blocks.net != TRAIN:
            done = self.close(event.line) + self.end_test(event.line)
        event.numbered = self.numbering.settle(event.iteration)
        return done

    def end(self, at: int) -> list[Event]:
        """End the run: a block that is still open was cut off."""
        return self.close_updates() + self.close(at, complete=False)

    def close_updates(self) -> list[Event]:
        """End the [Update] lines, if there are any."""
        return [self.updates.close(self.numbering.current)] if self.updates else []

    def close(self, at: int, norms: Norms | None = None, complete: bool = True) -> list[Event]:
        """End the open block, if there is one."""
        done = self.blocks.close(at, norms, complete)
        if done is None:
            return []
        if done.net == TRAIN:
            done.moment = self.numbering.moment()
        else:
            done.moment = self._test_moment
        return [done]

    def close_full_test(self, at: int) -> list[Event]:
        """End a test net's block as soon as it is as long as the ones before: no norms follow."""
        full = self.blocks.net != TRAIN and self.blocks.full
        return self.close(at) if full else []
