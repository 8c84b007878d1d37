"""Line ends of other systems, lone carriage returns, a byte order mark."""

from __future__ import annotations

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training


class TestLineEnds:
    def test_crlf(self, hazard: Hazard) -> None:
        r"""Every ``\r\n`` is one end of one line."""
        run = Training()
        hazard.write(hazard.log, run.begin().replace(b"\n", b"\r\n"))
        hazard.start()

        hazard.write(hazard.log, run.nan().replace(b"\n", b"\r\n"))

        hazard.expect(NAN)

    def test_crlf_cut_in_two(self, hazard: Hazard) -> None:
        r"""The ``\r`` is read before the ``\n`` is there."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        with hazard.log.open("ab", buffering=0) as tee:
            for line in run.nan().splitlines():
                hazard.write(tee, line + b"\r")
                hazard.write(tee, b"\n")

        hazard.expect(NAN)

    def test_lone_carriage_returns(self, hazard: Hazard) -> None:
        """A progress bar that paints over itself is one line."""
        run = Training()
        hazard.write(hazard.log, run.begin())
        hazard.start()

        bar = b"".join(b"\r%3d %%" % percent for percent in range(100)) + b"\r\n"
        hazard.write(hazard.log, bar + run.nan() + bar)

        hazard.expect(NAN)

    def test_a_byte_order_mark(self, hazard: Hazard) -> None:
        """Three bytes before the first line do not hide the run that begins with it."""
        run = Training()
        hazard.write(hazard.log, b"\xef\xbb\xbf" + run.begin())
        hazard.start()

        hazard.write(hazard.log, run.nan())

        hazard.expect(NAN)
        assert hazard.metric("caffe_run_info", net="mlp") == 1
