"""What README and docs show is run, where it can be, and what they link to is there."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
import yaml

from caffewatch.cli.main import COMMANDS, build_parser
from caffewatch.config import json_schema
from tests.cli.command import RUNS, run
from tests.systemd.test_units import UNITS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {
    "amtool",
    "caffe", "docker", "install", "ln", "make", "pipx", "podman", "python3", "sqlite3", "systemctl",
    "systemd-sysusers", "systemd-tmpfiles", "/opt/caffewatch/bin/pip", "promtool", "tee", "head",
    "sed", "cd",
}  # fmt: skip
"""Programs that would change the machine, or are not ours to try."""
UNENDING = {"demo", "run", "watch"}
MINIMAL = {"jobs": [{"name": "a", "path": "/a"}]}


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    language: str
    text: str


class Shown(NamedTuple):
    """A command that a page shows."""

    page: Path
    words: list[str]

    def __str__(self) -> str:
        return f"{self.page.name}: {shlex.join(self.words)}"


def blocks(language: str) -> list[Block]:
    """Find the fenced blocks of a language on all pages."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(r"^( *)```(\w+)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
            if match[2] == language:
                lines = (line.removeprefix(match[1]) for line in match[3].splitlines())
                found.append(Block(page, language, "\n".join(lines)))
    return found


def commands() -> Iterator[Shown]:
    """Find every command line, from blocks for shells and from the first column of tables."""
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            yield from split(block.page, line)
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for shown in re.findall(r"^\| `(caffewatch [^`]*)` \|", text, re.MULTILINE):
            yield from split(page, shown)


def split(page: Path, line: str) -> Iterator[Shown]:
    """Take a line of a shell apart: its pipes, without variables, redirections and comments."""
    words = shlex.split(re.sub(r"2>&1", "", line), comments=True)
    while words:
        end = words.index("|") if "|" in words else len(words)
        part, words = words[:end], words[end + 1 :]
        while part and re.fullmatch(r"[A-Z_]+=.*", part[0]):
            part = part[1:]
        if ">" in part:
            part = part[: part.index(">")]
        if part:
            yield Shown(page, part)


SHOWN = list(commands())
OURS = [shown for shown in SHOWN if shown.words[0].removeprefix(".venv/bin/") == "caffewatch"]


def filled(shown: Shown) -> list[str]:
    """Put a file where the reader is to put one."""
    return [word.replace("FILE", "caffewatch.yaml") for word in shown.words[1:]]


RUN = {tuple(filled(shown)) for shown in OURS if shown.words[1] not in UNENDING}


def anchors(page: Path) -> set[str]:
    """Name the headings of a page as links do."""
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand where the pages assume their reader to be."""
    (tmp_path / "train.log").write_bytes((RUNS / "input_nan.log.gz").read_bytes())
    (tmp_path / "logs").mkdir()
    (tmp_path / "tables").mkdir()
    receivers = [{"name": "note", "type": "exec", "command": ["/bin/cat"]}]
    settings = MINIMAL | {"state_dir": "state", "receivers": receivers}
    (tmp_path / "caffewatch.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestCommands:
    def test_there_are_some(self) -> None:
        """The search finds what is known to be there."""
        told = {shown.words[1] for shown in OURS}

        assert set(COMMANDS) - {"demo"} <= told

    @pytest.mark.parametrize("shown", SHOWN, ids=str)
    def test_is_known(self, shown: Shown) -> None:
        """Ours, or of a program that the pages may name."""
        assert shown in OURS or shown.words[0] in ELSEWHERE

    @pytest.mark.parametrize("shown", OURS, ids=str)
    def test_is_understood(self, shown: Shown) -> None:
        """Command and options are there."""
        arguments = build_parser(COMMANDS).parse_args(filled(shown))

        assert arguments.main is not None

    @pytest.mark.parametrize("given", sorted(RUN), ids=" ".join)
    def test_works(self, given: tuple[str, ...], folder: Path) -> None:
        """Run as it stands; 1 is said of a log with a fault, and there is one in it."""
        ended = run(*given)

        assert ended.returncode == (1 if given[0] == "check" else 0), ended.stderr.decode()

    def test_targets_of_make_are_there(self) -> None:
        """Each has its line in the Makefile."""
        makefile = (ROOT / "Makefile").read_text()
        shown = {one.words[1] for one in SHOWN if one.words[0] == "make"}

        missing = {name for name in shown if f"\n{name}: " not in makefile}

        assert missing == set()


class TestYaml:
    SCHEMA = json_schema()

    @pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.page.name)
    def test_is_of_the_configuration(self, block: Block) -> None:
        """Whole files and parts of one are valid."""
        data: dict[str, Any] = yaml.safe_load(block.text) or {}

        jsonschema.validate(MINIMAL | data, self.SCHEMA)


class TestUnits:
    @pytest.mark.parametrize("block", blocks("ini"), ids=lambda block: block.page.name)
    def test_drop_ins_are_accepted(self, block: Block, tmp_path: Path) -> None:
        """Keys of systemd; those that need a newer one are said to."""
        drop_in = configparser.RawConfigParser(strict=False)
        drop_in.read_string(block.text)
        known = UNITS[0].read_text() + "LoadCredential= SupplementaryGroups="

        assert drop_in.sections() == ["Service"]
        assert [key for key in drop_in["Service"] if f"{key}=" not in known.lower()] == []


class TestLinks:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_lead_somewhere(self, page: Path) -> None:
        """Files are there, and headings in them."""
        text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        lost = []
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith(("https://", "http://")):
                continue
            name, _, anchor = target.partition("#")
            aim = (page.parent / name) if name else page
            if not aim.exists() or (anchor and anchor not in anchors(aim)):
                lost.append(target)

        assert lost == []

    def test_every_page_is_in_the_index(self) -> None:
        """Who looks for something begins there."""
        index = (ROOT / "docs" / "README.md").read_text()

        missing = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}

        assert {name for name in missing if f"({name})" not in index} == set()
