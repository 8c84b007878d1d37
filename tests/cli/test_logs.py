from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from caffewatch.cli.logs import Formatter, is_journal, one_line
from tests.cli.command import command

LEVELS = {
    logging.CRITICAL: "<2>",
    logging.ERROR: "<3>",
    logging.WARNING: "<4>",
    logging.INFO: "<6>",
    logging.DEBUG: "<7>",
}
EVIL = "log\x1b[2J says\r\n<0>CRITICAL forged \u202e\udcff"


def event(message: str, level: int = logging.WARNING, failed: bool = False) -> logging.LogRecord:
    """Make an event, as if within the handling of an exception where that has failed."""
    cause = None
    if failed:
        try:
            raise ValueError("two\nlines")
        except ValueError:
            cause = sys.exc_info()
    record = logging.LogRecord("caffewatch.tail", level, "x.py", 1, "%s", (message,), cause)
    record.created, record.msecs = 1_800_000_000.25, 250.0
    return record


class TestText:
    def test_for_people(self) -> None:
        """Time, level, where from and what."""
        said = Formatter("text", journal=False).format(event("no log"))

        assert said == "2027-01-15T08:00:00.250Z WARNING caffewatch.tail: no log"

    @pytest.mark.parametrize(("level", "priority"), LEVELS.items())
    def test_for_the_journal(self, level: int, priority: str) -> None:
        """A priority instead of the time, which journald adds."""
        said = Formatter("text", journal=True).format(event("no log", level))

        assert said == f"{priority}{logging.getLevelName(level)} caffewatch.tail: no log"

    def test_nothing_in_a_log_forges_a_line(self) -> None:
        """Controls, line ends, direction marks and odd bytes are escaped."""
        said = Formatter("text", journal=True).format(event(EVIL))

        assert said.endswith(r"log\x1b[2J says | <0>CRITICAL forged \u202e\udcff")
        assert said.isprintable()

    def test_a_traceback_is_folded(self) -> None:
        """An event is one line, whatever belongs to it."""
        said = Formatter("text", journal=False).format(event("it broke", failed=True))

        assert "it broke | Traceback (most recent call last): | File " in said
        assert said.endswith("| ValueError: two | lines")
        assert said.isprintable()


class TestJson:
    def test_an_event(self) -> None:
        """An object with the words that programs look for."""
        said = Formatter("json", journal=False).format(event(EVIL))

        assert said.isascii()
        assert said.isprintable()
        assert json.loads(said) == {
            "time": "2027-01-15T08:00:00.250Z",
            "level": "warning",
            "logger": "caffewatch.tail",
            "message": EVIL,
        }

    def test_a_traceback(self) -> None:
        """It is a value of its own, whole, and the line stays one."""
        said = Formatter("json", journal=True).format(event("it broke", failed=True))

        assert said.startswith('<4>{"')
        assert said.isprintable()
        assert json.loads(said[3:])["traceback"].endswith("\nValueError: two\nlines")


class TestOneLine:
    def test_what_is_printable_stays(self) -> None:
        """Spaces, letters of all languages, sparklines."""
        assert one_line("été ▁▂▃× 'x'") == "été ▁▂▃× 'x'"


class TestIsJournal:
    def test_only_the_very_descriptor(self, tmp_path: Path) -> None:
        """A process that was given the variable, but another standard error, writes for people."""
        with (tmp_path / "a").open("w") as ours, (tmp_path / "b").open("w") as other:
            status = os.fstat(ours.fileno())
            environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}

            found = [is_journal(x.fileno(), environ) for x in (ours, other)]

        assert found == [True, False]
        assert not is_journal(2, {})


class TestUncaught:
    @pytest.mark.parametrize("where", ["fail()", "t = Thread(target=fail); t.start(); t.join()"])
    def test_is_one_line(self, where: str) -> None:
        """What nobody caught is an event too, in the main thread and in others."""
        code = (
            "from threading import Thread; from caffewatch.cli.logs import configure\n"
            "def fail(): raise ValueError('two\\nlines')\n"
            f"configure('text', 'info', {{}})\n{where}"
        )

        ended = subprocess.run(
            [command()[0], "-c", code], capture_output=True, text=True, check=False, timeout=60
        )

        assert ended.stderr.count("\n") == 1
        assert "CRITICAL caffewatch: internal error | Traceback" in ended.stderr
