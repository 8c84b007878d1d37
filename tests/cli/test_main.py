from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from caffewatch.cli.interruption import INTERRUPTED
from caffewatch.cli.main import COMMANDS, main
from caffewatch.version import VERSION
from tests.cli.command import command, run
from tests.patience import PATIENCE


class TestMain:
    def test_version(self, capsys: pytest.CaptureFixture[str]) -> None:
        """It goes to standard output."""
        with pytest.raises(SystemExit) as end:
            main(["--version"])

        assert end.value.code == 0
        assert capsys.readouterr() == (f"caffewatch {VERSION}\n", "")

    @pytest.mark.parametrize(
        ("arguments", "wanted"),
        [
            ([], "COMMAND"),
            (["frobnicate"], "invalid choice: 'frobnicate'"),
            (["check"], "LOG"),
            (["run"], "--config"),
            (["config"], "ACTION"),
            (["check", "--format", "xml", "a"], "'xml'"),
        ],
    )
    def test_bad_usage(
        self, arguments: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Says what is missing or wrong, on standard error, and ends with 2."""
        with pytest.raises(SystemExit) as end:
            main(arguments)

        shown = capsys.readouterr()
        assert end.value.code == 2
        assert shown.out == ""
        assert wanted in shown.err

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_command_has_help(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        """What is listed is there."""
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])

        assert end.value.code == 0
        assert f"usage: caffewatch {name}" in capsys.readouterr().out

    def test_help_lists_the_commands(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Each with what it does."""
        with pytest.raises(SystemExit):
            main(["--help"])

        shown = capsys.readouterr().out
        assert all(name in shown for name in COMMANDS)

    def test_interrupted_while_it_loads(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Ctrl-C during the imports of a command shows no traceback either."""

        def interrupt(name: str) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(importlib, "import_module", interrupt)

        assert main(["check", "x"]) == INTERRUPTED
        assert capsys.readouterr() == ("", "")

    def test_only_the_given_command_is_loaded(self) -> None:
        """``--version`` must not wait for the daemon's imports."""
        code = "import sys, caffewatch.cli.main as m\ntry: m.main(['--version'])\nfinally: " \
               "assert not {'rich', 'pydantic', 'requests'} & set(sys.modules)"  # fmt: skip
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

        assert (ended.returncode, ended.stderr) == (0, b"")


class TestProcess:
    def test_a_closed_pipe_is_no_error(self) -> None:
        """The reader goes away before the writer has begun."""
        with subprocess.Popen(
            command("config", "example"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            errors = process.stderr.read()

            assert process.wait(PATIENCE) == 0
        assert errors == b""

    def test_an_unknown_command_imports_nothing_of_that_name(self) -> None:
        """Neither of this package's other modules nor anything else."""
        ended = run("main")

        assert ended.returncode == 2
        assert b"invalid choice: 'main'" in ended.stderr
