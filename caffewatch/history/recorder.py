"""Keeping a run's history: a few appends for each display, whatever its block's size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from caffewatch.history.curve import Curve
from caffewatch.history.layers import LayerMap
from caffewatch.log.events import TRAIN, Event, Iteration, LearningRate, Output, Pass, TestStarted
from caffewatch.log.run import Run
from caffewatch.log.stretch import Stretch
from caffewatch.log.tests_between import OutputColumn

MOST_OUTPUTS = 16
"""Net outputs with a curve; the rest are in the metrics as they stand."""
_OUTPUT_BUCKETS = 400
_TREND_BUCKETS = 60


class Recorder:
    """Record one run; it is shown every event after the run has taken it.

    Attributes
    ----------
    trend
        The loss once more, in few buckets: cheap enough for every snapshot.
    """

    def __init__(self) -> None:
        self.trend = Curve(_TREND_BUCKETS)
        self._loss, self._rate, self._speed = Curve(), Curve(), Curve()
        self._outputs: dict[tuple[str, int], tuple[str, Curve]] = {}
        self._layers = LayerMap()
        self._tested: int | None = None

    def take(self, event: Event, run: Run) -> None:
        """Take an event."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event, run)

    def pass_over(
        self, stretch: Stretch, highest: Mapping[int, float], speeds: Sequence[float | None]
    ) -> None:
        """Take a stretch, the largest of each value in it, and the run's speed at each display."""
        iterations, blobs = stretch.iterations, stretch.blobs
        if blobs and blobs[-1].phase == "backward":
            self._layers.extend(stretch, highest)
        else:
            self._layers.number(iterations[-1])
        self._loss.extend(zip(iterations, stretch.losses, strict=True))
        self.trend.extend(zip(iterations, stretch.losses, strict=True))
        measured = zip(iterations, speeds, strict=True)
        self._speed.extend((at, speed) for at, speed in measured if speed is not None)
        self._rate.extend(zip(iterations, stretch.rates, strict=True))
        for output in stretch.outputs:
            self._extend(iterations, output)
        tests = stretch.tests
        for output in tests.outputs:
            self._extend(tests.iterations, output)
        if tests:
            self._tested = tests.iterations[-1]

    def curves(self) -> Iterator[tuple[str, str, int | None, Curve]]:
        """Return each curve behind its net, its name and its output's number, as copies."""
        yield TRAIN, "loss", None, self._loss.copy()
        yield TRAIN, "lr", None, self._rate.copy()
        yield TRAIN, "speed", None, self._speed.copy()
        for (net, index), (name, curve) in sorted(self._outputs.items()):
            yield net, name, index, curve.copy()

    def layers(self) -> LayerMap:
        """Return the layer map, as a copy."""
        return self._layers.copy()

    def _pass(self, event: Pass, run: Run) -> None:
        if event.net == TRAIN and event.blobs[-1].phase == "backward":
            self._layers.add(event.blobs, event.values)

    def _iteration(self, event: Iteration, run: Run) -> None:
        self._layers.number(event.iteration)
        self._loss.add(event.iteration, event.loss)
        self.trend.add(event.iteration, event.loss)
        if run.speed is not None:
            self._speed.add(event.iteration, run.speed)

    def _learning_rate(self, event: LearningRate, run: Run) -> None:
        self._rate.add(event.iteration, event.rate)

    def _test(self, event: TestStarted, run: Run) -> None:
        self._tested = event.iteration

    def _output(self, event: Output, run: Run) -> None:
        iteration = run.iteration if event.net == TRAIN else self._tested
        if iteration is not None:
            curve = self._curve(event.net, event.index, event.name)
            if curve is not None:
                curve.add(iteration, event.value)

    def _extend(self, iterations: Sequence[int], output: OutputColumn) -> None:
        curve = self._curve(output.net, output.number, output.name)
        if curve is not None:
            curve.extend(zip(iterations, output.values, strict=True))

    def _curve(self, net: str, index: int, name: str) -> Curve | None:
        """Return an output's curve, a new one if need be; None where there are enough."""
        known, curve = self._outputs.get((net, index)) or ("", None)
        if curve is None and len(self._outputs) >= MOST_OUTPUTS:
            return None
        if curve is None or known != name:
            curve = curve or Curve(_OUTPUT_BUCKETS)
            self._outputs[net, index] = name, curve
        return curve


_HANDLERS: dict[type, Callable[[Recorder, Any, Run], None]] = {
    Pass: Recorder._pass,
    Iteration: Recorder._iteration,
    LearningRate: Recorder._learning_rate,
    TestStarted: Recorder._test,
    Output: Recorder._output,
}
