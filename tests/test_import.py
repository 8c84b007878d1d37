from __future__ import annotations

import subprocess
import sys

import pytest

import caffewatch


def python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


class TestImport:
    def test_loads_next_to_nothing(self) -> None:
        """Neither a module of ours nor a library, until something is asked for."""
        loaded = python("import caffewatch", "-X", "importtime").stderr
        names = {line.rpartition("|")[2].strip() for line in loaded.splitlines()}

        ours = {name for name in names if name.startswith("caffewatch")}
        assert ours == {"caffewatch"}
        heavy = {"logging", "rich", "pydantic", "requests", "pandas", "pyarrow", "threading"}
        assert names & heavy == set()

    def test_checking_needs_no_library(self) -> None:
        """What a notebook uses loads no daemon, and configures no logging."""
        code = (
            "import sys, caffewatch\n"
            "caffewatch.check, caffewatch.follow, caffewatch.Monitor\n"
            "import logging, threading\n"
            "print({'rich', 'pydantic', 'requests', 'yaml', 'pandas', 'pyarrow'} & {*sys.modules},"
            " logging.getLogger().handlers, threading.active_count())"
        )

        assert python(code).stdout == "set() [] 1\n"

    def test_names(self) -> None:
        """All that is promised is there and listed, and nothing else is made up."""
        assert set(caffewatch.__all__) <= set(dir(caffewatch))
        assert all(getattr(caffewatch, name).__name__ == name for name in caffewatch.__all__)
        with pytest.raises(AttributeError, match="no attribute 'chekc'"):
            caffewatch.chekc  # noqa: B018 - the look-up is the test
