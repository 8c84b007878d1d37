from __future__ import annotations

from tests.logs import CaffeLog, healthy
from tests.watched import found, only

RULE = "gradient_explosion"


class TestWords:
    def test_clipping_lines_narrow_down_when(self) -> None:
        """They are printed at every clipped iteration, not only at displays."""
        log = healthy(3)
        log.clip(36)
        log.display(30)
        for norm in (50, 4000):
            log.clip(norm)
        log.display(40, {"d ip1.0": 1e9})

        finding = only(log, RULE)

        assert finding.message.endswith(
            "Clipped since iteration 30: 2 times, with an L2 norm of up to 4000."
        )
        assert not any("clip_gradients" in advice for advice in finding.advice)

    def test_clipping_before_the_first_display(self) -> None:
        """A resumed run may clip before it shows anything."""
        log = CaffeLog.started()
        log.clip(50)
        log.display(10, {"d ip1.0": 1e9})

        assert "Clipped since the start: 1 times" in only(log, RULE).message

    def test_clipping_alone_is_no_fault(self) -> None:
        """It is what clipping is for."""
        log = healthy()
        for _ in range(20):
            log.clip(40)
        log.displays(range(50, 100, 10))

        assert found(log, RULE) == []

    def test_advises_a_tenth_of_the_rate_and_a_snapshot(self) -> None:
        """The numbers and the file are the run's own."""
        log = healthy()
        log.snapshot(45)
        log.display(50, {"d ip1.0": 1e9})

        advice = "\n".join(only(log, RULE).advice)

        assert "from 0.01 to 0.001" in advice
        assert "clip_gradients: 35" in advice
        assert "Go back to net_iter_45.caffemodel" in advice
