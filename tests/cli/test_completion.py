from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import completions
from caffewatch.cli.completion import SHELLS, script
from tests.cli.command import run

Program = Callable[[str, str], str]

COMPLETE = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
"$(complete -p caffewatch | sed 's/.*-F \\([^ ]*\\).*/\\1/')"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(program: Program, folder: Path, *words: str) -> set[str]:
    """Ask a real bash what it would offer for the last of these words."""
    bash = program("bash", "bash")
    done = subprocess.run(
        [bash, "--norc", "-c", COMPLETE, "bash", script("bash"), "caffewatch", *words],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return set(done.stdout.split())


class TestScripts:
    @pytest.mark.parametrize("shell", SHELLS)
    def test_is_current(self, shell: str) -> None:
        """It was written from the commands as they are."""
        assert script(shell).read_text(encoding="utf-8") == completions.completion(shell), (
            "the shell completions are not what the commands say now: run `make docs`"
        )

    @pytest.mark.parametrize("shell", SHELLS)
    def test_is_printed(self, shell: str) -> None:
        """Whole, by a command."""
        printed = run("completion", shell)

        assert printed.stdout == script(shell).read_bytes()


class TestBash:
    def test_commands(self, program: Program, tmp_path: Path) -> None:
        """What begins so."""
        assert offered(program, tmp_path, "ex") == {"export", "explain"}

    def test_options_of_a_command(self, program: Program, tmp_path: Path) -> None:
        """Those of a command that nothing has imported, and what they take."""
        assert offered(program, tmp_path, "run", "--log-") == {"--log-format", "--log-level"}
        assert offered(program, tmp_path, "run", "--log-format", "") == {"text", "json"}
        assert offered(program, tmp_path, "config", "ch") == {"check"}

    def test_files(self, program: Program, tmp_path: Path) -> None:
        """In place of a log."""
        (tmp_path / "train.log").touch()

        assert offered(program, tmp_path, "check", "tra") == {"train.log"}


class TestOtherShells:
    def test_fish(self, program: Program) -> None:
        """The real one completes a command, and an option's value."""
        fish = program("fish", "fish")
        asked = "source $argv[1]; for x in ch 'check --format j'; complete -C 'caffewatch '$x; end"

        done = subprocess.run(
            [fish, "--no-config", "-c", asked, script("fish")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip

        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["check", "json"]

    def test_zsh(self, program: Program, tmp_path: Path) -> None:
        """The real one finds it in a folder of its path, and takes it for our command."""
        zsh = program("zsh", "zsh")
        (tmp_path / "_caffewatch").write_bytes(script("zsh").read_bytes())
        asked = (
            "fpath=($1 $fpath); autoload -U compinit; compinit -u -D; "
            "print $_comps[caffewatch]; zsh -n $1/_caffewatch"
        )

        done = subprocess.run(
            [zsh, "-f", "-c", asked, "zsh", tmp_path], capture_output=True, text=True, check=True
        )

        assert (done.stdout, done.stderr) == ("_caffewatch\n", "")
