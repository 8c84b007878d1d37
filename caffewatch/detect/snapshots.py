"""Which snapshots hold good weights, and which are poisoned."""

from __future__ import annotations

from typing import NamedTuple

from caffewatch.detect.finding import Finding
from caffewatch.log.run import Run


class Verdict(NamedTuple):
    """Paths of snapshots: the newest, the newest clean one, and those written after a nan."""

    last: str | None
    last_clean: str | None
    poisoned: tuple[str, ...]


def judge(run: Run, non_finite: Finding | None) -> Verdict:
    """Divide a run's snapshots by its first nan, where there is one.

    A snapshot of iteration N holds the weights that pass N computes with: it is clean when a pass
    with finite weights proves it, so up to the pass of the nan itself where all weights were still
    finite, and up to the display before otherwise.
    """
    paths = [snapshot.path for snapshot in run.snapshots]
    last = paths[-1] if paths else None
    if non_finite is None:
        return Verdict(last, last, ())
    bound = non_finite.place.previous_iteration
    if non_finite.origin == "here" and not non_finite.weights_bad:
        bound = non_finite.iteration
    clean = [s.path for s in run.snapshots if _clean(s.iteration, s.line, bound, non_finite)]
    bad = tuple(path for path in paths if path not in clean)
    return Verdict(last, clean[-1] if clean else None, bad)


def _clean(iteration: int | None, line: int, bound: int | None, finding: Finding) -> bool:
    if iteration is None:
        return line < finding.place.line and bound is not None
    return bound is not None and iteration <= bound
