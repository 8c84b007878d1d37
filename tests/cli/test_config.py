from __future__ import annotations

from pathlib import Path

import pytest

from caffewatch.cli.main import main
from tests.cli.command import run


class TestCheck:
    def test_the_example_passes(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What `config example` prints is a good file."""
        assert main(["config", "example"]) == 0
        file = tmp_path / "caffewatch.yaml"
        file.write_text(capsys.readouterr().out)

        assert main(["config", "check", str(file)]) == 0

        assert capsys.readouterr() == (f"{file}: good; jobs: 1, receivers: 0\n", "")

    def test_all_errors_at_once(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Each with file, line and key path, on standard error."""
        file = tmp_path / "bad.yaml"
        file.write_text("jobs:\n  - {name: a, pth: /x}\ntail: {poll_interval: soon}\n")

        code = main(["config", "check", str(file)])

        shown = capsys.readouterr()
        assert code == 2
        assert shown.out == ""
        assert f"{file}:2: jobs[0].pth" in shown.err
        assert f"{file}:3: tail.poll_interval" in shown.err

    def test_a_missing_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Is named, with the reason."""
        code = main(["config", "check", str(tmp_path / "none.yaml")])

        assert code == 2
        assert "none.yaml: cannot read: No such file" in capsys.readouterr().err


class TestRun:
    def test_a_bad_file(self, tmp_path: Path) -> None:
        """The daemon does not begin, and says what `config check` would, a line for each error."""
        file = tmp_path / "bad.yaml"
        file.write_text("jobs: []\ntial: {}\n")

        ended = run("run", "--config", file)

        said = ended.stderr.decode().splitlines()
        assert ended.returncode == 2
        assert [line.split(" caffewatch: ")[1].split(": ")[:2] for line in said] == [
            [f"{file}:1", "jobs"],
            [f"{file}:2", "tial"],
        ]
