from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from caffewatch.service.witness import LOOK_AGAIN, Witness

NOW = 1.8e9


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """Make a /proc with one training process."""
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "cmdline").write_bytes(b"build/tools/caffe\0train\0")
    return tmp_path


class TestWitness:
    def test_a_process_that_was_seen_and_is_gone(self, proc: Path) -> None:
        """Only that makes a stall certain."""
        witness = Witness(proc)
        seen = witness.gone("42", NOW)
        shutil.rmtree(proc / "42")

        assert (seen, witness.gone("42", NOW)) == (False, True)

    @pytest.mark.parametrize("pid", ["43", "", "0x7f", "1956823808"])
    def test_one_that_cannot_be_seen_proves_nothing(self, proc: Path, pid: str) -> None:
        """It may run on another machine, or belong to somebody else."""
        assert Witness(proc).gone(pid, NOW) is None

    def test_another_program_under_the_same_number_proves_nothing(self, proc: Path) -> None:
        """A log from elsewhere may name the number of anything that runs here."""
        (proc / "42" / "cmdline").write_bytes(b"/usr/sbin/sshd\0")

        assert Witness(proc).gone("42", NOW) is None

    def test_a_number_that_is_used_again(self, proc: Path) -> None:
        """The training process is gone all the same."""
        witness = Witness(proc)
        witness.gone("42", NOW)
        (proc / "42" / "cmdline").write_bytes(b"/usr/sbin/sshd\0")

        assert witness.gone("42", NOW) is True

    def test_another_run_is_another_process(self, proc: Path) -> None:
        """What was seen of the run before says nothing of this one."""
        witness = Witness(proc)
        witness.gone("42", NOW)

        assert witness.gone("43", NOW) is None

    def test_one_that_cannot_be_seen_is_looked_for_again(self, proc: Path) -> None:
        """Not every second, for each of a thousand logs."""
        witness = Witness(proc)
        (proc / "42").rename(proc / "hidden")
        witness.gone("42", NOW)
        (proc / "hidden").rename(proc / "42")

        assert witness.gone("42", NOW + LOOK_AGAIN - 1) is None
        assert witness.gone("42", NOW + LOOK_AGAIN) is False
