"""Put GNU tail, mtail and caffewatch through the same hazards; print how many lines each takes in.

The table in docs/reliability.md is made by this: ``python tools/other_tailers.py``. Each is asked
for every line of a log, by its name, as one would ask for a service that watches over it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 4.0
"""Seconds until what has not come counts as lost: every tailer polls each quarter second."""
PROGRAM = """counter lines
/^/ {
  lines++
}
"""


def append(log: Path, *lines: str) -> None:
    """Write whole lines."""
    with log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


class Tail:
    """GNU tail, following a name."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._out = (log.parent / "out").open("w+b")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin a process."""
        command = ["tail", "-F", "-n", "+1", "-s", "0.25", str(self.log)]
        self._process = subprocess.Popen(command, stdout=self._out, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def count(self) -> int:
        """Return the number of lines as yet."""
        return Path(self._out.name).read_bytes().count(b"\n")


class Mtail:
    """mtail, with a program that counts lines."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._program = log.parent / "program" / "lines.mtail"
        self._program.parent.mkdir()
        self._program.write_text(PROGRAM)
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    def start(self) -> None:
        """Begin a process, and find out its port."""
        command = [
            "mtail", "--progs", str(self._program.parent), "--logs", str(self.log), "--logtostderr",
            "--address", "127.0.0.1", "--port", "0", "--poll_interval", "250ms",
            "--poll_log_interval", "250ms",
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"Listening on (\S+:\d+)", line):
                self._url = f"http://{found[1]}/metrics"
                break
        time.sleep(1.0)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def count(self) -> int:
        """Scrape the number of lines that this process has counted."""
        with urllib.request.urlopen(self._url, timeout=5) as answer:
            found = re.search(rb"^lines\{.*\} (\d+)", answer.read(), re.MULTILINE)
        return int(found[1]) if found else 0


class Caffewatch:
    """The daemon, without file events."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[str] | None = None
        self._url = ""
        settings = {
            "state_dir": str(log.parent / "state"),
            "web": {"listen": "127.0.0.1:0"},
            "tail": {"events": False, "poll_interval": "250ms"},
            "jobs": [{"name": "log", "path": str(log)}],
            "receivers": [],
        }
        self._config = log.parent / "caffewatch.yaml"
        self._config.write_text(json.dumps(settings))

    def start(self) -> None:
        """Begin a process, and find out its port."""
        command = [sys.executable, "-m", "caffewatch", "run", "--config", str(self._config)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"listening on (\S+/)", line):
                self._url = f"{found[1]}metrics"
                break
        time.sleep(1.0)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()

    def count(self) -> int:
        """Scrape the number of lines that this process has counted."""
        with urllib.request.urlopen(self._url, timeout=5) as answer:
            found = re.search(rb"^caffewatch_lines_total\{.*\} (\d+)", answer.read(), re.MULTILINE)
        return int(found[1]) if found else 0


Tailer = Tail | Mtail | Caffewatch


@contextmanager
def running(kind: type[Tailer]) -> Iterator[Tailer]:
    """Follow a log of one line."""
    folder = Path(tempfile.mkdtemp())
    tailer = kind(folder / "train.log")
    append(tailer.log, "first")
    tailer.start()
    time.sleep(1.0)
    try:
        yield tailer
    finally:
        tailer.stop()
        shutil.rmtree(folder)


def late_lines(tailer: Tailer) -> int:
    """Write on in the rotated file, as a redirect does that never reopens."""
    rotated = tailer.log.rename(tailer.log.with_suffix(".log.1"))
    append(tailer.log, "new")
    time.sleep(PATIENCE)
    append(rotated, "late", "later")
    return 3


def several_rotations(tailer: Tailer) -> int:
    """Rotate the log twice at once."""
    for name in (".log.2", ".log.1"):
        append(tailer.log, f"last of {name}")
        tailer.log.rename(tailer.log.with_suffix(name))
        append(tailer.log, f"first after {name}")
    return 4


def unfinished_line(tailer: Tailer) -> int:
    """Rotate in the middle of a line, and begin the next file with another one."""
    with tailer.log.open("a") as file:
        file.write("half a line")
    time.sleep(1.0)
    tailer.log.rename(tailer.log.with_suffix(".log.1"))
    append(tailer.log, "a whole line", "another")
    return 3


def recreated(tailer: Tailer) -> int:
    """Delete the log, and begin it anew a second later."""
    tailer.log.unlink()
    time.sleep(1.0)
    append(tailer.log, "one", "two", "three")
    return 3


def copytruncate(tailer: Tailer) -> int:
    """Copy and truncate the log just after a line was written."""
    append(tailer.log, "only in the copy")
    shutil.copy(tailer.log, tailer.log.with_suffix(".log.1"))
    tailer.log.write_text("")
    append(tailer.log, "new", "newer", "newest")
    return 4


def regrown(tailer: Tailer) -> int:
    """Empty the log, and write more than it had at once."""
    tailer.log.write_text("another line that is longer\nand one more\n")
    return 2


def while_down(tailer: Tailer) -> int:
    """Write while the tailer does not run."""
    tailer.stop()
    append(tailer.log, "one", "two")
    tailer.start()
    append(tailer.log, "three")
    return 3


def invalid_utf8(tailer: Tailer) -> int:
    """Write a byte that is not UTF-8."""
    with tailer.log.open("ab") as file:
        file.write(b"not \xff text\n")
    time.sleep(1.0)
    append(tailer.log, "text", "more")
    return 3


HAZARDS: tuple[Callable[[Tailer], int], ...] = (
    late_lines, several_rotations, unfinished_line, recreated, copytruncate, regrown, while_down,
    invalid_utf8,
)  # fmt: skip


def lines(kind: type[Tailer], hazard: Callable[[Tailer], int]) -> str:
    """Meet a hazard; return lines taken in of lines written, after the first."""
    with running(kind) as tailer:
        before = tailer.count()
        written = hazard(tailer)
        time.sleep(PATIENCE)
        count = tailer.count()
        # A metric begins at 0 in every process, and what tail prints begins with the log again.
        taken = count if hazard is while_down and kind is not Tail else count - before
        return f"{taken} of {written}"


def main() -> None:
    """Print the table."""
    kinds = Tail, Mtail, Caffewatch
    print("| hazard | GNU tail | mtail | caffewatch |\n|---|---|---|---|")
    for hazard in HAZARDS:
        assert hazard.__doc__ is not None
        taken = " | ".join(lines(kind, hazard) for kind in kinds)
        print(f"| {hazard.__doc__} | {taken} |", flush=True)


if __name__ == "__main__":
    main()
