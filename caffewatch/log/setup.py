"""What a log says before training begins: the solver's parameters and the nets."""

from __future__ import annotations

import re

from caffewatch.log import prototxt
from caffewatch.log.events import TRAIN, NetRead, SolverRead
from caffewatch.log.topology import NetBuilder

Match = re.Match[str]
MESSAGES = frozenset(
    {"solver_dump", "net_dump", "training_net", "testing_net", "net_done", "typed_layer",
     "create_layer", "reads", "writes", "backward_needed"}
)  # fmt: skip
"""Patterns of the grammar that `SetUp.take` reads."""


class SetUp:
    """Read dumps and set-up lines of one run.

    The first training net and the first test net of each number count: NVIDIA prints them once a
    GPU, and programs make further nets of their own.

    Attributes
    ----------
    builder
        The net that is being described, with its name; None where none is.
    """

    def __init__(self) -> None:
        self._dump: prototxt.Reader | NetBuilder | None = None
        self.builder: tuple[str, NetBuilder] | None = None
        self._nets: set[str] = set()

    @property
    def dumping(self) -> bool:
        """Whether a dump is being printed, which lines without a prefix belong to."""
        return self._dump is not None

    def feed_dump(self, text: str) -> bool:
        """Take a line without a prefix; False where no dump is being printed."""
        if self._dump is None:
            return False
        self._dump.feed(text)
        return True

    def end_dump(self, line: int) -> list[SolverRead]:
        """End the dump, if one is being printed: a line with a prefix has come."""
        dump, self._dump = self._dump, None
        if not isinstance(dump, prototxt.Reader):
            return []
        values = {name: prototxt.texts(dump.root, name) for name in dump.root}
        return [SolverRead(line, {name: ",".join(v) for name, v in values.items() if v})]

    def end_net(self, line: int) -> list[NetRead]:
        """End the description of a net, if one is being given."""
        builder, self.builder = self.builder, None
        if builder is None:
            return []
        name, net = builder
        if name == TRAIN and net.testing:
            return []
        self._nets.add(name)
        return [NetRead(line, name, net.build())]

    def take(self, name: str, match: Match, line: int) -> list[NetRead]:
        """Take a set-up message."""
        if name in ("training_net", "testing_net"):
            ended = self.end_net(line)
            net = TRAIN if name == "training_net" else f"test{match[1] or 0}"
            self.builder = (net, NetBuilder()) if net not in self._nets else None
            return ended
        if name == "net_done":
            return self.end_net(line)
        if name == "solver_dump":
            self._dump = prototxt.Reader()
        elif name == "net_dump":
            if self.builder is None and TRAIN not in self._nets:
                self.builder = (TRAIN, NetBuilder())
            self._dump = self.builder[1] if self.builder else NetBuilder()
        elif self.builder is not None:
            _describe(self.builder[1], name, match)
        return []


def _describe(net: NetBuilder, name: str, match: Match) -> None:
    if name == "create_layer":
        net.create(match[1])
    elif name == "typed_layer":
        net.typed(match[1], match[2])
    elif name == "reads":
        net.reads(match[2])
    elif name == "writes":
        net.writes(match[2])
    else:
        net.backward(match[1], match[2] == "needs")
