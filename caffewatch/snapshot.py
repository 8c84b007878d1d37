"""A frozen picture of one followed log: all that pages, metrics and tables may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from typing import Literal

from caffewatch.detect.layout import Layout
from caffewatch.history.curve import Bucket
from caffewatch.log.events import Blob, Pass
from caffewatch.log.run import Run

RunState = Literal["running", "stalled", "finished", "stopped", "terminated", "crashed"]
RUN_STATES: tuple[RunState, ...] = (
    "running", "stalled", "finished", "stopped", "terminated", "crashed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NetOutput:
    """The last value of one net output: ``Train net output #index: name = value``."""

    net: str
    """``train``, ``test0``, ``test1`` …"""
    phase: Literal["train", "test"]
    index: int
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class LayerHealth:
    """Means of absolute values of one layer in the last block; None where not printed.

    ``passed`` is the output of a ReLU over its input.
    """

    layer: str
    activation: float | None
    weight: float | None
    gradient: float | None
    passed: float | None = None


@dataclass(frozen=True, slots=True)
class BlobValue:
    """One debug_info value of the last block (a mean of absolute values)."""

    phase: str
    layer: str
    kind: str
    blob: str
    quantity: str
    value: float


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One run as it stands. What the log has not said yet is None or empty."""

    id: str
    ordinal: int
    net: str
    solver_type: str
    state: RunState
    started_at: float | None = None
    """The log's own stamp, seconds since the epoch as if it were UTC."""
    iteration: int | None = None
    max_iterations: int | None = None
    loss: float | None = None
    learning_rate: float | None = None
    iterations_per_second: float | None = None
    outputs: tuple[NetOutput, ...] = ()
    layers: tuple[LayerHealth, ...] = ()
    """In the order of the net, the nearest to the input first."""
    blobs: tuple[BlobValue, ...] = ()
    l1_norm: tuple[float, float] | None = None
    """L1 norms of all parameters: (data, diff)."""
    l2_norm: tuple[float, float] | None = None
    snapshot_iteration: int | None = None
    gradient_clips: int = 0
    non_finite_values: int = 0
    """How many values of the last block were nan or inf."""
    events: Mapping[str, int] = field(default_factory=dict)
    """What happened in its life: kind (see `caffewatch.log.life.KINDS`) -> how often."""
    trend: tuple[Bucket, ...] = ()
    """The loss from the first display to the last, in few buckets."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One log as it stands.

    ``last_line_time`` is the log's own stamp (seconds, as if UTC); ``last_data_at`` is the wall
    time at which bytes last arrived (None before the first).
    """

    job: str
    log: str
    lines: int
    bytes: int
    unrecognised_lines: int
    run: RunSnapshot | None
    last_line_time: float | None
    last_data_at: float | None
    firing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Alerts that fire now: (rule, severity) -> how many."""
    findings: Mapping[str, int] = field(default_factory=dict)
    """Findings since the process began to look at the log: rule -> how many."""

    @property
    def version(self) -> str:
        """Another text whenever anything was read or found; that of the log's history."""
        return f"{self.bytes}-{sum(self.findings.values())}"


_STATES: Mapping[str, RunState] = {
    "unfinished": "running", "finished": "finished", "stopped": "stopped",
    "terminated": "terminated", "crashed": "crashed",
}  # fmt: skip


def freeze(
    run: Run,
    blobs: bool = False,
    stalled: bool = False,
    layout: Callable[[tuple[Blob, ...]], Layout] | None = None,
    trend: tuple[Bucket, ...] = (),
) -> RunSnapshot:
    """Take the picture of a run; with ``blobs`` every value of the last block.

    Parameters
    ----------
    layout
        Gives the layout of the last block, for those who have it; it is worked out else.
    """
    last = run.last_pass
    values = [] if last is None else list(zip(last.blobs, last.values, strict=False))
    written = [s.iteration for s in run.snapshots if s.iteration is not None]
    return RunSnapshot(
        id=run.id,
        ordinal=run.ordinal,
        net=run.net_name,
        solver_type=run.solver_type,
        state="stalled" if stalled else _STATES[run.outcome],
        started_at=run.started_at,
        iteration=run.iteration,
        max_iterations=run.max_iterations,
        loss=run.loss,
        learning_rate=run.learning_rate,
        iterations_per_second=run.speed,
        outputs=_outputs(run),
        layers=()
        if last is None
        else _layers(last, (layout or partial(Layout, net=run.net))(last.blobs)),
        blobs=tuple(BlobValue(*blob, value) for blob, value in values) if blobs else (),
        l1_norm=run.norms.l1 if run.norms else None,
        l2_norm=run.norms.l2 if run.norms else None,
        snapshot_iteration=written[-1] if written else None,
        gradient_clips=run.clips,
        non_finite_values=sum(not isfinite(value) for _, value in values),
        events=dict(run.life.counts),
        trend=trend,
    )


def _outputs(run: Run) -> tuple[NetOutput, ...]:
    both = [*run.outputs.values(), *run.test_outputs.values()]
    return tuple(
        NetOutput(o.net, "train" if o.net == "train" else "test", o.index, o.name, o.value)
        for o in both
    )


def _layers(last: Pass, layout: Layout) -> tuple[LayerHealth, ...]:
    """Sum a block up by layer: its first top, its first parameter and that one's gradient."""
    found: dict[str, dict[str, float]] = {}
    for blob, value in zip(last.blobs, last.values, strict=False):
        name = {"top": "activation", "param": "weight"}.get(blob.kind)
        if blob.phase == "backward":
            name = "gradient" if blob.kind == "param" else None
        if name:
            found.setdefault(blob.layer, {}).setdefault(name, value)
    passed = _passed(last.values, layout)
    return tuple(
        LayerHealth(
            layer, x.get("activation"), x.get("weight"), x.get("gradient"), passed.get(layer)
        )
        for layer, x in found.items()
    )


def _passed(values: Sequence[float], layout: Layout) -> dict[str, float]:
    """Return output over input of every ReLU whose input is not 0."""
    relus = [x for x in layout.activations if x.kind == "ReLU" and x.output < len(values)]
    return {x.layer: values[x.output] / values[x.input] for x in relus if values[x.input]}
