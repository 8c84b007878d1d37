"""The words of a block: what each value measures, and what of it is normal.

Sources: what Caffe's layers do, ``docs/debug-info.md``, and the healthy ones of the labelled runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from caffewatch.report.explain_anatomy import Anatomy, Entry, Role

FORWARD = (
    "the batch goes up through the net; for each layer the mean of |x| over all elements of its "
    "outputs and of its parameters (a mean of absolute values, no L2 norm)"
)
BACKWARD = (
    "the gradient of the loss comes back down, last layer first: what each layer passes to its "
    "input, and the gradients of its parameters, before clipping, learning rate and weight decay"
)
UPDATE = "what the solver did: each parameter, and the change that is taken off it"
NORMS = (
    "all parameters together, true norms: data are the weights, diff the gradients. The line is "
    "logged with severity E and is no error"
)

_LAYERS = {
    "BatchNorm": "batch normalisation", "Bias": "a learned shift", "BN": "batch normalisation",
    "Concat": "joins its inputs", "Convolution": "convolution", "Data": "input",
    "Deconvolution": "deconvolution", "Dropout": "dropout", "Eltwise": "combines its inputs",
    "EuclideanLoss": "half the squared distance to the targets", "InnerProduct": "fully connected",
    "Loss": "loss", "LRN": "local response normalisation", "Pooling": "pooling",
    "Scale": "a learned scale and shift", "Softmax": "class probabilities",
    "SoftmaxWithLoss": "softmax and cross-entropy", "Split": "copies, put in by Caffe",
}  # fmt: skip

_STATISTICS = (
    "the means of batches, added up", "the variances of batches, added up",
    "the factor that both sums are divided by",
)  # fmt: skip
_WEIGHTS = ("the weights", "the bias")
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "Convolution": ("the filters", "the bias, one number for each filter"),
    "Deconvolution": ("the filters", "the bias, one number for each filter"),
    "InnerProduct": ("the weights", "the bias, one number for each output"),
    "Scale": ("the scale of each channel", "the shift of each channel"),
    "PReLU": ("the slopes for negative inputs",),
    "Bias": ("the shift of each channel",),
}
_ENDS = {
    Role.INPUT: "the input batch, as the net gets it",
    Role.LOSS: "the loss of this batch",
    Role.METRIC: "the share of this batch that is right",
}
_OUTPUTS = {
    "BatchNorm": "the output, brought to mean 0 and variance 1 channel by channel",
    "BN": "the output, brought to mean 0 and variance 1 and then scaled",
    "Convolution": "the output of the filters, before any activation",
    "Deconvolution": "the output of the filters, before any activation",
    "InnerProduct": "the output, before any activation",
    "Dropout": "the output: some elements 0, the others scaled up to make up for them",
    "Pooling": "the output, pooled",
    "Softmax": "the probabilities of the classes",
}
_NORMAL_OUTPUTS = {
    "BatchNorm": "about 0.8, the mean |x| of a normal distribution",
    "ReLU": "about half of its input; towards 0 it is dying",
    "Sigmoid": "0.5 at the start; all near 0 or 1 is saturated",
    "TanH": "below 0.9; near 1 it is saturated",
    "Softmax": "1 / number of classes, whatever it says",
    "Dropout": "as its input",
    "Split": "as its input",
}
_NORMAL_LOSSES = {
    "SoftmaxWithLoss": "ln(classes) at chance (2.303 for 10, 6.908 for 1000); 87.3365 at most",
    "EuclideanLoss": "about half the squared scale of the targets, times their number, at first",
    "SigmoidCrossEntropyLoss": "0.693 for each output at chance, then below",
    "ContrastiveLoss": "below half the squared margin; towards 0 as it learns",
    "HingeLoss": "1 for each wrong class at chance; towards 0 as it learns",
}


def layer_words(entry: Entry) -> str:
    """Say what kind of layer an entry is of; empty where that is not known."""
    said = _LAYERS.get(entry.kind, entry.kind)
    return f"{said}, by its name" if said and entry.guessed else said


def meaning(entry: Entry, anatomy: Anatomy) -> str:
    """Say what a value measures."""
    if entry.blob.phase == "update":
        verb = "the change of " if entry.blob.quantity == "diff" else ""
        return verb + parameter_words(entry)
    if entry.gradient:
        return _gradient(entry)
    if entry.number is not None:
        return parameter_words(entry)
    return _output(entry, anatomy)


def parameter_words(entry: Entry) -> str:
    """Name a layer's parameter."""
    number = entry.number or 0
    known = _PARAMETERS.get(entry.kind, _WEIGHTS)
    names = _STATISTICS if entry.role is Role.STATISTIC else known
    return names[number] if number < len(names) else f"parameter {number}"


def _gradient(entry: Entry) -> str:
    if entry.number is not None:
        return f"the gradient with respect to {parameter_words(entry).split(',')[0]}"
    if entry.role is Role.LOSS:
        return f"the gradient with respect to {entry.blob.blob}, what the loss read"
    return f"the gradient with respect to its input {entry.blob.blob}, passed down"


def _output(entry: Entry, anatomy: Anatomy) -> str:
    blob = entry.blob
    if entry.role in _ENDS:
        return _ENDS[entry.role]
    if entry.role is Role.EXTRA:
        return f"{blob.blob}, which comes with the input"
    if entry.kind == "Split":
        return f"{blob.blob}, a copy for one reader"
    source = anatomy.before(entry)
    if source is not None:
        where = "in place" if source.blob.blob == blob.blob else f"of blob {source.blob.blob}"
        return f"the output: what the {entry.kind} makes {where}"
    return _OUTPUTS.get(entry.kind, "the output")


def normal(entry: Entry) -> str:
    """Say what is normal for such a value."""
    if entry.gradient or entry.blob.quantity == "diff":
        return _normal_gradient(entry)
    if entry.role is Role.STATISTIC:
        return "climbs with the number of batches, to a hundredfold and more; no weight"
    if entry.role is Role.WEIGHT:
        return _normal_weight(entry)
    if entry.role is Role.BIAS:
        return "0 at the start, then small and slow"
    if entry.role is Role.LOSS:
        return _NORMAL_LOSSES.get(entry.kind, "its first value at the start, then falling")
    return _normal_output(entry)


def _normal_gradient(entry: Entry) -> str:
    if entry.blob.phase == "update":
        return "1e-4 to 1e-2 of the parameter; outside 1e-5 to 0.1 is unusual"
    if entry.number is None:
        return "small, of like order from layer to layer; never exactly 0 for long"
    if entry.role is Role.STATISTIC:
        return "0 for ever: statistics are not learned"
    return "lr * gradient 1e-4 to 1e-2 of the parameter, and like that of its peers"


def _normal_weight(entry: Entry) -> str:
    if entry.kind == "Scale":
        return "1 at the start, then slow"
    if entry.kind == "PReLU":
        return "0.25 at the start, then slow"
    return "0.001 to 1, by its initialisation; then slow"


def _normal_output(entry: Entry) -> str:
    if entry.role is Role.INPUT:
        return "up to 1 scaled, 40 to 70 images less their mean, above 100 raw 0-255 images"
    if entry.role is Role.EXTRA:
        return "labels: about half the number of classes"
    if entry.role is Role.METRIC:
        return "1 / classes at chance, towards 1"
    return _NORMAL_OUTPUTS.get(entry.kind, "0.01 to 100, of like order from layer to layer")
