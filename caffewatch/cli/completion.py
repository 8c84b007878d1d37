"""``caffewatch completion SHELL``: what makes a shell complete our commands."""

from __future__ import annotations

import argparse
from pathlib import Path

SHELLS = ("bash", "zsh", "fish")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")
    parser.epilog = (
        "bash: caffewatch completion bash > ~/.local/share/bash-completion/completions/caffewatch; "
        "zsh: into a file _caffewatch in a folder of $fpath; "
        "fish: into ~/.config/fish/completions/caffewatch.fish"
    )


def main(arguments: argparse.Namespace) -> int:
    """Print the script."""
    print(script(arguments.shell).read_text(encoding="utf-8"), end="")
    return 0


def script(shell: str) -> Path:
    """Return where the script lies; ``make docs`` writes it."""
    return Path(__file__).parent / "completions" / f"caffewatch.{shell}"
