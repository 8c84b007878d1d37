"""The process died."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from typing import ClassVar

from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, RuleSettings, parameter
from caffewatch.log.events import Ended, Moment, WentOn
from caffewatch.log.run import Run

_ADVICE = (
    (r"out of memory|bad_alloc|MemoryError", "Out of memory: lower batch_size (raise iter_size to"
     " keep the effective batch), a smaller crop, or see who else uses the device (nvidia-smi)."),
    (r"snapshot prefix", "Create the folder of snapshot_prefix and make it writable."),
    (r"File not found|Could not open|No such file|mdb_status == 0|Failed to open",
     "A file could not be opened: check the path from the folder that caffe was started in."),
    (r"shape|width\(\)|height\(\)|channels\(\)|num\(\)|count\(\)|reshape|CanonicalAxis",
     "Blobs do not fit each other: compare the layer's shapes in the set-up lines, and the weights"
     " file with the net."),
    (r"cudaSuccess|CUDNN_STATUS|CUBLAS_STATUS|NCCL",
     "The GPU failed: check the driver, nvidia-smi, and the kernel's log for Xid errors."),
    (r"label", "Labels must lie in 0 … classes - 1."),
    (r"SIGKILL|Killed|已杀死|memory limit|oom.kill", "Killed from outside, most likely for its"
     " memory: look for oom-killer in the kernel's log."),
    (r"double free|SIGSEGV|Segmentation|段错误|SIGBUS|Bus error|free\(\)|malloc\(\)|corrupted",
     "Memory was corrupted: on nan, max pooling writes outside its blob, so look for a nan first."),
    (r"Unknown|Error parsing|Failed to parse", "The prototxt is not what this Caffe understands:"
     " see the line quoted."),
)  # fmt: skip


class CrashParameters(Parameters):
    """Parameters of `Crash`."""

    severity: Severity = parameter("critical", "how loud a crash is")
    terminated: Severity = parameter("warning", "how loud an end from outside (SIGTERM) is")


class Crash(Rule[CrashParameters]):
    """The process ended by a fatal line, a failed check, a signal, or for want of memory.

    Fires at the line that proves it and quotes the reason: also what a shell, MPI, Slurm, PBS or
    LSF says of it, and the exception that ends a Python program. An end by SIGTERM (a scheduler,
    docker stop) is no crash and only a warning.

    Silent on SIGINT's early stop and on a log that just ends: that proves nothing. Where training
    goes on behind a line that has no prefix of glog's, another program wrote it, and it is over.

    Source: glog's fatal lines and its failure signal handler.
    """

    id: ClassVar[str] = "crash"
    title: ClassVar[str] = "crash"
    severities: ClassVar[tuple[Severity, ...]] = ("warning", "critical")
    Parameters: ClassVar[type[Parameters]] = CrashParameters
    layered: ClassVar[bool] = False

    def __init__(self, settings: RuleSettings, run: Run) -> None:
        super().__init__(settings, run)
        self._how: str | None = None
        self._finding: Finding | None = None

    def on_ended(self, event: Ended) -> Sequence[Finding]:
        """Fire at the first proof of death; the lines behind it say the same again."""
        if not event.fatal or self._how is not None:
            return ()
        if event.how == "terminated" != self.run.outcome:
            return ()
        self._how = event.how
        place = Place(event.line, self._moment(), self.run.previous_iteration)
        if event.how == "terminated":
            sign = "(SIGTERM)." if "SIGTERM" in event.reason else f"({event.reason})."
            text = f"After {{iteration}} the job was ended from outside {sign}"
            advice = ["If nobody stopped it: look at the scheduler's time and memory limits."]
            finding = self.fire(place, text, advice, severity=self.parameters.terminated)
        else:
            text = "The job crashed after {iteration}"
            if self.run.iteration is None:  # a solver of one's own may show no loss
                begun = self.run.learning_rate is not None
                text = "The job crashed" + ("" if begun else ", before the first iteration")
            finding = self.fire(place, f"{text}: {event.reason}", self._advise(event.reason))
        self._finding = finding
        return (finding,)

    def on_went_on(self, event: WentOn) -> Sequence[Finding]:
        """Take back what another program's line seemed to prove."""
        ended, self._finding, self._how = self._finding, None, None
        return () if ended is None else (self.end(ended),)

    def _moment(self) -> Moment:
        return Moment(self.run.iteration, estimated=False)

    def _advise(self, reason: str) -> list[str]:
        advice = [text for pattern, text in _ADVICE if re.search(pattern, reason, re.IGNORECASE)]
        advice = advice[:2] or ["Look at the lines before the reason, and at the stack trace."]
        if self.run.snapshots and self._finite():
            advice.append(f"Resume from {self.run.snapshots[-1].path}.")
        return advice

    def _finite(self) -> bool:
        """Whether the last values give no reason to doubt the last snapshot."""
        last = self.run.last_pass.values if self.run.last_pass else []
        return all(map(isfinite, (self.run.loss or 0.0, *last)))
