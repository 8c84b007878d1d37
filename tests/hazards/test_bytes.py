"""Bytes that are no text: they are read on, and the lines around them judged."""

from __future__ import annotations

import os

import pytest

from tests.hazards.harness import NAN, Hazard
from tests.hazards.writer import Training


class TestBytes:
    @pytest.mark.parametrize(
        "junk",
        [
            b"\xff\xfe\x80\n",
            b"\xc3\n\xed\xa0\x80\n",
            b"\0" * 5000 + b"\n",
            b"\x1b[31m\x07\x08\n",
            b"\n\n\n",
            bytes(range(256)) + b"\n",
        ],
        ids=["no UTF-8", "cut UTF-8", "NULs", "controls", "empty lines", "all bytes"],
    )
    def test_between_and_within_blocks(self, hazard: Hazard, junk: bytes) -> None:
        """The junk counts as the lines that it is; the nan around it is told once."""
        run = Training()
        hazard.write(hazard.log, junk + run.begin() + junk)
        hazard.start()
        block = run.nan().splitlines(keepends=True)

        hazard.write(hazard.log, b"".join(block[:5]) + junk + b"".join(block[5:]) + junk)

        hazard.expect(NAN)

    def test_a_hole_left_by_copytruncate(self, hazard: Hazard) -> None:
        """A writer that does not append leaves zeros up to where it stood before."""
        run = Training()
        with hazard.log.open("wb", buffering=0) as redirect:
            hazard.write(redirect, run.begin())
            hazard.start()
            os.truncate(hazard.log, 0)
            hazard.rounds()
            hazard.write(redirect, run.on())
            hazard.caught_up()
            hazard.write(redirect, run.nan())

        hazard.expect(NAN)

    def test_a_hole_between_two_looks(self, hazard: Hazard) -> None:
        """The file is longer than before when it is looked at again, and begins with zeros."""
        run = Training()
        with hazard.log.open("wb", buffering=0) as redirect:
            hazard.write(redirect, run.begin())
            hazard.start()
            with hazard.paused():
                os.truncate(hazard.log, 0)
                hazard.write(redirect, run.on())
                hazard.write(redirect, run.nan())

        hazard.expect(NAN)
