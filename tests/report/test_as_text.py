from __future__ import annotations

import pytest

from caffewatch.report.as_text import report
from caffewatch.report.plain import plain
from tests.logs import CaffeLog
from tests.watched import watch

NAN = {"data": "nan"}


def shown(log: CaffeLog | bytes, age: float | None = None) -> list[str]:
    """Return the lines of a log's report."""
    return [line.plain for line in report("train.log", watch(log), age)]


@pytest.fixture
def log() -> CaffeLog:
    """Write ten healthy displays."""
    log = CaffeLog.started(max_iter=100)
    log.displays(range(0, 100, 10))
    return log


class TestVerdict:
    def test_healthy(self, log: CaffeLog) -> None:
        """The verdict comes first, then how much was read."""
        log.done()

        lines = len(log.text.splitlines())
        assert shown(log)[:2] == ["train.log: healthy", f"  {lines} lines, 1 run"]

    def test_critical(self, log: CaffeLog) -> None:
        """It names the rules."""
        log.display(100, NAN)

        assert shown(log)[0] == "train.log: critical: non_finite"

    @pytest.mark.parametrize("text", [b"", b"hello\n"])
    def test_no_log_at_all(self, text: bytes) -> None:
        """A file without a line of Caffe's is no healthy one."""
        assert shown(text)[0] == "train.log: no Caffe training log"

    def test_lines_that_say_nothing(self, log: CaffeLog) -> None:
        """They are counted."""
        log.raw("what is this")

        assert shown(log)[1].endswith("lines, 1 run, 1 line not understood")


class TestRun:
    def test_finished(self, log: CaffeLog) -> None:
        """With the net's name, progress, loss and rate."""
        log.done()
        lines = shown(log, age=5.0)

        assert "  run 1: mlp, finished at iteration 90 of 100" in lines
        assert "    last loss 2, learning rate 0.01" in lines
        assert not [x for x in lines if "just ends" in x]

    @pytest.mark.parametrize(
        ("age", "ago"),
        [
            (None, "."),
            (-3.0, "; last written 0 seconds ago."),
            (1.0, "; last written 1 second ago."),
            (119.0, "; last written 1 minute ago."),
            (7200.0, "; last written 2 hours ago."),
            (90000.0, "; last written 1 day ago."),
        ],
    )
    def test_it_just_ends(self, age: float | None, ago: str, log: CaffeLog) -> None:
        """That is said before all else of the run, and since when."""
        lines = shown(log, age)

        said = f"  The log just ends: still running, or killed without a word{ago}"
        assert lines.index(said) < lines.index("  run 1: mlp, unfinished at iteration 90 of 100")

    def test_before_the_first_iteration(self) -> None:
        """A run that only set up has no iteration."""
        lines = shown(CaffeLog.started())

        assert "  run 1: mlp, unfinished before its first iteration" in lines

    def test_without_debug_info(self) -> None:
        """It says what would show more."""
        log = CaffeLog.started()
        log.iteration(0)

        assert [x for x in shown(log) if "set debug_info: true" in x]


class TestFinding:
    def test_cause_before_consequence(self, log: CaffeLog) -> None:
        """A folded finding is named in one line, without advice."""
        log.display(100, NAN)
        log.fatal()
        lines = shown(log)

        (first,) = [n for n, x in enumerate(lines) if "critical non_finite (line" in x]
        (second,) = [n for n, x in enumerate(lines) if "crash (line" in x]
        assert first < second
        assert lines[second].endswith(": follows from non_finite")
        assert "At iteration 100 the output of layer data is nan" in lines[first + 1]
        assert [x for x in lines[first:second] if x.startswith("      1. ")]

    def test_evidence(self, log: CaffeLog) -> None:
        """The last values, with their iterations."""
        log.display(100, NAN)

        (evidence,) = [x for x in shown(log) if x.endswith("100: nan")]
        assert "80: 0.2  90: 0.2  100: nan" in evidence

    def test_snapshots(self, log: CaffeLog) -> None:
        """The last clean one and the poisoned ones are named."""
        clean = log.snapshot(100)
        log.displays((100, 110), NAN)
        poisoned = log.snapshot(120)

        lines = shown(log)

        assert f"    last clean snapshot: {clean}" in lines
        assert f"    poisoned snapshots: {poisoned}" in lines


class TestPlain:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("conv1 and ü", "conv1 and ü"),
            ("\x1b[31mred", "�[31mred"),
            ("a\nb\r\x07", "a�b��"),
            ("\u202etxt.exe", "�txt.exe"),
            ("\udcff", "�"),
        ],
    )
    def test_control_characters(self, text: str, expected: str) -> None:
        """Nothing that drives a terminal, turns text around or cannot be encoded is left."""
        assert plain(text) == expected
