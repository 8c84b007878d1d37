"""The command line as a process of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
from io import FileIO
from pathlib import Path

import pytest

from caffewatch.cli.main import main

RUNS = Path(__file__).parents[1] / "data" / "runs"


def command(*arguments: str | Path) -> list[str]:
    """Spell a command."""
    return [sys.executable, "-m", "caffewatch", *map(str, arguments)]


def checked(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run ``check`` in this process; return its exit status and what it printed."""
    capsys.readouterr()
    code = main(["check", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def run(
    *arguments: str | Path, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments), input=stdin, capture_output=True, timeout=60, check=False,
        env=os.environ | environment,
    )  # fmt: skip


def unread(pipe: FileIO) -> int:
    """Return how many bytes a pipe still holds."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
