from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from caffewatch.demo.player import Player, bundled_log
from caffewatch.report.archive import ArchiveError
from tests.logs import CaffeLog
from tests.patience import PATIENCE
from tests.watched import findings

SET_UP = CaffeLog.started().data


class TestPlayer:
    @pytest.mark.parametrize("text", [SET_UP + b"x\n" * 999, b"no start at all\n", b""])
    def test_every_byte_arrives(self, text: bytes, tmp_path: Path) -> None:
        """Whatever the log, and in order."""
        source, target = tmp_path / "source.log", tmp_path / "target.log"
        source.write_bytes(text)
        player = Player(source, target, seconds=0.2)

        player.start()
        player.join(PATIENCE)

        assert target.read_bytes() == text

    def test_set_up_comes_at_once(self, tmp_path: Path, eventually: Callable[..., None]) -> None:
        """Time is spent on training; a play that is stopped has written no more."""
        source, target = tmp_path / "source.log.gz", tmp_path / "target.log"
        source.write_bytes(gzip.compress(SET_UP + b"training\n" * 1000))
        player = Player(source, target, seconds=3600.0)

        player.start()
        eventually(lambda: target.exists() and target.stat().st_size > 0)
        player.stop()

        written = target.read_bytes()
        assert not player.is_alive()
        assert b"Initializing solver" in written
        assert b"training\n" not in written

    def test_a_damaged_source(self, tmp_path: Path) -> None:
        """Shows when the player is made, not in its thread."""
        source = tmp_path / "cut.log.gz"
        source.write_bytes(gzip.compress(b"x" * 9)[:-9])

        with pytest.raises(ArchiveError):
            Player(source, tmp_path / "target", seconds=1.0)


class TestBundled:
    def test_the_log_does_what_the_package_says(self) -> None:
        """It learns, leaves at 410, explodes at 500 and is nan at 550."""
        with gzip.open(bundled_log()) as file:
            found = findings(file.read())

        critical = [(x.rule, x.iteration) for x in found if x.loud and x.severity == "critical"]
        assert critical == [
            ("loss_divergence", 410),
            ("gradient_explosion", 500),
            ("non_finite", 550),
        ]
