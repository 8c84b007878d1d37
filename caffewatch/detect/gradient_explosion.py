"""Gradients on their way to 1e8."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import compress
from math import inf
from operator import ge
from typing import ClassVar, NamedTuple

from caffewatch.detect.finding import Finding, Severity
from caffewatch.detect.layout import Layout, Parameter
from caffewatch.detect.look import Look
from caffewatch.detect.middle import median
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.detect.survey import Survey
from caffewatch.detect.words import describe, spell
from caffewatch.log.events import Clipped, Iteration
from caffewatch.log.run import Run

_PROPORTIONAL = frozenset({"SGD", "Nesterov"})
"""Solvers whose update is the learning rate times the gradient (and its momentum)."""
_HISTORY = 16
_REFRESH = 64


class GradientExplosionParameters(Parameters):
    """Parameters of `GradientExplosion`."""

    threshold: float = parameter(
        1e8, "mean gradient of a blob from which it is critical", "mean |diff|", 0.0
    )
    ratio: float = parameter(
        1e3, "times its own median that a parameter's gradient must reach to warn", "ratio", 1.0
    )
    adaptive_ratio: float = parameter(
        1e5, "the same for solvers that divide by the gradient's own history", "ratio", 1.0
    )
    update: float = parameter(
        0.1, "share of the weight that one update must change to warn", "ratio", 0.0
    )
    history: int = parameter(5, "passes that make a history", "passes", 2, _HISTORY)
    clear: int = parameter(5, "quiet passes in a row after which it is over", "passes", 1)


class _Usual(NamedTuple):
    """Of each learned parameter the median of its history, and the bound at which it leaps."""

    medians: Sequence[float]
    bounds: Sequence[float]
    lowest: float


class GradientExplosion(Rule[GradientExplosionParameters]):
    """A gradient is orders of magnitude beyond what training can take.

    Critical when the mean absolute gradient of any blob reaches ``threshold``. A warning before
    that, when a learned parameter's gradient reaches ``ratio`` times the median of its own history
    and one update (learning rate times gradient) would change the weight by ``update`` of its own
    mean: a large gradient alone is no fault where the learning rate is small to match, as with
    losses that are sums. Adaptive solvers divide by the gradient's history, so there the step is
    not known and the ratio must be larger.

    Silent in the first ``history`` passes below the threshold, on gradients that are large from
    the start, on what is no more than the largest usual gradient of the net (a bias before
    BatchNorm has one of about 1e-9, and a thousand times that is nothing), and after a resume
    until there is a history again. NVIDIA's gradient scale is divided out first.

    Source: 1e8 is where the question this project began with saw training end; over the 111
    labelled runs healthy gradients stay below 13 times their median, broken ones reach 800 to
    1e15 times.
    """

    id: ClassVar[str] = "gradient_explosion"
    title: ClassVar[str] = "exploding gradients"
    severities: ClassVar[tuple[Severity, ...]] = ("warning", "critical")
    Parameters: ClassVar[type[Parameters]] = GradientExplosionParameters

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._layout: Layout | None = None
        self._finding: Finding | None = None
        self._quiet = 0
        self._clips: tuple[int, float] = (0, 0.0)

    def on_clipped(self, event: Clipped) -> Sequence[Finding]:
        """Keep the largest norm since the last display: it narrows down when."""
        number, norm = self._clips
        self._clips = (number + 1, max(norm, event.norm))
        return ()

    def on_iteration(self, event: Iteration) -> Sequence[Finding]:
        """Forget the clipping lines before this display."""
        self._clips = (0, 0.0)
        return ()

    def on_training(self, look: Look) -> Sequence[Finding]:
        """Compare the gradients with the threshold and with their history."""
        if not look.finite:
            return ()
        if look.layout is not self._layout:
            self._learn(look.layout)
        scale = self.run.grad_scale
        if look.peak >= self._least * scale:
            beyond = self._beyond(look, scale)
            if beyond:
                text = self._absolute(look, beyond[0], scale)
                return self._report(look, beyond, "critical", text)
        leaps = self._leaps(look) if look.peak >= self._usual.lowest else ()
        if leaps:
            at = [self._learned[number].diff or 0 for number in leaps]
            layer = self._learned[leaps[0]].layer
            text = self._relative(look, leaps[0])
            return self._report(look, at, self.at(layer).severity, text)
        self._remember(look)
        return () if self._finding is None else self._calm(self._finding)

    def is_calm(self, survey: Survey) -> bool:
        """Tell whether all gradients are usual, and nothing is open."""
        if survey.layout is None:
            return True
        quiet = self._quiet + survey.stretch.blocks
        ends = self._finding is not None and quiet >= self.parameters.clear * self.patience
        if survey.layout is not self._layout or ends:
            return False
        if survey.size >= self._least:
            limits = enumerate(self._limits, survey.layout.backward)
            if any(survey.high[at] >= limit for at, limit in limits):
                return False
        count, start = survey.stretch.blocks, survey.layout.backward
        due, _ = self._schedule(count)
        later = {x: self._after(survey, x, start) for x in due if x < count}
        usual = [self._usual, *later.values()]
        survey.notes[self] = later
        if survey.size < min(x.lowest for x in usual):
            return True
        high = [survey.high[start + at] for at in self._at]
        return not any(True in map(ge, high, x.bounds) for x in usual)

    def pass_over(self, survey: Survey) -> None:
        """Remember the gradients."""
        self._clips = survey.clipped_last()
        if survey.layout is None:
            return
        stretch, start = survey.stretch, survey.layout.backward
        due, self._due = self._schedule(stretch.blocks)
        if due:
            self._usual = survey.notes[self].get(due[-1]) or self._after(survey, due[-1], start)
        self._age += stretch.blocks
        self._quiet += stretch.blocks
        last = range(stretch.blocks)[-_HISTORY:]
        self._history.extend(stretch.block(at)[start:] for at in last)

    def _learn(self, layout: Layout) -> None:
        self._layout = layout
        backward = layout.blobs[layout.backward :]
        self._limits = [
            p.threshold if p.enabled else inf for p in (self.at(blob.layer) for blob in backward)
        ]
        self._least = min(self._limits, default=inf)
        self._learned = [p for p in layout.parameters if p.learned and self.at(p.layer).enabled]
        self._history: deque[list[float]] = deque(maxlen=_HISTORY)
        self._usual = _Usual([], [inf] * len(self._learned), inf)
        self._age, self._due = 0, self.parameters.history
        start = layout.backward
        self._at = [(p.diff or start) - start for p in self._learned]

    def _beyond(self, look: Look, scale: float) -> list[int]:
        """Return where in the pass gradients stand that reach the threshold, first one first."""
        start = look.layout.backward
        both = enumerate(zip(look.gradients, self._limits, strict=True), start)
        return [at for at, (value, limit) in both if value >= limit * scale]

    def _leaps(self, look: Look) -> list[int]:
        """Return which learned parameters leave their history, first one in the block first."""
        gradients = look.gradients
        beyond = list(map(ge, map(gradients.__getitem__, self._at), self._usual.bounds))
        if True not in beyond:
            return []
        leaps = []
        for number in compress(range(len(beyond)), beyond):
            found = self._learned[number]
            step = self._step(look, found)
            if step is None or step >= self.at(found.layer).update:
                leaps.append(number)
        return sorted(leaps, key=self._at.__getitem__)

    def _step(self, look: Look, found: Parameter) -> float | None:
        """Return the share of a parameter that one update changes; None where unknown."""
        rate = self.run.learning_rate
        if self.run.solver_type not in _PROPORTIONAL or rate is None or found.data is None:
            return None
        weight = look.values[found.data]
        change = rate * look.values[found.diff or 0] / self.run.grad_scale
        change *= self.run.net.layer(found.layer).lr_mult(found.number)
        return change / weight if weight else 0.0

    def _remember(self, look: Look) -> None:
        self._history.append(look.gradients)
        due, self._due = self._schedule(1)
        self._age += 1
        if due:
            self._usual = self._judged([x[at] for x in self._history] for at in self._at)

    def _schedule(self, passes: int) -> tuple[list[int], int]:
        """Return at which of the next passes to work out anew what is usual, and when next."""
        found, due = [], self._due
        while due <= self._age + passes:
            found.append(due - self._age)
            due += min(_REFRESH, due)
        return found, due

    def _after(self, survey: Survey, passes: int, start: int) -> _Usual:
        """Return what is usual after so many passes of a stretch."""
        values, period = survey.stretch.values, len(survey.stretch.blobs)
        before = list(self._history)[passes - _HISTORY :] if passes < _HISTORY else []
        begin, end = max(0, passes - _HISTORY) * period + start, passes * period
        new = ((at, values[begin + at : end : period]) for at in self._at)
        return self._judged([*(x[at] for x in before), *column] for at, column in new)

    def _judged(self, histories: Iterable[Sequence[float]]) -> _Usual:
        """Work out what is usual, by the last values of each learned parameter."""
        proportional = self.run.solver_type in _PROPORTIONAL
        medians = list(map(median, histories))
        bounds = []
        for found, middle in zip(self._learned, medians, strict=True):
            own = self.at(found.layer)
            bounds.append(middle * (own.ratio if proportional else own.adaptive_ratio) or inf)
        # What is usual somewhere in this net is no explosion anywhere in it.
        usual = max(medians, default=0.0) or inf
        bounds = [max(bound, usual) for bound in bounds]
        return _Usual(medians, bounds, min(bounds, default=inf))

    def _calm(self, finding: Finding) -> Sequence[Finding]:
        self._quiet += 1
        if self._quiet < self.parameters.clear * self.patience:
            return ()
        self._finding = None
        return (self.end(finding),)

    def _report(
        self, look: Look, at: list[int], severity: Severity, text: str
    ) -> Sequence[Finding]:
        self._quiet = 0
        open_ = self._finding
        named = {look.layout.blobs[i].layer for i in at}
        if open_ is not None and (open_.severity == severity or severity != "critical"):
            open_.spread(named, look.layout.layers)
            return ()
        finding = self.fire(
            self.place(look, at[0]),
            text + self._narrowed(),
            self._advise(),
            [layer for layer in look.layout.layers if layer in named],
            severity,
            self.history(look.pass_, at[0]),
        )
        self._finding = finding
        return (finding,) if open_ is None else (self.end(open_), finding)

    def _absolute(self, look: Look, at: int, scale: float) -> str:
        value = spell(look.values[at] / scale)
        return f"At {{iteration}} {describe(look.layout.blobs[at])} has a mean of {value}."

    def _relative(self, look: Look, number: int) -> str:
        found = self._learned[number]
        step = self._step(look, found)
        value = look.values[found.diff or 0]
        text = (
            f"At {{iteration}} {describe(look.layout.blobs[found.diff or 0])} is {spell(value)}; "
            f"the median of its own history is {spell(self._usual.medians[number])}"
        )
        if step is not None:
            text += f"; one update changes the parameter by {100 * step:.0f}% of its mean"
        return text + "."

    def _narrowed(self) -> str:
        number, norm = self._clips
        if not number:
            return ""
        after = "the start" if self.run.iteration is None else f"iteration {self.run.iteration}"
        return f" Clipped since {after}: {number} times, with an L2 norm of up to {spell(norm)}."

    def _advise(self) -> list[str]:
        rate = self.run.learning_rate
        lower = "Lower base_lr to a tenth"
        if rate is not None:
            lower += f" (from {rate:g} to {rate / 10:g}), or warm it up"
        advice = [lower + "."]
        if not self.run.clips:
            advice.append("Clip gradients: clip_gradients: 35 in the solver.")
        advice += [
            "Normalise inputs and targets to about 1, and put BatchNorm behind wide layers.",
            "Initialise with xavier or msra instead of a wide gaussian.",
        ]
        if self.run.snapshots:
            advice.append(f"Go back to {self.run.snapshots[-1].path} if the loss does not recover.")
        return advice
