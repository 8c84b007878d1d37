"""What is shipped for Prometheus: its own tool accepts it, and it says what the rules say."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from caffewatch.detect.registry import RULES
from caffewatch.export.families import LOG_FAMILIES
from caffewatch.export.service_families import SERVICE_FAMILIES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "prometheus"
DOCS = "https://docs.example/caffewatch/"
Promtool = Callable[..., str]


@pytest.fixture
def promtool(program: Callable[[str, str], str]) -> Promtool:
    """Return what runs promtool in the folder; it must succeed."""
    path = program("promtool", "prometheus")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [path, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def rules(name: str) -> list[dict[str, Any]]:
    """Return all rules of a file."""
    groups = yaml.safe_load((FOLDER / "rules" / name).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def unit_tests(name: str) -> str:
    """Return the text of the unit tests of a file of rules."""
    return (FOLDER / "tests" / name).read_text()


class TestPromtool:
    def test_accepts_the_configuration(self, promtool: Promtool) -> None:
        """The file is valid, and so are those that it names."""
        said = promtool("check", "config", "prometheus.yml")

        assert "SUCCESS: 2 rule files found" in said

    @pytest.mark.parametrize("name", ["recording.yml", "alerts.yml"])
    def test_unit_tests(self, promtool: Promtool, name: str) -> None:
        """Every rule gives what its test says."""
        assert "SUCCESS" in promtool("test", "rules", f"tests/{name}")


class TestRules:
    @pytest.mark.parametrize("name", ["recording.yml", "alerts.yml"])
    def test_every_rule_has_a_unit_test(self, name: str) -> None:
        """A rule that no test asks for could say anything."""
        names = [rule.get("record") or rule["alert"] for rule in rules(name)]

        assert [x for x in names if x not in unit_tests(name)] == []

    @pytest.mark.parametrize("name", ["recording.yml", "alerts.yml"])
    def test_every_family_is_ours(self, name: str) -> None:
        """A name with a typing error would be silent for ever."""
        known = {family.name for family in (*LOG_FAMILIES, *SERVICE_FAMILIES)}
        asked = {
            word
            for rule in rules(name)
            for word in re.findall(r"(?<![\w:])caffe(?:watch)?_\w+", rule["expr"])
        }

        assert asked - known == set()


class TestRunbooks:
    @pytest.mark.parametrize("more", [[], ["-e", r"s|\.html#|.md#|"]])
    def test_they_can_be_moved(
        self, tmp_path: Path, program: Callable[[str, str], str], more: list[str]
    ) -> None:
        """The commands of the page do it, and the unit tests hold for the new ones."""
        page = (ROOT / "docs" / "monitoring.md").read_text()
        (shown,) = re.findall(r"^cd /etc/prometheus\n(sed .*)\n(promtool .*)$", page, re.MULTILINE)
        sed, check = map(shlex.split, shown)
        assert not more or shlex.join(more) in page
        sed[2:2] = [*more, "-e"]
        check[0] = program("promtool", "prometheus")
        shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)

        for command in (sed, check):
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

        moved = (tmp_path / "rules" / "alerts.yml").read_text()
        links = re.findall(r"runbook_url: (.*)", moved)
        assert len(links) == len(rules("alerts.yml"))
        assert all(x.startswith("https://wiki.example/gpu/") for x in links)
        assert all((".md#" if more else ".html#") in x for x in links)


class TestAlerts:
    def test_all_critical_rules_and_no_others(self) -> None:
        """Whoever alerts from Prometheus is told of what caffewatch itself calls critical."""
        found = [
            re.findall(r'rule="(\w+)",severity="critical"', x["expr"]) for x in rules("alerts.yml")
        ]
        critical = {id for id, rule in RULES.items() if "critical" in rule.severities}

        assert sorted(id for ids in found for id in ids) == sorted(critical)

    def test_runbooks(self) -> None:
        """Every alert says where to read on, and its rule has a heading there."""
        for alert in rules("alerts.yml"):
            page, _, anchor = alert["annotations"]["runbook_url"].removeprefix(DOCS).partition("#")
            text = (ROOT / "docs" / page).with_suffix(".md").read_text()
            headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)

            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
            assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}

    def test_severities(self) -> None:
        """What caffewatch alerts of brings its own along; the others have one."""
        given = [alert.get("labels", {}).get("severity") for alert in rules("alerts.yml")]

        assert set(given) == {None, "warning", "critical"}
        assert all(
            (severity is None) == ("caffewatch_alerts{" in alert["expr"])
            for severity, alert in zip(given, rules("alerts.yml"), strict=True)
        )
