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
    command = [sys.executable, "-c", _CODE, *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if name not in _DRAWS}
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, env=kept | environment
    )
    return set(ended.stderr.splitlines())


class TestCheck:
    def test_as_json(self, log: Path) -> None:
        """Needs nothing of the daemon's, nothing that draws, and one process."""
        found = loaded("check", "--format", "json", log)

        assert found & (_DAEMONS | _FOR_MANY | {"rich"}) == set()
        assert "caffewatch.monitor" in found

    def test_as_text(self, log: Path) -> None:
        """Draws nothing where no terminal is, and needs no more than JSON does."""
        found = loaded("check", log)

        assert found & (_DAEMONS | _FOR_MANY | {"rich"}) == set()
        assert "caffewatch.report.as_text" in found

    def test_on_a_terminal(self, log: Path) -> None:
        """Draws, but shows no bar."""
        found = loaded("check", log, FORCE_COLOR="1")

        assert "rich.text" in found
        assert "rich.progress" not in found
        assert found & (_DAEMONS - {"logging"} | _FOR_MANY - {"concurrent.futures"}) == set()


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
