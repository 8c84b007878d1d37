"""The anatomy of a rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar, cast

from caffewatch.detect.finding import Evidence, Finding, Place, Severity
from caffewatch.detect.look import Look
from caffewatch.detect.settings import Parameters, RuleSettings
from caffewatch.log.events import Blob, Moment, Pass
from caffewatch.log.run import Run

P = TypeVar("P", bound=Parameters)
_MOST_DOUBLINGS = 30


class Rule(Generic[P]):
    """One kind of fault, watched for in one run.

    A subclass sets ``id``, ``title``, ``severities`` (those its findings can have by default) and
    ``Parameters``, ``layered`` to False where it judges the run and no layers, and defines those of
    the handlers below that it needs, under their names; each returns the findings that began or
    ended with this event. State lives in the instance, which is made anew for every run.

    =====================  ===================================================================
    ``on_training(look)``  a complete pass of the training net with a backward part
    ``on_pass(look)``      any pass: test nets', forward-only and cut-off ones too
    ``on_display(event)``  a display of training: `caffewatch.log.displays.Display`
    ``on_tested(event)``   a whole test: `caffewatch.log.displays.Tested`
    ``on_EVENT(event)``    another event of `caffewatch.log.events`, its name in snake case
    ``tick(silence)``      time that passes without a line
    =====================  ===================================================================

    Many displays that are all alike are shown at once to a rule that defines these, which must
    leave it as it would be had it seen each. One that does not define the first sees each.

    ========================  ================================================================
    ``is_calm(survey)``       whether in these displays nothing begins or ends, and nothing
                              moves but what ``pass_over`` does; changes nothing itself, save
                              its own of ``survey.notes``
    ``pass_over(survey)``     take them: the rule has said that it is calm; what others do with
                              them, and the run, have come to their end by then
    ========================  ================================================================

    Parameters
    ----------
    settings
        The job's settings of all rules.
    run
        What is known of the run; already moved on by the event that a handler gets.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    severities: ClassVar[tuple[Severity, ...]]
    Parameters: ClassVar[type[Parameters]]
    layered: ClassVar[bool] = True

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        default = settings.parameters.get(self.id) or self.Parameters()
        self.settings = settings
        self.parameters = cast(P, default)
        self.run = run
        self._episodes = 0

    @property
    def enabled(self) -> bool:
        """Whether the rule looks at anything: at all, or at layers of some glob."""
        if not self.layered:
            return self.parameters.enabled
        special = self.settings.layers.get(self.id, ())
        return self.parameters.enabled or any(parameters.enabled for _, parameters in special)

    def at(self, layer: str) -> P:
        """Return the parameters that hold for a layer."""
        if self.id not in self.settings.layers:
            return self.parameters
        return cast(P, self.settings.of_layer(self.id, layer, self.parameters))

    def fire(
        self,
        place: Place,
        text: str,
        advice: Sequence[str],
        layers: Sequence[str] = (),
        severity: Severity | None = None,
        evidence: Sequence[Evidence] = (),
        affects: int | None = None,
    ) -> Finding:
        """Begin an episode."""
        self._episodes += 1
        named = list(layers) or ([place.layer] if place.layer else [])
        own = self.at(place.layer) if place.layer else self.parameters
        return Finding(
            self.id,
            severity or own.severity,
            self._episodes,
            place,
            named,
            text,
            tuple(advice),
            tuple(evidence),
            affects,
        )

    def end(self, finding: Finding) -> Finding:
        """Resolve an episode."""
        finding.state = "resolved"
        return finding

    @property
    def patience(self) -> int:
        """How many times longer than the first an episode must be quiet before it is over.

        It doubles with each, so that a fault that comes and goes is a handful of episodes.
        """
        return 1 << min(max(self._episodes - 1, 0), _MOST_DOUBLINGS)

    def place(self, look: Look, index: int) -> Place:
        """Return the place of one value of a pass."""
        return place_in(look.pass_, index, self.run)

    def history(self, pass_: Pass, index: int) -> list[Evidence]:
        """Return the last values of one blob, up to and with this pass."""
        recent = [p for p in self.run.recent if p.blobs is pass_.blobs and p is not pass_]
        return [(p.moment, p.values[index]) for p in (*recent, pass_)]


def place_in(pass_: Pass, index: int, run: Run) -> Place:
    """Return the place of the value at ``index`` of a pass."""
    blob: Blob = pass_.blobs[index]
    line = pass_.line_of(index)
    before = display_before(pass_.moment, run)
    return Place.of(blob, pass_.values[index], line, pass_.moment, before, pass_.net)


def display_before(moment: Moment, run: Run) -> int | None:
    """Return the last displayed iteration before a moment; None before the first."""
    return run.previous_iteration if run.iteration == moment.iteration else run.iteration
