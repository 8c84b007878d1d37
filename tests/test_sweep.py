"""Displays that are taken many at a time give what they give one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caffewatch.alert.model import Alert
from caffewatch.detect.finding import Finding
from caffewatch.detect.gradient_explosion import GradientExplosionParameters
from caffewatch.detect.loss_plateau import LossPlateau
from caffewatch.detect.registry import RULES
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings
from caffewatch.detect.update_ratio import UpdateRatioParameters
from caffewatch.detect.zero_gradient import ZeroGradientParameters
from caffewatch.log.displays import Display
from caffewatch.log.events import Event, LearningRate, SnapshotWritten
from caffewatch.log.parser import Parser
from caffewatch.log.stretch import Stretch
from caffewatch.monitor import Monitor
from caffewatch.report.as_json import report
from tests.log.samples import LABELS, real_log
from tests.logs import MLP, CaffeLog
from tests.watched import ORIGIN, REFERENCE

PREFIX = "I1123 07:14:45.000000 12345 "
EDITS: dict[str, Callable[[list[str], int], None]] = {}
"""What may happen to the lines of a healthy log, at one of them."""
Edit = Callable[[list[str], int], None]


def edit(function: Edit) -> Edit:
    """Add a function to `EDITS`."""
    EDITS[function.__name__] = function
    return function


def _tail(lines: list[str], at: int, value: str) -> None:
    head, found, _ = lines[at].rpartition(": " if "ward]" in lines[at] else "= ")
    lines[at] = head + found + value if found else lines[at]


@edit
def nan(lines: list[str], at: int) -> None:
    """Make a value nan."""
    _tail(lines, at, "nan")


@edit
def zero(lines: list[str], at: int) -> None:
    """Make a value 0."""
    _tail(lines, at, "0")


@edit
def huge(lines: list[str], at: int) -> None:
    """Make a value larger than all."""
    _tail(lines, at, "3.4e+38")


@edit
def floor(lines: list[str], at: int) -> None:
    """Make a loss that of a softmax that gives 0."""
    _tail(lines, at, "87.3365 (* 1 = 87.3365 loss)" if "output" in lines[at] else "87.3365")


@edit
def garbage(lines: list[str], at: int) -> None:
    """Make a value no number."""
    _tail(lines, at, "1.#QNAN" if at % 2 else "0.1x")


@edit
def lost(lines: list[str], at: int) -> None:
    """Lose a line."""
    del lines[at]


@edit
def twice(lines: list[str], at: int) -> None:
    """Write a line twice."""
    lines.insert(at, lines[at])


@edit
def foreign(lines: list[str], at: int) -> None:
    """Write something else in between."""
    lines.insert(at, "RuntimeWarning: Mean of empty slice." if at % 2 else "")


@edit
def shell(lines: list[str], at: int) -> None:
    """Let a shell tell of another program's death, or of its end."""
    lines.insert(at, "./plot.sh: line 3:  4242 Killed     plot" if at % 2 else "Terminated")


@edit
def raised(lines: list[str], at: int) -> None:
    """Let something in Python fail, with what else is written before its last line."""
    lines.insert(at, "Traceback (most recent call last):")
    last = at + 1 + at % 3 * 40
    lines.insert(last, "KeyError: 'loss'" if at % 2 else "KeyboardInterrupt")
    if at % 5 == 0:
        lines.insert(at, "Exception in thread Thread-3:")


@edit
def behind(lines: list[str], at: int) -> None:
    """Let a rank that lags behind name its iterations again."""
    shown = [n for n in range(at) if " Iteration " in lines[n]][-40:]
    ranks = [re.sub(r" \d+ (?=\w+\.cpp)", " 777 ", lines[n]) for n in shown]
    lines[at:at] = [*ranks, *ranks[-10:]] if at % 2 else ranks


@edit
def doubtful(lines: list[str], at: int) -> None:
    """Write something that a progress bar rewrites, or that ends in a line of Caffe's."""
    lines.insert(at, "37%|###7\r\r100%" if at % 2 else f"epoch 3 {lines[at]}")


