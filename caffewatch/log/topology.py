"""The nets of a run: layers, what they read and write, and how fast they learn."""

from __future__ import annotations

from dataclasses import field

from caffewatch.log import prototxt
from caffewatch.log.slotted import slotted

_OLD_TYPES = {
    "ABSVAL": "AbsVal", "ARGMAX": "ArgMax", "BNLL": "BNLL", "CONV": "Convolution",
    "HDF5_DATA": "HDF5Data", "HDF5_OUTPUT": "HDF5Output", "IMAGES": "ImageData",
    "INNERPRODUCT": "InnerProduct", "LRN": "LRN", "MVN": "MVN", "POOL": "Pooling",
    "RELU": "ReLU", "SOFTMAX_LOSS": "SoftmaxWithLoss", "TANH": "TanH",
}  # fmt: skip
"""2014's names in today's spelling, where they differ by more than capitals."""
_GUESSES = (
    ("_split", "Split"), ("prelu", "PReLU"), ("relu", "ReLU"), ("sigmoid", "Sigmoid"),
    ("tanh", "TanH"), ("dropout", "Dropout"), ("pool", "Pooling"), ("/bn", "BatchNorm"),
)  # fmt: skip


MAX_LAYERS = 20_000
MAX_CONNECTIONS = 100_000
"""Layers of a net, and blobs that they read or write; none has as many, and a hostile log shall not
fill the memory."""


@slotted
class Layer:
    """One layer.

    ``lr_mults`` are the learning rate multipliers that the dump gives, one for each parameter it
    names; Caffe takes 1 for the others. ``type`` is empty where no dump gave it; ``needs_backward``
    None where the log does not say.
    """

    name: str
    type: str = ""
    bottoms: list[str] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    lr_mults: tuple[float, ...] = ()
    loss_weights: tuple[float, ...] = ()
    negative_slope: float = 0.0
    num_output: int | None = None
    needs_backward: bool | None = None

    @property
    def kind(self) -> str:
        """The layer's type, guessed from its name where the log does not give it."""
        if self.type:
            return self.type
        name = self.name.lower()
        return next((kind for part, kind in _GUESSES if part in name), "")

    def lr_mult(self, index: int) -> float:
        """Return the learning rate multiplier of the parameter at ``index``."""
        return self.lr_mults[index] if index < len(self.lr_mults) else 1.0


@slotted
class Net:
    """Layers by name, in the order in which Caffe creates them."""

    name: str = ""
    layers: dict[str, Layer] = field(default_factory=dict)

    def layer(self, name: str) -> Layer:
        """Return the layer of that name, made new where the log never described it."""
        return self.layers.get(name) or Layer(name)


class NetBuilder:
    """Put a net together from its dump and its set-up lines."""

    def __init__(self) -> None:
        self._dump = prototxt.Reader()
        self._described: dict[str, Layer] | None = None
        self._net = Net()
        self._current: Layer | None = None
        self._connections = 0

    def feed(self, line: str) -> None:
        """Take a line of the dump behind ``Initializing net from parameters``."""
        self._dump.feed(line)

    def create(self, name: str) -> None:
        """Take ``Creating Layer NAME``."""
        layer = self._of_dump().get(name) or Layer(name)
        layer.bottoms, layer.tops = [], []
        self._current = layer
        if len(self._net.layers) < MAX_LAYERS:
            self._net.layers[name] = layer

    def typed(self, name: str, kind: str) -> None:
        """Take NVIDIA's ``Creating layer 'NAME' of type 'KIND'``."""
        described = self._of_dump()
        if name in described or len(described) < MAX_LAYERS:
            described.setdefault(name, Layer(name, kind)).type = kind

    def _of_dump(self) -> dict[str, Layer]:
        """Return the layers that the dump describes; it has ended where layers are created."""
        if self._described is None:
            self._described = {x.name: x for x in map(_layer, _layers(self._dump.root))}
        return self._described

    def reads(self, blob: str) -> None:
        """Take ``NAME <- BLOB``."""
        if self._current is not None and self._is_connecting():
            self._current.bottoms.append(blob)

    def writes(self, blob: str) -> None:
        """Take ``NAME -> BLOB``, in-place or not."""
        if self._current is not None and self._is_connecting():
            self._current.tops.append(blob)

    def _is_connecting(self) -> bool:
        self._connections += 1
        return self._connections <= MAX_CONNECTIONS

    def backward(self, name: str, needed: bool) -> None:
        """Take ``NAME needs backward computation.`` or its opposite."""
        layer = self._net.layers.get(name)
        if layer is not None:
            layer.needs_backward = needed

    def build(self) -> Net:
        """Return the net; layers that only the dump names come as it names them."""
        self._net.name = prototxt.text(self._dump.root, "name")
        if not self._net.layers:
            self._net.layers = {x.name: x for x in map(_layer, _layers(self._dump.root))}
        return self._net

    @property
    def testing(self) -> bool:
        """Whether the dump says that this is a test net."""
        states = prototxt.messages(self._dump.root, "state")
        return any(prototxt.text(state, "phase") == "TEST" for state in states)


def _layers(root: prototxt.Message) -> list[prototxt.Message]:
    """Return the dump's layers; 2014's nest a second ``layer`` inside ``layers``."""
    old = prototxt.messages(root, "layers")
    unnested = [{**x, **(prototxt.messages(x, "layer") or [{}])[0]} for x in old]
    for layer in unnested:
        layer["type"] = [_new_type(prototxt.text(layer, "type"))]
    return prototxt.messages(root, "layer") + unnested


def _layer(message: prototxt.Message) -> Layer:
    params = prototxt.messages(message, "param")
    mults = [prototxt.number(x, "lr_mult", 1.0) for x in params]
    if not params:
        mults = [_float(x) for x in prototxt.texts(message, "blobs_lr")]
    relu = prototxt.messages(message, "relu_param")
    own = [x for name in message if name.endswith("_param") for x in message[name]]
    texts = [prototxt.text(x, "num_output") for x in own if isinstance(x, dict)]
    return Layer(
        name=prototxt.text(message, "name"),
        type=prototxt.text(message, "type"),
        bottoms=prototxt.texts(message, "bottom"),
        tops=prototxt.texts(message, "top"),
        lr_mults=tuple(mults),
        loss_weights=tuple(_float(x) for x in prototxt.texts(message, "loss_weight")),
        negative_slope=prototxt.number(relu[0], "negative_slope", 0.0) if relu else 0.0,
        num_output=next(filter(None, map(prototxt.whole, texts)), None),
    )


def _new_type(name: str) -> str:
    """Return a layer type of 2014 in today's spelling: INNER_PRODUCT is InnerProduct."""
    parts = name.split("_")
    return _OLD_TYPES.get(name.upper()) or "".join(part.capitalize() for part in parts)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
