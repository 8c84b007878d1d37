"""What is generated is current, and what it shows is true."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

import configuration_page
import metrics_page
import rules_page
from caffewatch.config import json_schema
from caffewatch.config.loader import load
from caffewatch.detect.finding import Finding, Place, Severity
from caffewatch.detect.registry import RULES
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters, parameter
from caffewatch.export import families
from caffewatch.log.events import Moment

LABELS: dict[str, Any] = json.loads((rules_page.RUNS / "labels.json").read_text())
EXAMPLES = rules_page.find_examples(rules_page.RUNS)


class BlushParameters(Parameters):
    """Parameters of `Blush`."""

    share: float = parameter(0.3, "red | pink", "ratio", 0.0, 0.5)
    passes: int = parameter(3, "passes in a row", "passes", 1)


class Blush(Rule[BlushParameters]):
    """A layer turns red.

    Fires above ``share``.

    Notes
    -----
    Of `Layer`.

    Source: none.
    """

    id: ClassVar[str] = "blush"
    title: ClassVar[str] = "red layers"
    severities: ClassVar[tuple[Severity, ...]] = ("info", "warning")
    Parameters: ClassVar[type[Parameters]] = BlushParameters


def names(label: dict[str, Any], rule: str) -> bool:
    """Tell whether a label says that its log must show a rule."""
    return any(must["rule"] == rule for must in label["must"])


def python_blocks(page: Path) -> list[tuple[str, str]]:
    """Return each Python block of a page, with what the block behind it says it prints."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```(?:\n\n```\n(.*?)```)?", text, re.DOTALL)


