"""The daemon under what its units forbid."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from signal import SIGHUP

import pytest

from tests.deliver.web_server import WebServer, web_server
from tests.logs import CaffeLog
from tests.patience import PATIENCE
from tests.service.process import DaemonProcess, edges
from tests.systemd import sandbox
from tests.systemd.test_units import UNITS
from tests.tail.harness import append

Eventually = Callable[..., None]

FORBIDDEN = """
import ctypes, mmap, os, socket
for attempt in (
    lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    lambda: os.chroot("/"),
    lambda: os.sched_setaffinity(0, {0}),
):
    try:
        attempt()
    except OSError as error:
        print(error.errno)
"""


@pytest.fixture
def confine(program: Callable[[str, str], str]) -> Callable[[Path], list[str]]:
    """Give the command that confines another one as a unit says."""
    program("systemd-analyze", "systemd")
    try:
        ctypes.CDLL(sandbox.LIBRARY)
    except OSError:
        pytest.skip(f"{sandbox.LIBRARY} is not on this machine (apt-get install libseccomp2)")
    return lambda unit: [sys.executable, str(Path(sandbox.__file__)), str(unit)]


class TestSandbox:
    def test_it_confines(self, confine: Callable[[Path], list[str]]) -> None:
        """Memory to write and execute, other sockets and other system calls are refused."""
        done = subprocess.run(
            [*confine(UNITS[0]), sys.executable, "-c", FORBIDDEN],
            capture_output=True, text=True, check=True,
        )  # fmt: skip

        assert done.stdout.split() == ["1", "97", "1", "1"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda x: x.name)
class TestDaemon:
    def test_it_lacks_nothing(
        self, unit: Path, confine: Callable[[Path], list[str]], tmp_path: Path,
        eventually: Eventually,
    ) -> None:  # fmt: skip
        """Follows by events, saves, serves, notifies by HTTP and program, reloads and ends."""
        note = tmp_path / "note.json"
        log = CaffeLog.started()
        log.displays(range(0, 100, 10))
        log.display(100, {"data": "nan"})
        with web_server() as hook:
            daemon = DaemonProcess(tmp_path, hook.url)
            daemon.configure(receivers=receivers(hook, note))
            daemon.prefix = confine(unit)
            try:
                daemon.start()
                append(tmp_path / "train.log", log.data)
                assert hook.arrived.wait(PATIENCE)
                eventually(lambda: note.is_file() and note.read_text().endswith("}"))
                lines = log.data.count(b"\n")
                eventually(lambda: daemon.metric("caffewatch_lines_total") == lines)
                daemon.send(SIGHUP)
                eventually(lambda: daemon.said.count("listening on") == 2)
                code = daemon.stop()
            finally:
                daemon.end()

        assert code == 0
        assert edges(hook) == [("non_finite", "firing")]
        assert json.loads(note.read_text())["status"] == "firing"
        assert "not permitted" not in daemon.said
        assert "ERROR" not in daemon.said
        assert os.path.getsize(tmp_path / "state" / "caffewatch.sqlite") > 0


def receivers(hook: WebServer, note: Path) -> list[dict[str, object]]:
    """Configure a webhook, and a program that writes down what it is given."""
    write = f"cat > {note}.part && mv {note}.part {note}"
    return [
        {"name": "hook", "type": "webhook", "url": hook.url},
        {"name": "note", "type": "exec", "command": ["/bin/sh", "-c", write]},
    ]
