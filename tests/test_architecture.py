"""The rules that import-linter cannot see, checked over the syntax trees."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "caffewatch"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PURE = [
    path
    for path in MODULES
    if path.relative_to(PACKAGE).parts[0]
    in {"log", "detect", "alert", "history", "monitor", "monitor.py", "snapshot.py"}
]

FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}
CLOCK_METHODS = {"now", "utcnow", "today", "fromtimestamp", "astimezone"}
MAX_LINES = 300


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Yield every call with the last part of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield node, name


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def impure_calls(source: str) -> list[str]:
    """List what pure code must not call: input, output, code from text, and clocks.

    ``fromtimestamp`` and ``astimezone`` are clocks of a kind without an argument for the zone, for
    they then ask the machine for its own.
    """
    found = []
    for node, name in calls(ast.parse(source)):
        if isinstance(node.func, ast.Name):
            impure = name in FORBIDDEN_CALLS
        elif name in {"fromtimestamp", "astimezone"}:
            impure = len(node.args) + len(node.keywords) < 1 + (name == "fromtimestamp")
        else:
            impure = name in CLOCK_METHODS
        if impure:
            found.append(f"line {node.lineno}: {name}()")
    return found


def sleeps_for_luck(source: str) -> list[str]:
    """List the sleeps that are not in a function which polls up to a deadline."""
    tree = ast.parse(source)
    allowed = {
        id(call)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any("deadline" in node.id for node in ast.walk(function) if isinstance(node, ast.Name))
        for loop in ast.walk(function)
        if isinstance(loop, ast.While)
        for call, _ in calls(loop)
    }
    return [
        f"line {call.lineno}"
        for call, name in calls(tree)
        if name == "sleep" and id(call) not in allowed
    ]


def bare_exemptions(source: str) -> list[str]:
    """List the exemptions from a check that have no reason beside them."""
    exemption = re.compile(
        r"#\s*(?:type:\s*ignore(?:\[[^\]]*\])?|noqa(?::\s*[A-Z0-9, ]+)?|pragma:\s*no\s+\w+)\s*(.*)"
    )
    return [
        f"line {line}: {text}"
        for line, text in comments(source)
        if (found := exemption.match(text)) and not re.search(r"\w{3}", found[1])
    ]


def unfinished(source: str) -> list[str]:
    """List comments that put work off."""
    return [
        f"line {line}: {text}"
        for line, text in comments(source)
        if re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", text)
    ]


class TestPurePackages:
    def test_import_linter_knows_them(self) -> None:
        """The contract about pure packages names each that exists."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        contracts = project["tool"]["importlinter"]["contracts"]
        (contract,) = [one for one in contracts if one["name"].startswith("The pure half")]

        existing = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PURE}

        assert {name.removeprefix("caffewatch.") for name in contract["source_modules"]} == existing

    def test_they_are_found(self) -> None:
        """The rules below are about files that exist."""
        assert {path.relative_to(PACKAGE).parts[0] for path in PURE} >= {"log", "detect", "alert"}

    @pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
    def test_no_input_output_or_clock(self, path: Path) -> None:
        """Pure code neither reads nor writes nor asks what time it is."""
        assert impure_calls(path.read_text()) == []


class TestModules:
    @pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
    def test_every_module_says_what_it_is(self, path: Path) -> None:
        """Every module begins with a docstring."""
        assert ast.get_docstring(ast.parse(path.read_text()))

    @pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
    def test_no_module_is_long(self, path: Path) -> None:
        """A file that needs scrolling for minutes holds more than one thing."""
        assert len(path.read_text().splitlines()) <= MAX_LINES

    @pytest.mark.parametrize("path", MODULES + TESTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_exemptions_have_reasons(self, path: Path) -> None:
        """An ignored check says why, and no comment puts work off."""
        source = path.read_text()

        assert bare_exemptions(source) + unfinished(source) == []

    def test_only_the_command_line_prints(self) -> None:
        """Standard output belongs to the commands; everything else logs."""
        printing = [
            str(path.relative_to(PACKAGE))
            for path in MODULES
            if any(name == "print" for _, name in calls(ast.parse(path.read_text())))
        ]

        assert [path for path in printing if not path.startswith("cli/")] == []


class TestTests:
    @pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_no_test_sleeps_for_luck(self, path: Path) -> None:
        """A test waits for a condition, up to a deadline."""
        assert sleeps_for_luck(path.read_text()) == []

    @pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_every_test_says_what_it_shows(self, path: Path) -> None:
        """Every test function has its sentence."""
        silent = [
            node.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef)
            and node.name.startswith("test_")
            and not ast.get_docstring(node)
        ]

        assert silent == []


class TestTheseRules:
    @pytest.mark.parametrize(
        "source",
        [
            "open('x')",
            "print(1)",
            "datetime.now()",
            "datetime.datetime.utcnow()",
            "date.today()",
            "datetime.fromtimestamp(1.0)",
            "stamp.astimezone()",
        ],
    )
    def test_impure_calls_are_seen(self, source: str) -> None:
        """Each way out of the pure half is found."""
        assert len(impure_calls(source)) == 1

    @pytest.mark.parametrize(
        "source",
        [
            "datetime.fromtimestamp(1.0, UTC)",
            "stamp.astimezone(UTC)",
            "log.open()",
            "re.compile(x)",
        ],
    )
    def test_pure_calls_pass(self, source: str) -> None:
        """What only looks like a clock or a file is let through."""
        assert impure_calls(source) == []

    def test_a_sleep_is_seen(self) -> None:
        """A plain sleep is found, one in a loop with a deadline is not."""
        luck = "def test():\n    time.sleep(1)\n"
        polling = "def wait(deadline):\n    while clock() < deadline:\n        sleep(0.01)\n"

        assert (sleeps_for_luck(luck), sleeps_for_luck(polling)) == (["line 2"], [])

    @pytest.mark.parametrize(
        ("comment", "seen"),
        [
            ("# type: ignore[arg-type]", 1),
            ("# noqa: E501", 1),
            ("# noqa", 1),
            ("# type: ignore[arg-type]  # the stub forgets None", 0),
            ("# noqa: E501 - a line of a real log", 0),
            ("# what is ignored here", 0),
        ],
    )
    def test_bare_exemptions_are_seen(self, comment: str, seen: int) -> None:
        """An exemption counts unless words follow it."""
        assert len(bare_exemptions(f"x = 1  {comment}\n")) == seen
