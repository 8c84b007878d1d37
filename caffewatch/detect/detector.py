"""All rules over the events of one run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from caffewatch.detect.finding import Finding
from caffewatch.detect.layout import Layout
from caffewatch.detect.look import Look
from caffewatch.detect.registry import RULES
from caffewatch.detect.settings import RuleSettings
from caffewatch.detect.silence import Silence
from caffewatch.log import events
from caffewatch.log.displays import Display
from caffewatch.log.events import TRAIN, Event, NetRead, Pass
from caffewatch.log.run import Run

_MAX_LAYOUTS = 64
Handler = Callable[[Any], Iterable[Finding]]


def _handler_name(event: type) -> str:
    return "on_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event.__name__).lower()


class Detector:
    """Give each event to the rules that ask for its kind.

    ``findings`` holds all findings of the run, in the order in which they began.
    """

    def __init__(self, run: Run, settings: RuleSettings) -> None:
        rules = [rule(settings, run) for rule in RULES.values()]
        enabled = [rule for rule in rules if rule.enabled]
        self.findings: list[Finding] = []
        self._run = run
        self._displays = run.displays
        self._layouts: dict[int, Layout] = {}  # by id: hashing names costs more than a pass
        self._layout: Layout | None = None
        self._any_pass = _handlers(enabled, "on_pass")
        self._training = self._any_pass + _handlers(enabled, "on_training")
        self._on_display = _handlers(enabled, "on_display")
        self._on_test = _handlers(enabled, "on_tested")
        self._tick = _handlers(enabled, "tick")
        self._handlers = {
            kind: _handlers(enabled, _handler_name(kind))
            for kind in events.Event.__args__
            if kind is not Pass
        }

    def take(self, event: Event) -> list[Finding]:
        """Show an event to the rules; return the findings that began or ended with it.

        The run must have taken the event before.
        """
        kind = type(event)
        done = self._displays.take(event, self._run)
        changed: list[Finding] = []
        if done is not None:
            changed = self._show(self._on_display if type(done) is Display else self._on_test, done)
        if type(event) is Pass:
            return changed + self._take_pass(event) if changed else self._take_pass(event)
        if kind is NetRead:
            self._layouts.clear()
            self._layout = None
        handlers = self._handlers[kind]
        return changed + self._show(handlers, event) if handlers else changed

    def tick(self, silence: Silence) -> list[Finding]:
        """Let time pass without a line; return the findings that began or ended."""
        return self._show(self._tick, silence)

    def _take_pass(self, event: Pass) -> list[Finding]:
        layout = self._layout
        if layout is None or layout.blobs is not event.blobs:
            layout = self._layouts.get(id(event.blobs))
            if layout is None:
                if len(self._layouts) >= _MAX_LAYOUTS:
                    self._layouts.clear()
                layout = self._layouts[id(event.blobs)] = Layout(event.blobs, self._run.net)
            self._layout = layout
        look = Look(event, layout)
        training = event.net == TRAIN and event.complete and look.gradients
        return self._show(self._training if training else self._any_pass, look)

    def _show(self, handlers: list[Handler], seen: object) -> list[Finding]:
        changed = [f for handler in handlers if (found := handler(seen)) for f in found]
        if not changed:
            return changed
        for finding in changed:
            if finding.state == "resolved":
                finding.ended = self._run.iteration
        known = {id(f) for f in self.findings}
        self.findings += [f for f in changed if id(f) not in known]
        return changed


def _handlers(rules: Iterable[object], name: str) -> list[Handler]:
    return [getattr(rule, name) for rule in rules if hasattr(rule, name)]
