from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from caffewatch.deliver.exec import ExecReceiver, ExecSettings, classify
from caffewatch.deliver.outcome import Delivered, Outcome, Rejected, Retry
from caffewatch.deliver.program import Ended
from caffewatch.deliver.site import Site
from tests.deliver.samples import STARTED, alert, notification
from tests.deliver.webhook_document import read
from tests.patience import PATIENCE


def receiver(*command: str) -> ExecReceiver:
    """Make a receiver that runs a command."""
    return ExecReceiver(ExecSettings(name="pager", command=command), Site())


class TestClassify:
    @pytest.mark.parametrize(
        ("ended", "expected"),
        [
            (Ended(0, b"ok"), Delivered()),
            (Ended(75, b"busy\n"), Retry("exit code 75: busy")),
            (Ended(75, b""), Retry("exit code 75")),
            (
                Ended(1, b"a\nERROR \x1b[31mforged\xff"),
                Rejected("exit code 1: a ERROR �[31mforged�"),
            ),
            (Ended(127, b""), Rejected("exit code 127")),
            (Ended(-9, b"half"), Retry("ended by signal 9: half")),
            (Ended(None, b"x"), Retry("still running after 10 s, killed")),
        ],
    )
    def test_ends(self, ended: Ended, expected: Outcome) -> None:
        """By sysexits.h: 75 asks to be tried again."""
        assert classify(ended, 10.0) == expected


class TestSend:
    def test_what_the_program_gets(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The webhook's JSON, the notification's id, and none of our secrets."""
        monkeypatch.setenv("TOKEN", "hunter2")
        got, env = tmp_path / "got", tmp_path / "env"
        code = (
            "import os, sys; from pathlib import Path;"
            "Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read());"
            "Path(sys.argv[2]).write_text(repr(dict(os.environ)))"
        )

        outcome = receiver(sys.executable, "-c", code, str(got), str(env)).send(
            notification(), STARTED
        )

        assert outcome == Delivered()
        assert read(got.read_bytes()) == [("non_finite", "firing", "2026-11-23T07:20:00")]
        assert "'CAFFEWATCH_NOTIFICATION_ID': 'cw_1'" in env.read_text()
        assert "hunter2" not in env.read_text()

    def test_shell_words_are_texts(self, tmp_path: Path) -> None:
        """Neither what is configured nor what a log says ever meets a shell."""
        words = f"$(touch {tmp_path}/a); `touch {tmp_path}/b` & | > {tmp_path}/c"
        told = notification(alert(labels={"layer": words}, annotations={"summary": words}))

        outcome = receiver("/bin/cat", "--", "/dev/stdin").send(told, STARTED)
        refused = receiver("/bin/ls", words).send(told, STARTED)

        assert (outcome, isinstance(refused, Rejected)) == (Delivered(), True)
        assert list(tmp_path.iterdir()) == []

    def test_close_ends_it(self) -> None:
        """It would outlive us, and run twice at once when we are started again."""
        running = receiver("sleep", "60")
        outcomes: list[Outcome] = []
        sending = threading.Thread(
            target=lambda: outcomes.append(running.send(notification(), STARTED))
        )
        sending.start()

        running.close()
        sending.join(PATIENCE)

        assert outcomes == [Retry("caffewatch ends, killed")]

    def test_no_such_program(self) -> None:
        """It may be on its way, in an update."""
        expected = Retry("/no/such/program cannot be run: No such file or directory")

        assert receiver("/no/such/program").send(notification(), STARTED) == expected
