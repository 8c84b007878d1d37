"""A writer of logs as BVLC Caffe 1.0 prints them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Values = Mapping[str, float | str]
BEGIN = datetime(2026, 11, 23, 7, 14, 45)
TID = 12345


class Layer(NamedTuple):
    """One layer of a net; ``lr_mults`` has one number for each parameter."""

    name: str
    type: str
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    lr_mults: tuple[float, ...] = ()
    more: tuple[str, ...] = ()

    def dump(self) -> list[str]:
        """Return the layer as the prototxt dump shows it."""
        return [
            "layer {",
            f'  name: "{self.name}"',
            f'  type: "{self.type}"',
            *(f'  bottom: "{x}"' for x in self.bottoms),
            *(f'  top: "{x}"' for x in self.tops),
            *(line for x in self.lr_mults for line in ("  param {", f"    lr_mult: {x:g}", "  }")),
            *(f"  {line}" for line in self.more),
            "}",
        ]


def inner_product(name: str, bottom: str, *lr_mults: float) -> Layer:
    """Make a fully connected layer; the bias learns twice as fast unless told otherwise."""
    return Layer(name, "InnerProduct", (bottom,), (name,), lr_mults or (1.0, 2.0))


def relu(name: str, blob: str, *more: str) -> Layer:
    """Make an in-place ReLU."""
    return Layer(name, "ReLU", (blob,), (blob,), more=more)


DATA = Layer("data", "HDF5Data", (), ("data", "label"))
LOSS = Layer("loss", "SoftmaxWithLoss", ("score", "label"), ("loss",))
MLP = (
    DATA,
    inner_product("ip1", "data"),
    relu("relu1", "ip1"),
    inner_product("ip2", "ip1"),
    relu("relu2", "ip2"),
    inner_product("score", "ip2"),
    LOSS,
)
"""Two hidden layers with in-place ReLUs: 25 values in a training pass."""


class CaffeLog:
    """Write a log line by line; every line is a millisecond after the one before, save `pass_time`.

    Keys of ``values`` name a place in a block, and everything else is healthy: ``ip1`` the top of
    layer ip1 (``data/label`` one of several), ``ip1.0`` its weight, ``d ip1`` the gradient that it
    passes down, ``d ip1.0`` its weight's gradient.

    Attributes
    ----------
    chunks
        What was written, in pieces of one display each: (iteration, text).
    """

    def __init__(self, layers: tuple[Layer, ...] = MLP) -> None:
        self.layers = layers
        self.chunks: list[tuple[int, str]] = []
        self._count = 0
        self._waited = 0.0
        self._fresh: list[str] = []
        self._repeats = 1

    @classmethod
    def started(cls, layers: tuple[Layer, ...] = MLP, **solver: Any) -> CaffeLog:
        """Make a log whose training is about to begin; ``solver`` adds to the solver's dump."""
        log = cls(layers)
        log.set_up(**solver)
        return log

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(text for _, text in self.chunks) + "".join(self._fresh)

    @property
    def data(self) -> bytes:
        """All that was written, as it stands in the file."""
        return self.text.encode()

    def raw(self, line: str) -> None:
        """Write a line without a prefix."""
        self._fresh.append(f"{line}\n")

    def say(self, message: str, source: str = "solver.cpp:218", severity: str = "I") -> None:
        """Write a line with a prefix."""
        self._count += 1
        passed = timedelta(milliseconds=self._count, seconds=self._waited)
        time = (BEGIN + passed).strftime("%m%d %H:%M:%S.%f")
        self.raw(f"{severity}{time} {TID} {source}] {message}")

    def pass_time(self, seconds: float) -> None:
        """Let time pass before the next line."""
        self._waited += seconds

    def end_chunk(self, iteration: int) -> None:
        """Close the piece that belongs to an iteration."""
        self.chunks.append((iteration, "".join(self._fresh)))
        self._fresh.clear()

    def set_up(self, **solver: Any) -> None:
        """Write all that stands before the first iteration."""
        settings: dict[str, Any] = {
            "base_lr": 0.01,
            "display": 10,
            "max_iter": 1000,
            "type": '"SGD"',
        } | solver
        self._repeats = int(settings.get("iter_size", 1))
        self.say("Use CPU.", "caffe.cpp:197")
        self.say("Initializing solver from parameters: ", "solver.cpp:45")
        for name, value in settings.items():
            self.raw(f"{name}: {value}")
        self.raw("debug_info: true")
        self.say("Creating training net from net file: net.prototxt", "solver.cpp:102")
        self.say("Initializing net from parameters: ", "net.cpp:53")
        self.raw('name: "mlp"')
        for layer in self.layers:
            for line in layer.dump():
                self.raw(line)
        for layer in self.layers:
            self._create(layer)
        self.say("Network initialization done.", "net.cpp:257")
        self.say("Solver scaffolding done.", "solver.cpp:57")
        self.say("Starting Optimization", "caffe.cpp:239")
        self.say("Solving mlp", "solver.cpp:289")
        self.end_chunk(-1)

    def _create(self, layer: Layer) -> None:
        self.say(f"Creating Layer {layer.name}", "net.cpp:86")
        for blob in layer.bottoms:
            self.say(f"{layer.name} <- {blob}", "net.cpp:408")
        for blob in layer.tops:
            place = " (in-place)" if blob in layer.bottoms else ""
            self.say(f"{layer.name} -> {blob}{place}", "net.cpp:382")
        self.say(f"Setting up {layer.name}", "net.cpp:124")

    def forward(self, values: Values | None = None, lines: int | None = None) -> None:
        """Write the [Forward] lines of a block, or the first few of them."""
        shown = [(key, text) for layer in self.layers for key, text in _forward(layer)]
        for key, text in shown[:lines]:
            self.say(f"    [Forward] {text} data: {_spell(key, values)}", "net.cpp:593")

    def backward(
        self, values: Values | None = None, norms: str = "L1 norm = (9, 1); L2 norm = (3, 1)"
    ) -> None:
        """Write the [Backward] lines of a block and the All net params line."""
        for layer in reversed(self.layers):
            for key, text in _backward(layer):
                self.say(f"    [Backward] {text} diff: {_spell(key, values)}", "net.cpp:620")
        message = f"    [Backward] All net params (data, diff): {norms}"
        self.say(message, "net.cpp:642", "E")

    def block(self, values: Values | None = None) -> None:
        """Write a whole training pass, as often as iter_size says."""
        for _ in range(self._repeats):
            self.forward(values)
            self.backward(values)

    def iteration(
        self,
        number: int,
        loss: float | str = 2.0,
        outputs: Mapping[str, float | str] | None = None,
        lr: float | str = 0.01,
    ) -> None:
        """Write the lines that number a block; an output named ``*…`` has no weight."""
        self.say(f"Iteration {number} (100 iter/s, 0.1s/10 iters), loss = {loss}")
        for index, (name, value) in enumerate(_shown(loss, outputs)):
            self.say(f"    Train net output #{index}: {_output(name, value)}", "solver.cpp:237")
        self.say(f"Iteration {number}, lr = {lr}", "sgd_solver.cpp:105")

    def display(
        self,
        number: int,
        values: Values | None = None,
        loss: float | str = 2.0,
        lr: float | str = 0.01,
        outputs: Mapping[str, float | str] | None = None,
    ) -> None:
        """Write one display: block, Iteration line, outputs and learning rate."""
        self.block(values)
        self.iteration(number, loss, outputs, lr)
        self.end_chunk(number)

    def losses(self, losses: Iterable[float | str], start: int = 0, step: int = 10) -> None:
        """Write displays of these losses without debug_info."""
        for number, loss in enumerate(losses):
            self.iteration(start + step * number, loss)
            self.end_chunk(start + step * number)

    def displays(self, numbers: Iterable[int], values: Values | None = None) -> None:
        """Write displays that are all alike."""
        for number in numbers:
            self.display(number, values)

    def test(
        self,
        number: int,
        values: Values | None = None,
        loss: float | str = 2.0,
        outputs: Mapping[str, float | str] | None = None,
        net: int = 0,
    ) -> None:
        """Write a test of one batch, with the [Forward] lines of the test net."""
        self.say(f"Iteration {number}, Testing net (#{net})", "solver.cpp:347")
        self.forward(values)
        for index, (name, value) in enumerate(_shown(loss, outputs)):
            self.say(f"    Test net output #{index}: {_output(name, value)}", "solver.cpp:414")

    def snapshot(self, number: int) -> str:
        """Write the lines of a snapshot; return its path."""
        path = f"net_iter_{number}.caffemodel"
        self.say(f"Snapshotting to binary proto file {path}", "solver.cpp:464")
        state = f"net_iter_{number}.solverstate"
        self.say(f"Snapshotting solver state to binary proto file {state}", "sgd_solver.cpp:284")
        return path

    def clip(self, norm: float) -> None:
        """Write the line of a clipped iteration."""
        message = f"(L2 norm {norm:g} > 35) by scale factor {35 / norm:g}"
        self.say(f"Gradient clipping: scaling down gradients {message}", "sgd_solver.cpp:99")

    def done(self) -> None:
        """Write the good end of a training."""
        self.say("Optimization Done.", "solver.cpp:332")
        self.say("Optimization Done.", "caffe.cpp:250")

    def fatal(self, reason: str = "Check failed: error == cudaSuccess (2 vs. 0)") -> None:
        """Write a fatal line and the trace behind it."""
        self.say(reason, "syncedmem.cpp:71", "F")
        self.raw("*** Check failure stack trace: ***")

    def signal(self, name: str) -> None:
        """Write what glog's handler prints on a signal."""
        self.raw('*** Aborted at 1795418400 (unix time) try "date -d @1795418400" ***')
        self.raw(f"*** {name} (@0x3039) received by PID {TID} (TID 0x7f) from PID 1; ***")


