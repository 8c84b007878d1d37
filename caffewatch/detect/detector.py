"""All rules over the events of one run."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from caffewatch.detect.finding import Finding
from caffewatch.detect.layout import Layout
from caffewatch.detect.look import Look
from caffewatch.detect.registry import RULES
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import RuleSettings
from caffewatch.detect.silence import Silence
from caffewatch.detect.survey import Survey
from caffewatch.log import events
from caffewatch.log.displays import FIRST, Display
from caffewatch.log.events import TRAIN, Blob, Event, NetRead, Pass
from caffewatch.log.run import Run
from caffewatch.log.stretch import Stretch

_MAX_LAYOUTS = 64
_MAX_VALUES = 100_000
"""Of all layouts together: a net has two or three, a hostile log any number."""
_MAX_PARTS = 64
"""Groups of rules whose handlers are kept."""
Handler = Callable[[Any], Iterable[Finding]]
_Asked = tuple[Rule[Any], Callable[[Survey], bool]]


def _handler_name(event: type) -> str:
    return "on_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event.__name__).lower()


_OF_BLOCKS = ("on_training", "on_pass")
_OF_DISPLAYS = (
    "on_display", "on_tested", "on_iteration", "on_output", "on_learning_rate", "on_clipped",
    "on_snapshot_written", "on_restarted", "on_waiting",
)  # fmt: skip
_NAMES = {kind: _handler_name(kind) for kind in events.Event.__args__ if kind is not Pass}


class Detector:
    """Give each event to the rules that ask for its kind.

    ``findings`` holds all findings of the run, in the order in which they began.
    """

    def __init__(self, run: Run, settings: RuleSettings) -> None:
        rules = [rule(settings, run) for rule in RULES.values()]
        self.findings: list[Finding] = []
        self._run = run
        self._displays = run.displays
        self._layouts: list[Layout] = []
        self._layout: Layout | None = None
        self._handlers = _Handlers([rule for rule in rules if rule.enabled])

    def take(self, event: Event) -> list[Finding]:
        """Show an event to the rules; return the findings that began or ended with it.

        The run must have taken the event before.
        """
        if type(event) is Pass and self._displays.open is None:
            return self._take_pass(event)
        done = self._displays.take(event, self._run)
        changed: list[Finding] = []
        if done is not None:
            shown = self._handlers.display if type(done) is Display else self._handlers.tested
            changed = self._show(shown, done)
        if type(event) is Pass:
            return changed + self._take_pass(event)
        if type(event) is NetRead:
            self._layouts.clear()
            self._layout = None
        handlers = self._handlers.others[type(event)]
        return changed + self._show(handlers, event) if handlers else changed

    def survey(self, stretch: Stretch) -> Survey | None:
        """Look at a stretch that the run has not taken; return None where all rules must see it.

        Where it has no ``restless`` rules, nothing happens in it, and `pass_over` takes it.
        """
        run, displays = self._run, self._displays
        if displays.open is not None or displays.count < 2 * FIRST:
            return None
        layout = self._layout if stretch.blobs else None
        if stretch.blobs and (layout is None or layout.blobs is not stretch.blobs):
            return None
        if run.learning_rate is None or run.grad_scale != 1.0:
            return None
        survey = Survey(stretch, layout, displays.losses_of(stretch, run), run)
        if not survey.finite:
            return None
        asked = self._handlers.asked[bool(stretch.blobs)]
        survey.restless = tuple(rule for rule, is_calm in asked if not is_calm(survey))
        return survey

    def pass_over(self, survey: Survey) -> None:
        """Take a stretch in which nothing happens; the run must have taken it before."""
        self._displays.pass_over(survey.stretch, survey.losses, self._run)
        for pass_over in self._handlers.calm():
            pass_over(survey)

    @contextmanager
    def only_restless(self, survey: Survey) -> Iterator[None]:
        """Show the events that are taken within, those of a stretch, to its restless rules alone.

        The calm ones take it as they do when they pass over it.
        """
        everyone = self._handlers
        self._handlers = everyone.among(survey.restless)
        try:
            yield
        finally:
            self._handlers = everyone
        for pass_over in everyone.calm(survey.restless):
            pass_over(survey)

    def tick(self, silence: Silence) -> list[Finding]:
        """Let time pass without a line; return the findings that began or ended."""
        return self._show(self._handlers.tick, silence)

    def layout_of(self, blobs: tuple[Blob, ...]) -> Layout:
        """Return the layout of an order of blobs.

        Found by identity: comparing or hashing names costs more than a pass.
        """
        for layout in self._layouts:
            if layout.blobs is blobs:
                return layout
        values = sum(len(x.blobs) for x in self._layouts)
        if len(self._layouts) >= _MAX_LAYOUTS or values > _MAX_VALUES:
            self._layouts.clear()
        self._layouts.append(Layout(blobs, self._run.net))
        return self._layouts[-1]

    def _take_pass(self, event: Pass) -> list[Finding]:
        layout = self._layout
        if layout is None or layout.blobs is not event.blobs:
            layout = self._layout = self.layout_of(event.blobs)
        look = Look(event, layout)
        training = event.net == TRAIN and event.complete and look.gradients
        return self._show(self._handlers.training if training else self._handlers.any_pass, look)

    def _show(self, handlers: list[Handler], seen: object) -> list[Finding]:
        changed: list[Finding] = []
        for handler in handlers:
            if found := handler(seen):
                changed += found
        if not changed:
            return changed
        for finding in changed:
            if finding.state == "resolved":
                finding.ended = self._run.iteration
        known = {id(f) for f in self.findings}
        self.findings += [f for f in changed if id(f) not in known]
        return changed


class _Handlers:
    """The handlers of a run's rules, by what they take; a saved state keeps the rules alone."""

    def __init__(self, rules: Sequence[Rule[Any]]) -> None:
        self._rules = rules
        self.any_pass = self._named("on_pass")
        self.training = self.any_pass + self._named("on_training")
        self.display = self._named("on_display")
        self.tested = self._named("on_tested")
        self.tick = self._named("tick")
        self.others = {kind: self._named(name) for kind, name in _NAMES.items()}
        self.asked = self._asked()
        self._parts: dict[tuple[Rule[Any], ...], _Handlers] = {}

    def __reduce__(self) -> tuple[type[_Handlers], tuple[Sequence[Rule[Any]]]]:
        return _Handlers, (self._rules,)

    def among(self, rules: tuple[Rule[Any], ...]) -> _Handlers:
        """Return the handlers of some of the rules."""
        found = self._parts.get(rules)
        if found is None:
            if len(self._parts) >= _MAX_PARTS:
                self._parts.clear()
            in_order = [x for x in self._rules if x in rules]
            found = self._parts[rules] = _Handlers(in_order)
        return found

    def calm(self, restless: Collection[Rule[Any]] = ()) -> Iterator[Handler]:
        """Return what passes a stretch over, of all rules but these."""
        rules = (rule for rule in self._rules if hasattr(rule, "pass_over"))
        return (rule.pass_over for rule in rules if rule not in restless)

    def _named(self, name: str) -> list[Handler]:
        return [getattr(rule, name) for rule in self._rules if hasattr(rule, name)]

    def _asked(self) -> tuple[list[_Asked], list[_Asked]]:
        """Return who is asked about a stretch: of those without blocks, of those with them."""
        of_displays = [x for x in self._rules if any(hasattr(x, name) for name in _OF_DISPLAYS)]
        of_blocks = [x for x in self._rules if any(hasattr(x, name) for name in _OF_BLOCKS)]
        everyone = of_displays + [x for x in of_blocks if x not in of_displays]
        calm = [(x, getattr(x, "is_calm", _never)) for x in everyone]
        return calm[: len(of_displays)], calm


def _never(survey: Survey) -> bool:
    """Answer for a rule that cannot be asked."""
    return False
