"""A log in full dress, and the daemon that shows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caffewatch.export.collector import CollectorSettings
from caffewatch.export.stats import LogStats, ServiceStats
from caffewatch.snapshot import BlobValue, LayerHealth, NetOutput, RunSnapshot, Snapshot
from tests.export.scraped import Scraped


@pytest.fixture
def run() -> RunSnapshot:
    """Return a run of which everything is known."""
    return RunSnapshot(
        id="9f2c",
        ordinal=2,
        net="lenet",
        solver_type="SGD",
        state="running",
        started_at=1_700_000_000.0,
        iteration=1200,
        max_iterations=10_000,
        loss=0.25,
        learning_rate=0.01,
        iterations_per_second=42.5,
        outputs=(
            NetOutput("train", "train", 0, "loss", 0.25),
            NetOutput("test0", "test", 0, "acc", 0.9),
        ),
        layers=(LayerHealth("conv1", 0.5, 0.06, 1e-3), LayerHealth("relu1", 0.25, None, None, 0.5)),
        blobs=(BlobValue("backward", "conv1", "param", "0", "diff", 1e-3),),
        l1_norm=(100.0, 2.0),
        l2_norm=(10.0, 0.5),
        snapshot_iteration=1000,
        gradient_clips=3,
        non_finite_values=0,
        events={"snapshot": 2, "resumed": 1},
    )


@pytest.fixture
def snapshot(run: RunSnapshot) -> Snapshot:
    """Return a log with that run."""
    return Snapshot(
        job="imagenet",
        log="/logs/train.log",
        lines=6096,
        bytes=400_000,
        unrecognised_lines=12,
        run=run,
        last_line_time=1_700_000_060.0,
        last_data_at=1_700_000_061.0,
        firing={("dead_activation", "warning"): 2},
        findings={"dead_activation": 3},
    )


@pytest.fixture
def stats() -> ServiceStats:
    """Return a daemon that has done everything once."""
    return ServiceStats(
        logs=(LogStats("imagenet", "/logs/train.log", 600, 40_000, 400_000, 10, {"rename": 1}),),
        errors={"tail": 0, "deliver": 2},
        notifications={("slack-vision", "delivered"): 5, ("slack-vision", "retried"): 1},
        queue_lengths={"slack-vision": 4},
    )


@pytest.fixture
def scraped(snapshot: Snapshot, stats: ServiceStats) -> Scraped:
    """Return the daemon that shows them, with two rules and every blob."""
    settings = CollectorSettings(
        version="0.1.0",
        rules=(("non_finite", "critical"), ("dead_activation", "warning")),
        blobs=True,
    )
    return Scraped([snapshot], stats, settings)


@pytest.fixture
def scraped_with(snapshot: Snapshot, stats: ServiceStats) -> Callable[..., Scraped]:
    """Return a maker of daemons with other settings."""

    def make(**settings: object) -> Scraped:
        return Scraped([snapshot], stats, CollectorSettings("0.1.0", **settings))  # type: ignore[arg-type]  # each test gives what the field is

    return make
