"""What is read before training begins: dumps and set-up lines."""

from __future__ import annotations

import pytest

from caffewatch.log import prototxt, topology
from caffewatch.log.events import NetRead, SolverRead
from caffewatch.log.parser import Parser
from caffewatch.log.topology import Layer, Net
from tests.log.samples import iteration, net_dump, of, one, parse, say, solver_dump


def read(text: str) -> prototxt.Message:
    """Return what a dump says."""
    reader = prototxt.Reader()
    for line in text.splitlines():
        reader.feed(line)
    return reader.root


def net(dump: str, *lines: str) -> Net:
    """Return the training net of a log."""
    return one(NetRead, parse(net_dump(dump) + "".join(map(say, lines)) + iteration(0))).net


V2 = """name: "LeNet"
state {
  phase: TRAIN
}
layer {
  name: "conv1"
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  param {
    name: "w"
    lr_mult: 0
  }
  param {
    decay_mult: 0
  }
}
layer {
  name: "act"
  type: "ReLU"
  bottom: "conv1"
  top: "conv1"
  relu_param {
    negative_slope: 0.1
  }
}
layer {
  name: "loss"
  type: "SoftmaxWithLoss"
  top: "loss"
  loss_weight: 0.3
  loss_weight: x
}
"""

V1 = """name: "CaffeNet"
layers {
  bottom: "data"
  top: "fc8"
  name: "fc8"
  type: INNER_PRODUCT
  blobs_lr: 10
  blobs_lr: 0
  param: "shared"
}
layers {
  bottom: "fc8"
  top: "loss"
  name: "loss"
  type: SOFTMAX_LOSS
}
"""


class TestSolver:
    def test_parameters(self) -> None:
        """Scalar settings are read, repeated ones joined, messages left out."""
        dump = solver_dump(base_lr=0.01, type='"Adam"') + "stepvalue: 10\nstepvalue: 20\n"
        dump += 'train_state {\n  level: 0\n  stage: ""\n}\n'

        assert one(SolverRead, parse(dump + iteration(0))).parameters == {
            "base_lr": "0.01",
            "type": "Adam",
            "stepvalue": "10,20",
        }

    def test_cut_off(self) -> None:
        """A dump in whose midst the log ends is read as far as it goes."""
        assert one(SolverRead, parse(solver_dump(display=5))).parameters == {"display": "5"}

    def test_dump_lines_are_not_foreign(self) -> None:
        """Lines of a dump are counted as Caffe's, those after it are not."""
        parser = Parser()
        parser.feed((solver_dump(display=5) + say("Solving x") + "display: 5\n").encode())

        assert parser.unrecognised == 1

    def test_unprefixed_log(self) -> None:
        """Without prefixes the first message ends the dump."""
        log = "Initializing solver from parameters:\ndisplay: 5\nSolving x\nIteration 0, loss = 1\n"

        assert one(SolverRead, parse(log)).parameters == {"display": "5"}

    def test_death_ends_a_dump(self) -> None:
        """A trace in the midst of a dump is no part of it."""
        log = solver_dump(display=5) + "Segmentation fault (core dumped)\n"

        assert one(SolverRead, parse(log)).parameters == {"display": "5"}


