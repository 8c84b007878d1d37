"""The project around the package: lock, Makefile, and the rule about skipped tests."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements-dev.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirement_name(requirement: str) -> str:
    """Return the normalised name of a requirement."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


class TestLock:
    def test_every_requirement_is_pinned(self) -> None:
        """What pyproject.toml asks for is in the lock."""
        asked = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]

        pinned = set(re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE))

        assert {requirement_name(one) for one in asked} - pinned == set()

    def test_every_pin_has_hashes(self) -> None:
        """A pin without a hash would be taken from any index."""
        pins = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]

        bare = [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin]

        assert bare == []

    def test_no_address_of_an_index(self) -> None:
        """Whoever installs chooses the index."""
        found = re.findall(r"\S*(?:://|index|find-links|trusted-host)\S*", LOCK)

        assert found == []


class TestVersion:
    def test_changelog_knows_the_version(self) -> None:
        """The version is either being prepared or has its own heading."""
        changelog = (ROOT / "CHANGELOG.md").read_text()

        assert re.search(rf"^## \[(Unreleased|{PROJECT['version']})\]", changelog, re.MULTILINE)


class TestMakefile:
    def test_help_lists_every_target(self) -> None:
        """Each target that is not a file has its line in `make help`."""
        makefile = (ROOT / "Makefile").read_text()
        phony = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()

        done = subprocess.run(
            ["make", "--no-print-directory", "help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )

        assert [line.split()[0] for line in done.stdout.splitlines()] == phony

    def test_an_old_python_is_told_what_is_needed(self, tmp_path: Path) -> None:
        """Without a Python of 3.11 or newer, setting up ends with what to install."""
        for name in ("Makefile", "pyproject.toml", "requirements-dev.lock"):
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        old = tmp_path / "python3"
        old.write_text("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2\nexit 1\n")
        old.chmod(0o755)
        for minor in range(11, 15):
            (tmp_path / f"python3.{minor}").symlink_to(old)

        done = subprocess.run(
            ["make", "test"],
            cwd=tmp_path,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode != 0
        assert "needs Python 3.11 or newer" in done.stderr
        assert "found: Python 3.9.2." in done.stderr


class TestSkipping:
    @pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
    def test_a_skip_fails_only_in_ci(
        self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, status: int
    ) -> None:
        """A test that is left out is a failure in CI and a plain reason elsewhere."""
        monkeypatch.setenv("CI", ci)
        pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text())
        pytester.makepyfile(
            "def test_it(program):\n    program('no-such-program', 'no-such-package')\n"
        )

        result = pytester.runpytest_subprocess("-rs")

        assert result.ret == status
        result.stdout.fnmatch_lines(["*no-such-program is not on this machine (apt-get*"])