@edit
def torn(lines: list[str], at: int) -> None:
    """Cut a line off."""
    lines[at] = lines[at][: len(lines[at]) * 2 // 3]


def saying(source: str, message: str) -> Edit:
    """Make what writes a line of Caffe's."""

    def apply(lines: list[str], at: int) -> None:
        lines.insert(at, f"{lines[at][: len(PREFIX)]}{source}] {message}")

    return apply


@edit
def midnight(lines: list[str], at: int) -> None:
    """Let the day change."""
    for number in range(at, len(lines)):
        lines[number] = lines[number].replace("I1123", "I1124")


@edit
def pause(lines: list[str], at: int) -> None:
    """Let hours pass."""
    for number in range(at, len(lines)):
        lines[number] = lines[number].replace(" 07:", " 11:")


@edit
def no_time(lines: list[str], at: int) -> None:
    """Make a stamp none."""
    lines[at] = lines[at].replace(" 07:", " 07:99:")


@edit
def other_thread(lines: list[str], at: int) -> None:
    """Let another thread write."""
    lines[at] = lines[at].replace(" 28228 ", " 28229 ")


@edit
def rate(lines: list[str], at: int) -> None:
    """Lower the learning rate from here on."""
    for number in range(at, len(lines)):
        head, found, _ = lines[number].partition("lr = ")
        lines[number] = head + found + "1e-09" if found else lines[number]


@edit
def scaled(lines: list[str], at: int) -> None:
    """Scale gradients as NVIDIA's does."""
    if "lr = " in lines[at]:
        lines[at] += ", m = 0.9, wd = 0.0005, gs = 1144.96"


@edit
def jump(lines: list[str], at: int) -> None:
    """Name another iteration."""
    lines[at] = lines[at].replace("Iteration ", "Iteration 1")


@edit
def rerun(lines: list[str], at: int) -> None:
    """Let another training append to the log."""
    lines[at:at] = lines[:200]


@edit
def weighed(lines: list[str], at: int) -> None:
    """Give a loss another weight."""
    lines[at] = lines[at].replace("(* 1 =", "(* 0.3 =")


def lasting(value: str) -> Edit:
    """Make what sets a value of a block, or an output, for thirty displays."""

    def apply(lines: list[str], at: int) -> None:
        message = lines[at].partition("] ")[2]
        name = message.rpartition(": " if "ward]" in message else " = ")[0]
        alike = [n for n in range(at, len(lines)) if name and f"] {name}" in lines[n]]
        for number in alike[:30]:
            _tail(lines, number, value)

    return apply


CLIPPING = "Gradient clipping: scaling down gradients (L2 norm {} > 35) by scale factor 0.5"
ASIDES = {
    "snapshot": ("solver.cpp:464", "Snapshotting to binary proto file x_iter_9.caffemodel"),
    "state": ("sgd_solver.cpp:284", "Snapshotting solver state to binary proto file x.solverstate"),
    "clipped": ("sgd_solver.cpp:99", CLIPPING.format("70.5")),
    "clipped to nan": ("sgd_solver.cpp:99", CLIPPING.format("nan")),
    "status": ("sgd_solver.cpp:50", "MultiStep Status: Iteration 500, step = 1"),
    "of a layer": ("my_layer.cpp:12", "lambda = 0.5"),
    "from a shown line's place": ("solver.cpp:218", "Iteration 500 takes 0.1 s"),
    "blank": ("my_layer.cpp:12", " "),
    "waiting": ("data_reader.cpp:9", "Waiting for data"),
    "restarted": ("data_layer.cpp:129", "Restarting data prefetching from start."),
    "update": ("net.cpp:653", "    [Update] Layer ip1, param 0 data: 0.1; diff: 1e-05"),
    "another layer": ("net.cpp:593", "    [Forward] Layer new, top blob new data: 0.3"),
    "no value": ("net.cpp:593", "    [Forward] Layer ip1, top blob ip1 data: x"),
    "resumed": ("solver.cpp:761", "Restoring previous solver status from x_iter_9.solverstate"),
    "net": ("net.cpp:51", "Initializing net from parameters: "),
    "solving": ("solver.cpp:289", "Solving net"),
    "ignored": ("net.cpp:760", "Ignoring source layer fc8"),
    "over": ("solver.cpp:332", "Optimization Done."),
    "failed": ("math_functions.cu:79", "Check failed: error == cudaSuccess"),
}
"""What Caffe, its forks and its layers say now and then: source and message."""
EDITS |= {name: saying(*said) for name, said in ASIDES.items()}


@edit
def without_blank(lines: list[str], at: int) -> None:
    """Write what is said aside without a blank behind the prefix, or behind a rank."""
    source, message = ASIDES["clipped" if at % 3 else "snapshot"]
    lines.insert(at, f"{lines[at][: len(PREFIX)]}{source}]{'' if at % 2 else ' [0.1] '}{message}")


EDITS |= {
    f"lasting {x}": lasting(x) for x in ("0", "0.5", "0.99", "1e-12", "1e-05", "700", "2e+06")
}


class Schedule(NamedTuple):
    """How often a log is tested, in iterations, on how many nets and batches.

    ``loss`` is that of the test nets over the training loss; ``late`` writes a test behind the
    display of its iteration, as no Caffe does.
    """

    every: int = 400
    nets: int = 1
    batches: int = 1
    loss: float = 1.1
    late: bool = False

    def write(self, log: CaffeLog, display: int, loss: float) -> None:
        """Write the test between this display and the one before, where there is one."""
        for iteration in range(display - 9, display + 1):
            if iteration % self.every == 0:
                for net in range(self.nets):
                    self._test(log, iteration, net, loss * self.loss)

    def _test(self, log: CaffeLog, iteration: int, net: int, loss: float) -> None:
        log.say(f"Iteration {iteration}, Testing net (#{net})", "solver.cpp:347")
        for _ in range(self.batches):
            log.forward()
        for index, shown in enumerate(
            ("accuracy = 0.5", f"loss = {loss:.5g} (* 1 = {loss:.5g} loss)")
        ):
            log.say(f"    Test net output #{index}: {shown}", "solver.cpp:414")


class Sayings(NamedTuple):
    """What a log says now and then beside displays and tests, and how often.

    ``snapshots`` counts iterations, ``clips`` how many displays have lines of clipping (each one
    another number of them), ``remarks`` the lines behind which a layer says something, ``steps``
    the displays in which the rate is said to step down, and ``epochs`` the lines behind which
    another thread begins with its data anew, or must be waited for.
    """

    snapshots: int = 0
    clips: int = 0
    remarks: int = 0
    steps: int = 0
    epochs: int = 0

    def before(self, log: CaffeLog, display: int) -> None:
        """Write what comes between a display and the one before."""
        if self.clips and display // 10 % self.clips == 0:
            for number in range(display * 7 // 10 % 11):
                log.say(CLIPPING.format(36 + display % 7 + number), "sgd_solver.cpp:99")
        for iteration in range(display - 9, display + 1):
            if self.snapshots and iteration % self.snapshots == 0:
                log.say(
                    f"Snapshotting to binary proto file x_iter_{iteration}.caffemodel",
                    "solver.cpp:464",
                )
                log.say("Snapshotting solver state to x.solverstate", "sgd_solver.cpp:284")

    def among(self, lines: list[str]) -> None:
        """Write what comes within displays."""
        if self.steps:
            rates = [at for at, line in enumerate(lines) if "lr = " in line]
            for at in rates[:: -self.steps]:
                saying(*ASIDES["status"])(lines, at)
        begun = next(at for at, x in enumerate(lines) if "loss = " in x)
        for at in range(begun, len(lines), self.remarks)[::-1] if self.remarks else ():
            saying("a_layer.cpp:9", f"x = {at}")(lines, at)
        for at in range(begun, len(lines), self.epochs)[::-1] if self.epochs else ():
            saying(*ASIDES["waiting" if at % 4 == 0 else "restarted"])(lines, at)
            lines[at] = lines[at].replace(" 12345 ", " 12346 ")


RARELY, SILENT = Schedule(), Sayings()
NOISE = ("train:  37%|###7      | 375/1000", "", "  ", "RuntimeWarning: empty slice", "GPU 0: 61C")


def healthy(
    debug_info: bool = True,
    unit: str = "ReLU",
    decays: bool = False,
    more_outputs: bool = False,
    testing: Schedule = RARELY,
    noise: int = 0,
    sayings: Sayings = SILENT,
    **solver: Any,
) -> list[str]:
    """Write the lines of a log of 150 displays in which nothing happens.

    Behind each so many lines, another program writes one.
    """
    layers = tuple(x._replace(type=unit) if x.type == "ReLU" else x for x in MLP)
    log = CaffeLog.started(layers, **{"max_iter": 3000, "average_loss": 20, **solver})
    for number in range(150):
        loss = 2.3 / (1 + number / 10) * (1 + 0.01 * (number * 37 % 11))
        sayings.before(log, 10 * number)
        if not testing.late:
            testing.write(log, 10 * number, loss)
        if debug_info:
            log.block()
        outputs = {"loss": loss, "aux": 2 * loss, "*accuracy": 0.5} if more_outputs else None
        log.iteration(10 * number, loss, outputs, 0.01 / (1 + number / 50 * decays))
        if testing.late:
            testing.write(log, 10 * number, loss)
    log.done()
    lines = [x for x in log.data.decode().splitlines() if debug_info or "[Forward]" not in x]
    for at, line in enumerate(lines):
        head, found, value = line.rpartition(": ")
        if "ward] Layer" in line:
            lines[at] = f"{head}{found}{float(value) * (1 + 0.00001 * (at * 31 % 211)):.6g}"
    sayings.among(lines)
    if noise:
        begun = next(at for at, x in enumerate(lines) if "loss = " in x)
        for number, at in enumerate(range(begun, len(lines) * (noise + 1) // noise, noise + 1)):
            lines.insert(at, NOISE[number % len(NOISE)])
    return lines


KINDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "debug_info": st.booleans(),
        "unit": st.sampled_from(["ReLU", "TanH", "Sigmoid"]),
        "decays": st.booleans(),
        "more_outputs": st.booleans(),
        "average_loss": st.sampled_from([1, 20, 200]),
        "type": st.sampled_from(['"SGD"', '"Adam"']),
        "iter_size": st.sampled_from([1, 1, 2, 3]),
        "noise": st.sampled_from([0, 0, 0, 1, 2, 7, 100]),
        "sayings": st.builds(
            Sayings,
            snapshots=st.sampled_from([0, 0, 10, 50, 125, 300]),
            clips=st.sampled_from([0, 0, 1, 2, 15]),
            remarks=st.sampled_from([0, 0, 0, 1, 5, 400]),
            steps=st.sampled_from([0, 0, 1, 3, 40]),
            epochs=st.sampled_from([0, 0, 0, 17, 230]),
        ),
        "testing": st.builds(
            Schedule,
            every=st.sampled_from([400, 50, 20, 10, 35, 5]),
            nets=st.sampled_from([1, 1, 2]),
            batches=st.sampled_from([1, 3]),
            loss=st.sampled_from([1.1, 0.5, 4.0]),
            late=st.sampled_from([False, False, False, True]),
        ),
    }
)
RULED = RuleSettings(
    {"update_ratio": UpdateRatioParameters(passes=3)},
    {
        "gradient_explosion": (("ip1", GradientExplosionParameters(enabled=False)),),
        "zero_gradient": (("ip*", ZeroGradientParameters(passes=2)),),
    },
)
"""Settings by layer, which rules look up."""


def joined(lines: list[str]) -> bytes:
    """Return lines as they stand in the file."""
    return "\n".join(lines).encode() + b"\n"


def seen(data: bytes, swept: bool, size: int, rules: RuleSettings | None = None) -> object:
    """Read a log in pieces; return all that can be told of it."""
    monitor = Monitor(ORIGIN, rules, reference=REFERENCE)
    edges: list[Alert] = []
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        edges += monitor.feed(piece, 1.0) if swept else monitor.take(monitor.read(piece, 1.0), 1.0)
    state = repr(monitor.snapshot(blobs=True))
    edges += monitor.close(1.0)
    told = [(x.fingerprint, x.state, x.severity, x.labels, x.annotations) for x in edges]
    return repr(report("x", monitor)), state, told, repr(_curves(monitor))


def held(data: bytes, size: int, hold: bool) -> object:
    """Read a log to its end in pieces, of which the last displays may wait; return all told."""
    monitor = Monitor(ORIGIN, None, reference=REFERENCE)
    edges: list[Alert] = []
    for start in range(0, len(data), size):
        edges += monitor.feed(data[start : start + size], 1.0, hold=hold)
    edges += monitor.close(1.0)
    told = [(x.fingerprint, x.state, x.severity, x.labels, x.annotations) for x in edges]
    return repr(report("x", monitor)), told, repr(_curves(monitor)), repr(monitor.snapshot(True))


def _curves(monitor: Monitor) -> object:
    return [
        (
            [(x.net, x.name, x.index, x.curve.buckets()) for x in run.series],
            [list(run.layers.rows(x)) for x in ("gradient", "activation", "weight")],
            run.layers.spans, run.marks, run.faults,
        )
        for run in monitor.history().runs
    ]  # fmt: skip


def passed_over(data: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many displays of a log no rule has looked at one by one."""
    counted: list[int] = []
    original = Monitor._pass_over

    def counting(monitor: Monitor, stretch: Stretch) -> object:
        for event in original(monitor, stretch):
            counted.append(-(type(event) is LearningRate))
            yield event
        counted.append(len(stretch))

    monkeypatch.setattr(Monitor, "_pass_over", counting)
    Monitor(ORIGIN, reference=REFERENCE).feed(data, 1.0)
    return sum(counted)


def singly(events: list[Event | Stretch]) -> list[str]:
    """Spell events one by one, without the stamps that nobody reads of them."""
    told: list[str] = []
    for event in events:
        single = list(event.events()) if isinstance(event, Stretch) else [event]
        told += [repr(replace(x, time=None) if isinstance(x, LearningRate) else x) for x in single]
    return [x.partition(", time=")[0] if x.startswith("Output") else x for x in told]


class TestSweep:
    @pytest.mark.parametrize("name", sorted(LABELS))
    def test_real_logs(self, name: str) -> None:
        """All that can be told of them, curves included."""
        data = real_log(name)

        assert seen(data, True, 1 << 20) == seen(data, False, 1 << 20)

    @pytest.mark.parametrize("name", sorted(LABELS))
    def test_events_of_real_logs(self, name: str) -> None:
        """One by one, and the clock and the count of lines behind them."""
        one_by_one, swept = Parser(REFERENCE), Parser(REFERENCE)

        assert singly(swept.sweep(real_log(name))) == singly([*one_by_one.feed(real_log(name))])
        assert (swept.line, swept.time) == (one_by_one.line, one_by_one.time)

    @pytest.mark.parametrize("size", [1 << 20, 50_000, 7001])
    @pytest.mark.parametrize("name", sorted(LABELS))
    def test_displays_that_wait(self, name: str, size: int) -> None:
        """The same is told at the end; CRLF and several runs among them."""
        data = real_log(name)
        if size == 50_000:
            data = data.replace(b"\n", b"\r\n")

        assert held(data, size, True) == held(data, size, False)

    @pytest.mark.parametrize(("end", "waits"), [(b"\n", True), (b"\r\n", False)])
    def test_only_whole_lines_wait(self, end: bytes, waits: bool) -> None:
        """Of others it would not be known where they stand; a few displays wait, and not long."""
        lines = [x.encode() + end for x in healthy()]
        parser = Parser(REFERENCE)
        parser.sweep(b"".join(lines[:-40]), hold=True)
        read = parser.line
        parser.close()

        assert (read < len(lines) - 40) == waits
        assert parser.line == len(lines) - 40

    @pytest.mark.parametrize("batches", [1, 3])
    @pytest.mark.parametrize("what", ["lost", "twice", "garbage"])
    def test_a_test_that_is_not_like_the_others(self, what: str, batches: int) -> None:
        """Those behind it are closed where the reader of single lines closes them."""
        lines = healthy(testing=Schedule(50, batches=batches))
        begun = [at for at, x in enumerate(lines) if "Testing net" in x][12]
        for at in range(begun + 1, begun + 40, 3):
            edited = list(lines)
            EDITS[what](edited, at)
            data = joined(edited)

            assert singly(Parser(REFERENCE).sweep(data)) == singly([*Parser(REFERENCE).feed(data)])

    @settings(max_examples=150, deadline=None)
    @given(draw=st.data())
    def test_whatever_happens(self, draw: st.DataObject) -> None:
        """One to three things in a healthy log of any kind, at any cut."""
        lines = healthy(**draw.draw(KINDS))
        for _ in range(draw.draw(st.integers(1, 3))):
            # Beyond the set-up, and often at one of the few lines that are no value.
            at = draw.draw(st.integers(200, len(lines) - 1))
            if draw.draw(st.booleans()):
                at = next((n for n in range(at, len(lines)) if "ward]" not in lines[n]), at)
            EDITS[draw.draw(st.sampled_from(sorted(EDITS)))](lines, at)
        data = joined(lines)
        size = draw.draw(st.sampled_from([1 << 20, 50_000, 7001]))
        rules = draw.draw(st.sampled_from([None, RULED]))

        assert seen(data, True, size, rules) == seen(data, False, size, rules)
        assert held(data, size, True) == held(data, size, False)
        one_by_one, swept = Parser(REFERENCE), Parser(REFERENCE)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            assert singly(swept.sweep(piece)) == singly([*one_by_one.feed(piece)])

    @pytest.mark.parametrize("every", [400, 50, 35, 10])
    @pytest.mark.parametrize("debug_info", [True, False])
    def test_a_healthy_log_is_passed_over(
        self, debug_info: bool, every: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the tests in it: else all of these would hold for nothing."""
        lines = healthy(debug_info, testing=Schedule(every, nets=2, batches=2))

        assert passed_over(joined(lines), monkeypatch) > 100

    @pytest.mark.parametrize("noise", [1, 3, 100])
    @pytest.mark.parametrize("debug_info", [True, False])
    def test_what_others_write_does_not_matter(
        self, debug_info: bool, noise: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The displays between are passed over all the same."""
        lines = healthy(debug_info, testing=Schedule(50), noise=noise)

        assert passed_over(joined(lines), monkeypatch) > 100

    @pytest.mark.parametrize("iter_size", [2, 3])
    def test_several_passes_make_an_iteration(
        self, iter_size: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each has a block of its own."""
        lines = healthy(testing=Schedule(50), iter_size=iter_size)

        assert passed_over(joined(lines), monkeypatch) > 100

    def test_findings_of_one_pass_keep_the_order_of_the_rules(self) -> None:
        """Whichever rule of them was restless before."""
        lines = healthy()
        places = [at for at, x in enumerate(lines) if "Layer ip1, param blob 0 diff" in x]
        for at in places[60:]:
            zero(lines, at)
        for at in (at for at, x in enumerate(lines) if "Layer ip2, param blob 0 diff" in x):
            if at > places[63]:
                huge(lines, at)
        data = joined(lines)

        told = seen(data, True, 1 << 20)

        assert told == seen(data, False, 1 << 20)
        assert "zero_gradient" in str(told)
        assert "gradient_explosion" in str(told)

    @pytest.mark.parametrize(
        "sayings",
        [
            Sayings(snapshots=50), Sayings(clips=1), Sayings(remarks=1), Sayings(remarks=40),
            Sayings(steps=1), Sayings(epochs=120), Sayings(50, 2, 30, 7, 500),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("debug_info", [True, False])
    def test_what_is_said_aside_does_not_matter(
        self, debug_info: bool, sayings: Sayings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The displays between, and around it, are passed over all the same."""
        lines = healthy(debug_info, testing=Schedule(50), sayings=sayings)

        assert passed_over(joined(lines), monkeypatch) > 100

    @pytest.mark.parametrize("more", ["  [ {} / 2000 ] -> [ 0:1 (H:M) ]", ", remaining {} hours"])
    def test_what_forks_write_behind_the_loss(
        self, more: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It may differ from line to line, and says once that nothing was learned."""
        lines = healthy()
        shown = [at for at, x in enumerate(lines) if ", loss = " in x]
        for number, at in enumerate(shown):
            lines[at] += more.format(number)
        assert passed_over(joined(lines), monkeypatch) > 100

        lines[shown[60]] = lines[shown[60]].replace(more.format(60), ", ignore and continue.")
        data = joined(lines)

        assert seen(data, True, 1 << 20) == seen(data, False, 1 << 20)

    def test_a_rule_of_ones_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that cannot be asked about many displays sees each; the others need not."""
        losses: list[float] = []
        others: list[float] = []

        class Own(Rule[Parameters]):
            id, title, severities, Parameters = "own", "own", ("info",), Parameters

            def on_display(self, display: Display) -> tuple[()]:
                losses.append(display.loss)
                return ()

        def other(rule: LossPlateau, display: Display) -> Sequence[Finding]:
            others.append(display.loss)
            return original(rule, display)

        original = LossPlateau.on_display
        monkeypatch.setitem(RULES, "own", Own)
        monkeypatch.setattr(LossPlateau, "on_display", other)
        Monitor(ORIGIN, reference=REFERENCE).feed(joined(healthy()), 1.0)

        assert len(losses) == 150
        assert len(others) < 50

    def test_a_rule_of_ones_own_for_what_is_said_aside(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One that looks at nothing else sees each line."""
        lines: list[int] = []

        class Own(Rule[Parameters]):
            id, title, severities, Parameters = "own", "own", ("info",), Parameters

            def on_snapshot_written(self, event: SnapshotWritten) -> tuple[()]:
                lines.append(event.line)
                return ()

        monkeypatch.setitem(RULES, "own", Own)
        data = joined(healthy(sayings=Sayings(snapshots=100)))
        Monitor(ORIGIN, reference=REFERENCE).feed(data, 1.0)

        told = data.decode().splitlines()
        assert lines == [at for at, x in enumerate(told, 1) if "Snapshotting to binary" in x]