class TestNets:
    def test_today(self) -> None:
        """Names, types, learning rates, loss weights and slopes come from the dump."""
        found = net(V2)

        assert (found.name, list(found.layers)) == ("LeNet", ["conv1", "act", "loss"])
        assert found.layers["conv1"] == Layer(
            "conv1", "Convolution", ["data"], ["conv1"], lr_mults=(0.0, 1.0)
        )
        assert [found.layer("conv1").lr_mult(index) for index in range(3)] == [0.0, 1.0, 1.0]
        assert found.layers["act"].negative_slope == 0.1
        assert found.layers["loss"].loss_weights == (0.3, 1.0)

    def test_2014(self) -> None:
        """2014's `layers` with enums and blobs_lr are read as today's."""
        found = net(V1)

        assert found.layers["fc8"] == Layer(
            "fc8", "InnerProduct", ["data"], ["fc8"], lr_mults=(10.0, 0.0)
        )
        assert found.layers["loss"].type == "SoftmaxWithLoss"

    def test_nested_layers(self) -> None:
        """The oldest dumps put a layer inside of `layers`."""
        inner = 'layer {\n name: "r"\n type: "relu"\n }\n'
        dump = f'layers {{\n{inner} bottom: "a"\n top: "a"\n}}\n'

        assert net(dump).layers["r"] == Layer("r", "ReLU", ["a"], ["a"])

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("ABSVAL", "AbsVal"), ("ARGMAX", "ArgMax"), ("BNLL", "BNLL"), ("ELTWISE", "Eltwise"),
            ("HDF5_DATA", "HDF5Data"), ("HDF5_OUTPUT", "HDF5Output"), ("IM2COL", "Im2col"),
            ("IMAGE_DATA", "ImageData"), ("LRN", "LRN"), ("MVN", "MVN"), ("RELU", "ReLU"),
            ("SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"), ("TANH", "TanH"),
            ("conv", "Convolution"), ("innerproduct", "InnerProduct"), ("pool", "Pooling"),
        ],
    )  # fmt: skip
    def test_old_types(self, old: str, new: str) -> None:
        """A type of 2014 has today's name."""
        dump = f'layers {{\n  name: "x"\n  type: {old}\n}}\n'

        assert net(dump).layers["x"].type == new

    @pytest.mark.parametrize("kind", ["ELU", "LSTM", "RNN", "SPP", "MVN", "ReLU6"])
    def test_today_types_stay(self, kind: str) -> None:
        """A type of today is taken as it is, capitals and all."""
        dump = f'layer {{\n  name: "x"\n  type: "{kind}"\n}}\n'

        assert net(dump).layers["x"].type == kind

    def test_set_up_lines(self) -> None:
        """What layers read and write comes from the set-up lines, with the splits in between."""
        found = net(
            V2,
            "Creating layer conv1",
            "Creating Layer conv1",
            "conv1 <- data_data_0_split_0",
            "conv1 -> conv1",
            "Setting up conv1",
            "Creating Layer data_data_0_split",
            "Creating Layer act",
            "act <- conv1",
            "act -> conv1 (in-place)",
            "act needs backward computation.",
            "conv1 does not need backward computation.",
            "ghost needs backward computation.",
        )

        assert list(found.layers) == ["conv1", "data_data_0_split", "act"]
        assert found.layers["conv1"].bottoms == ["data_data_0_split_0"]
        assert (found.layers["act"].bottoms, found.layers["act"].tops) == (["conv1"], ["conv1"])
        assert [x.needs_backward for x in found.layers.values()] == [False, None, True]
        assert [x.kind for x in found.layers.values()] == ["Convolution", "Split", "ReLU"]

    def test_nvidia(self) -> None:
        """NVIDIA's lines quote the name and give the type."""
        found = net(
            "",
            "Creating layer 'conv1' of type 'Convolution'",
            "Created Layer conv1 (1)",
            "conv1 <- data",
            "conv1 -> conv1",
        )

        assert found.layers["conv1"] == Layer("conv1", "Convolution", ["data"], ["conv1"])

    def test_nvidia_with_a_dump(self) -> None:
        """Its lines add to what the dump says."""
        found = net(V2, "Creating layer 'conv1' of type 'Convolution'", "Created Layer conv1 (1)")

        assert found.layers["conv1"].lr_mults == net(V2).layers["conv1"].lr_mults != ()

    def test_outputs_of_a_layer_of_a_fork(self) -> None:
        """Whatever its parameters are called, they say how many there are."""
        dump = 'layer {\n  name: "fc"\n  param {\n    lr_mult: 1\n  }\n'
        dump += "  margin_inner_product_param {\n    num_output: 85\n  }\n}\n"

        assert net(dump).layers["fc"].num_output == 85

    @pytest.mark.parametrize("number", ["inf", "nan", "1e9", "9" * 5000, "\u00b2", "-3", "0"])
    def test_a_number_of_outputs_that_is_none(self, number: str) -> None:
        """A hostile dump gives whatever it likes."""
        dump = f'layer {{\n  name: "ip1"\n  inner_product_param {{\n    num_output: {number}\n'

        assert net(dump).layers["ip1"].num_output is None

    def test_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A net without an end fills no memory."""
        monkeypatch.setattr(topology, "MAX_LAYERS", 100)

        assert len(net("", *(f"Creating Layer {number}" for number in range(110))).layers) == 100

    def test_connections_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nor does a layer that reads and writes without an end."""
        monkeypatch.setattr(topology, "MAX_CONNECTIONS", 100)
        lines = (f"a {arrow} {number}" for number in range(60) for arrow in ("<-", "->"))

        layer = net("", "Creating Layer a", *lines).layers["a"]

        assert (len(layer.bottoms), len(layer.tops)) == (50, 50)

    def test_kind_is_guessed_from_the_name(self) -> None:
        """Where no dump gives the type, the name may."""
        names = {"conv1/relu": "ReLU", "prelu2": "PReLU", "Pool5": "Pooling", "fc": ""}

        assert {name: Layer(name).kind for name in names} == names

    def test_unknown_layer(self) -> None:
        """A layer that the log never described is an empty one."""
        assert Net().layer("x") == Layer("x")

    def test_lines_without_a_net(self) -> None:
        """Set-up lines outside of a net, or before its first layer, tell nothing."""
        assert of(NetRead, parse(say("a <- b") + say("Creating Layer x"))) == []
        assert net("", "a <- b", "a -> b").layers == {}


class TestWhichNet:
    def test_training_and_test_nets(self) -> None:
        """The training net and each test net are told apart."""
        done = say("Network initialization done.")
        log = net_dump(V2) + done
        log += net_dump(V1, "Creating test net (#0) specified by net file: x") + done
        log += net_dump('name: "c"\n', "Creating test net (#1) specified by net file: x") + done

        named = [(event.name, event.net.name) for event in of(NetRead, parse(log))]

        assert named == [("train", "LeNet"), ("test0", "CaffeNet"), ("test1", "c")]

    def test_once_per_gpu(self) -> None:
        """The net is set up again for every GPU; the first counts."""
        log = net_dump(V2) + say("Creating Layer a") + say("Network initialization done.")

        assert [event.name for event in of(NetRead, parse(log * 3))] == ["train"]

    def test_pycaffe(self) -> None:
        """A net by itself is the training net, unless its dump says TEST."""
        alone = say("Initializing net from parameters: ")
        test = alone + 'name: "t"\nstate {\n  phase: TEST\n}\n' + say("Creating Layer a")
        train = alone + V2 + say("Creating Layer conv1") + say("Network initialization done.")

        events = parse(test + say("Network initialization done.") + train + iteration(0))

        assert [(event.name, event.net.name) for event in of(NetRead, events)] == [
            ("train", "LeNet")
        ]

    def test_a_further_net(self) -> None:
        """A program's net of its own, later on, is none of the run's."""
        later = say("Initializing net from parameters: ") + V1 + say("Creating Layer z")
        done = say("Network initialization done.")

        assert len(of(NetRead, parse(net_dump(V2) + done + later + done))) == 1