def _shown(
    loss: float | str, outputs: Mapping[str, float | str] | None
) -> Iterable[tuple[str, float | str]]:
    return ({"loss": loss} if outputs is None else outputs).items()


def _output(name: str, value: float | str) -> str:
    return (
        f"{name[1:]} = {value}"
        if name.startswith("*")
        else f"{name} = {value} (* 1 = {value} loss)"
    )


def _forward(layer: Layer) -> Iterable[tuple[str, str]]:
    for number, top in enumerate(layer.tops):
        key = layer.name if number == 0 else f"{layer.name}/{top}"
        yield key, f"Layer {layer.name}, top blob {top}"
    for index in range(len(layer.lr_mults)):
        yield f"{layer.name}.{index}", f"Layer {layer.name}, param blob {index}"


def _backward(layer: Layer) -> Iterable[tuple[str, str]]:
    for bottom in layer.bottoms:
        if bottom not in ("data", "label"):
            yield f"d {layer.name}", f"Layer {layer.name}, bottom blob {bottom}"
    for index, mult in enumerate(layer.lr_mults):
        if mult:
            yield f"d {layer.name}.{index}", f"Layer {layer.name}, param blob {index}"


def _spell(key: str, values: Values | None) -> str:
    value = (values or {}).get(key)
    if value is None:
        parameter = key[-2:] in (".0", ".1", ".2")
        value = (0.001 if parameter else 0.0005) if key.startswith("d ") else 0.1
        if not parameter and not key.startswith(("d ", "relu")):
            value = 0.2
    return value if isinstance(value, str) else f"{value:.6g}"


def healthy(displays: int = 5, **solver: Any) -> CaffeLog:
    """Begin a log that is well for so many displays, ten iterations apart."""
    log = CaffeLog.started(**solver)
    log.displays(range(0, 10 * displays, 10))
    return log
