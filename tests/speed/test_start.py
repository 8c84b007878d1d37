"""What a command loads before it begins, as a list and not as a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.logs import CaffeLog

_CODE = """
import sys
from caffewatch.cli.main import main
main(sys.argv[1:])
print(*sys.modules, sep="\\n", file=sys.stderr)
"""
_DAEMONS = frozenset(
    {"caffewatch.config", "caffewatch.deliver", "caffewatch.export", "caffewatch.service",
     "caffewatch.snapshot", "caffewatch.store", "caffewatch.tail", "caffewatch.web", "jinja2",
     "logging", "prometheus_client", "pydantic", "requests", "sqlite3", "ssl", "tornado",
     "watchdog", "werkzeug", "yaml"}
)  # fmt: skip
_TO_COMPILE = """
import sys
made = 0
def note(frame, event, argument):
    global made
    code = frame.f_code
    made += event == "call" and (code.co_filename, code.co_name) == ("<string>", "<module>")
sys.setprofile(note)
from caffewatch.cli.main import main
main(sys.argv[1:])
sys.setprofile(None)
print(made, file=sys.stderr)
"""
_COMPILED = 115
"""Pieces of code that a check may make up and compile: it was 80, and 92 in Python 3.13.

One for each class of fields; a dataclass that is none of `slotted` or `Parameters` takes several.
"""
_UNNEEDED = frozenset(
    {"caffewatch.history.frozen", "caffewatch.report.judging", "caffewatch.report.tally",
     "decimal", "fractions", "pathlib", "pickle", "random", "rich", "tempfile", "urllib.parse"}
)  # fmt: skip
"""What a check of one log has no use for, and what would cost it most."""
_DRAWS = frozenset({"FORCE_COLOR", "TTY_COMPATIBLE"})
_FOR_MANY = frozenset({"asyncio", "concurrent.futures", "distributed", "fsspec", "multiprocessing"})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a log."""
    path = tmp_path / "train.log"
    path.write_bytes(CaffeLog.started().data)
    return path


def loaded(*arguments: str | Path, **environment: str) -> set[str]:
    """Run a command in a process of its own; return the modules that it has loaded in the end."""
    return set(printed(_CODE, *arguments, **environment).splitlines())


def printed(code: str, *arguments: str | Path, **environment: str) -> str:
    """Run code with arguments in a process of its own; return what it says of itself."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if name not in _DRAWS}
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, env=kept | environment
    )
    return ended.stderr


class TestCheck:
    def test_as_json(self, log: Path) -> None:
        """Needs nothing of the daemon's, nothing that draws, and one process."""
        found = loaded("check", "--format", "json", log)

        assert found & (_DAEMONS | _FOR_MANY | _UNNEEDED) == set()
        assert "caffewatch.monitor" in found

    def test_as_text(self, log: Path) -> None:
        """Draws nothing where no terminal is, and needs no more than JSON does, nor JSON."""
        found = loaded("check", log)

        unneeded = _UNNEEDED | {"caffewatch.report.as_json", "json"}
        assert found & (_DAEMONS | _FOR_MANY | unneeded) == set()
        assert "caffewatch.report.as_text" in found

    def test_on_a_terminal(self, log: Path) -> None:
        """Draws, but shows no bar."""
        found = loaded("check", log, FORCE_COLOR="1")

        assert "rich.text" in found
        assert "rich.progress" not in found
        assert found & (_DAEMONS - {"logging"} | _FOR_MANY - {"concurrent.futures"}) == set()

    def test_compiles_little(self, log: Path) -> None:
        """Most of what it needs lies compiled on disk: classes that make code up do not."""
        assert 0 < int(printed(_TO_COMPILE, "check", log)) < _COMPILED


class TestMain:
    def test_a_command_loads_no_other(self) -> None:
        """The help of one does not read the code of the rest."""
        code = "from caffewatch.cli.main import build_parser; build_parser(set()); import sys; "
        code += "print(*sys.modules, sep='\\n')"
        shown = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
        ).stdout.split()

        ours = {name for name in shown if name.startswith("caffewatch.")}
        assert ours == {"caffewatch.cli", "caffewatch.cli.main", "caffewatch.cli.interruption"}