class TestPythonPage:
    def test_runs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Each block prints what the page shows, in a folder with the two logs."""
        for name, run in {"train.log": "input_nan", "finished.log": "resume_ok"}.items():
            packed = rules_page.RUNS / f"{run}.log.gz"
            (tmp_path / name).write_bytes(gzip.decompress(packed.read_bytes()))
        monkeypatch.chdir(tmp_path)
        names: dict[str, Any] = {}

        blocks = python_blocks(rules_page.ROOT / "docs" / "python.md")

        assert len(blocks) == 7
        for code, shown in blocks:
            exec(code, names)
            assert capsys.readouterr().out == shown


class TestRulesPage:
    def test_is_current(self) -> None:
        """It was written from the rules as they are."""
        assert rules_page.PAGE.read_text(encoding="utf-8") == rules_page.page(RULES, EXAMPLES), (
            "docs/rules.md is not what the rules say now: run `make docs`"
        )

    def test_links_lead_somewhere(self) -> None:
        """Every link within the page has its heading, and every log is there."""
        text = rules_page.page(RULES, EXAMPLES)
        headings = re.findall(r"^## (\w+)$", text, re.MULTILINE)
        logs = re.findall(r"\]\(\.\./([^)]+)\)", text)

        assert set(re.findall(r"\]\(#(\w+)\)", text)) - set(headings) == set()
        assert [log for log in logs if not (rules_page.ROOT / log).is_file()] == []

    @pytest.mark.parametrize("rule", RULES)
    def test_every_override_is_valid(self, rule: str, tmp_path: Path) -> None:
        """The YAML that a reader copies is accepted."""
        text = rules_page.override(RULES[rule])
        path = tmp_path / "caffewatch.yaml"
        path.write_text(f"state_dir: state\n{text.removeprefix('```yaml').removesuffix('```')}")

        assert [job.name for job in load(path, {}).jobs] == ["imagenet"]

    @pytest.mark.parametrize("rule", RULES)
    def test_every_override_changes_something(self, rule: str) -> None:
        """An override that repeats the default would teach nothing."""
        text = rules_page.override(RULES[rule])
        shown = yaml.safe_load(text.strip("`").removeprefix("yaml"))["rules"][rule]

        default = RULES[rule].Parameters()

        changed = {name: value for name, value in shown.items() if name != "layers"}
        assert all(getattr(default, name) != value for name, value in changed.items())


class TestConfigurationPage:
    def test_is_current(self) -> None:
        """It was written from the settings as they are."""
        page = configuration_page.PAGE.read_text(encoding="utf-8")

        assert page == configuration_page.page(), (
            "docs/configuration.md is not what the settings say now: run `make docs`"
        )

    def test_every_receiver_has_its_keys(self) -> None:
        """In the common tables or in its own."""
        page = configuration_page.page()

        documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))

        schema = json_schema()
        keys = {key for kind in schema["$defs"].values() for key in kind["properties"]}
        parameters = {field.name for rule in RULES.values() for field in fields(rule.Parameters)}
        assert keys - documented - parameters - set(RULES) == {"type", "layers"}


class TestMetricsPage:
    def test_is_current(self) -> None:
        """It was written from the families as they are."""
        assert metrics_page.PAGE.read_text(encoding="utf-8") == metrics_page.page(), (
            "docs/metrics.md is not what the families say now: run `make docs`"
        )

    def test_every_family_has_its_entry(self) -> None:
        """Name as a heading, type, labels beside those of the log, and what it means."""
        family = families.NET_OUTPUT

        assert metrics_page.entry(family).splitlines() == [
            "### caffe_net_output",
            "",
            "gauge · labels `net`, `phase`, `output`, `index`",
            "",
            family.documentation,
        ]


class TestSection:
    TEXT = rules_page.section(Blush, {"blush": Blush}, None)

    def test_docstring_as_markdown(self) -> None:
        """Literals have one backtick, section titles and the source are bold."""
        assert "Fires above `share`." in self.TEXT
        assert "**Notes**\nOf `Layer`." in self.TEXT
        assert "**Source**: none." in self.TEXT

    def test_parameters(self) -> None:
        """Common ones first; a bar within a cell is escaped."""
        rows = [line for line in self.TEXT.splitlines() if line.startswith("| `")]

        assert rows == [
            "| `enabled` | `true` |  |  | whether the rule looks at all |",
            "| `severity` | `warning` |  |  | how loud its findings are |",
            "| `share` | `0.3` | ratio | 0 to 0.5 | red \\| pink |",
            "| `passes` | `3` | passes | from 1 | passes in a row |",
        ]

    def test_an_override_stays_within_the_range(self) -> None:
        """Twice this default would be refused."""
        assert "  blush:\n    share: 0.4\n" in self.TEXT

    def test_says_that_there_is_no_example(self) -> None:
        """A rule may be newer than the logs."""
        assert self.TEXT.endswith("\n\nNo log in tests/data/runs shows it.\n")

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            ("zero_gradient", "Folds into [dead_activation](#dead_activation)"),
            ("dead_activation", "Folded into it: [zero_gradient](#zero_gradient)"),
            ("non_finite", "Never folded."),
            ("crash", "Folds into a nan only at the very end of a run"),
        ],
    )
    def test_folding(self, rule: str, sentence: str) -> None:
        """Both ends of a fold name the other."""
        assert sentence in rules_page.section(RULES[rule], RULES, None)


class TestExample:
    def test_is_the_one_that_the_label_names(self) -> None:
        """Many real logs end in a nan; the page shows the first that was made to."""
        found = EXAMPLES["non_finite"]
        named = [log for log, label in LABELS.items() if names(label, "non_finite")]

        assert (found.log, found.finding.caused_by) == (min(named), None)

    def test_reads_like_a_terminal(self) -> None:
        """What, layers, evidence and advice, and nothing that could end the block."""
        moments = [Moment(number, estimated=False) for number in (10, 20)]
        finding = Finding(
            "blush",
            "warning",
            1,
            Place(7, moments[1], 10),
            ["a", "b"],
            "At {iteration} it is ```red```.",
            ("Cool it.",),
            [(moments[0], 1.0), (moments[1], 100.0)],
        )

        assert list(rules_page.shown(finding)) == [
            "warning blush (line 7)",
            "  At iteration 20 it is '''red'''.",
            "  layers: a and b",
            "  ▁█  10: 1  20: 100",
            "  1. Cool it.",
        ]
