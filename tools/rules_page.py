"""Write docs/rules.md from the rules themselves, with an example of each from a real log."""

from __future__ import annotations

import gzip
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from caffewatch.alert.folding import CAUSES
from caffewatch.alert.sparkline import sparkline
from caffewatch.detect.finding import Finding
from caffewatch.detect.registry import RULES
from caffewatch.detect.rule import Rule
from caffewatch.detect.settings import Parameters
from caffewatch.detect.words import enumerate_layers, spell
from caffewatch.monitor import Monitor

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "rules.md"
RUNS = ROOT / "tests" / "data" / "runs"

AnyRule = type[Rule[Any]]
_WIDTH = 96
_VALUES = 5
_LARGE = 1e5
_COMMON = frozenset(field.name for field in fields(Parameters))

_HEAD = """\
# The rules

<!-- Written by `make docs` from caffewatch/detect. Change the rules, not this page. -->

What caffewatch sees in a log, when it keeps silent, and how each rule is tuned. The examples are
from real logs, as `caffewatch check` reports them.

Parameters stand under `rules` in the configuration: at the top for all jobs, in a job for that job
alone, which wins, and under `layers` for the layers whose names fit a pattern, where the last
pattern that fits wins. Every rule has `enabled` and `severity`.

*Folding*: a finding that only follows from another one is listed with its cause, and nobody is told
of it by itself. What begins at or after a nan in the same run follows from it, whatever the rule.
Nothing folds into what is less severe.

"""


class Example(NamedTuple):
    """A finding in a real log."""

    log: str
    made: str
    finding: Finding


def page(rules: Mapping[str, AnyRule], examples: Mapping[str, Example]) -> str:
    """Return the page on these rules."""
    index = ["| rule | sees | severity |", "|---|---|---|"]
    for name, rule in rules.items():
        severities = ", ".join(rule.severities)
        index.append(f"| [{name}](#{name}) | {_cell(rule.title)} | {severities} |")
    sections = [section(rule, rules, examples.get(name)) for name, rule in rules.items()]
    return _HEAD + "\n".join([*index, "", *sections]).rstrip() + "\n"


def find_examples(runs: Path) -> dict[str, Example]:
    """Read all logs of a folder; return for each rule found the example that shows it best.

    That is the first log whose label names the rule, before the first in which it has no cause,
    before the first.
    """
    labels = json.loads((runs / "labels.json").read_text(encoding="utf-8"))
    best: dict[str, tuple[int, Example]] = {}
    for name, label in sorted(labels.items()):
        monitor = Monitor()
        monitor.feed(gzip.decompress((runs / f"{name}.log.gz").read_bytes()), 0.0)
        monitor.close(0.0)
        must = {one["rule"] for one in label["must"]}
        for finding in (f for record in monitor.runs for f in record.findings):
            rank = 2 * (finding.rule not in must) + (finding.caused_by is not None)
            if finding.rule not in best or rank < best[finding.rule][0]:
                best[finding.rule] = (rank, Example(name, label["made"], finding))
    return {rule: example for rule, (_, example) in best.items()}


def section(rule: AnyRule, rules: Mapping[str, AnyRule], example: Example | None) -> str:
    """Return one rule's part of the page."""
    parts = [
        f"## {rule.id}",
        f"**{_capital(rule.title)}** · {', '.join(rule.severities)}",
        markdown(rule.__doc__ or ""),
        *_folding(rule.id, rules),
        table(rule.Parameters),
        override(rule),
        *_example(example),
    ]
    return "\n\n".join(parts) + "\n"


def markdown(docstring: str) -> str:
    """Turn a numpy docstring into Markdown: its literals, names, tables and section titles."""
    text = inspect.cleandoc(docstring).strip()
    text = re.sub(r"``([^`]+)``", r"`\1`", text)
    text = re.sub(r"^(\w[\w ,]*)\n-{3,}$", r"**\1**", text, flags=re.MULTILINE)
    text = re.sub(r"^Source:", "**Source**:", text, flags=re.MULTILINE)
    blocks = re.split(r"\n{2,}", text)
    return "\n\n".join(f"```text\n{x}\n```" if x.startswith("==") else x for x in blocks)


def table(parameters: type[Parameters]) -> str:
    """Return a rule's parameters as a table."""
    rows = ["| parameter | default | unit | range | meaning |", "|---|---|---|---|---|"]
    for field in sorted(fields(parameters), key=lambda field: field.name not in _COMMON):
        meta = field.metadata
        cells = (f"`{field.name}`", f"`{_plain(field.default)}`", meta.get("unit", ""))
        rows.append("| " + " | ".join(map(_cell, (*cells, _range(field), meta["help"]))) + " |")
    return "\n".join(rows)


def override(rule: AnyRule) -> str:
    """Return how a rule is tuned in YAML: for all jobs, by layer where it asks, for one job."""
    name, value = _other(rule.Parameters)
    lines = ["```yaml", "rules:", f"  {rule.id}:", f"    {name}: {_yaml(value)}"]
    if by_layer(rule):
        lines.append('    layers: {"fc*": {enabled: false}}')
    lines += ["jobs:", "  - name: imagenet", "    path: /data/imagenet/logs/*.log"]
    return "\n".join([*lines, f"    rules: {{{rule.id}: {{severity: info}}}}", "```"])


def by_layer(rule: AnyRule) -> bool:
    """Tell whether a rule asks for a layer's own parameters."""
    module = inspect.getmodule(rule)
    return module is not None and ".at(" in inspect.getsource(module)


def _folding(name: str, rules: Mapping[str, AnyRule]) -> Iterator[str]:
    causes = [cause for cause in CAUSES.get(name, ()) if cause in rules]
    folded = [other for other in rules if name in CAUSES.get(other, ())]
    if causes:
        first = ", the first of these" if len(causes) > 1 else ""
        yield f"Folds into {_links(causes)}{first} where that was there before."
    if folded:
        yield f"Folded into it: {_links(folded)}."
    if name == "crash":
        yield "Folds into a nan only at the very end of a run; one in mid-training never does."
    if name == "non_finite":
        yield "Never folded. Folded into it: all that begins at or after it in the same run."


def _example(example: Example | None) -> Iterator[str]:
    if example is None:
        yield "No log in tests/data/runs shows it."
        return
    name, made, finding = example
    yield f"Example, from [{name}](../tests/data/runs/{name}.log.gz) ({made}):"
    yield "\n".join(["```text", *shown(finding), "```"])


def shown(finding: Finding) -> Iterator[str]:
    """Write a finding as a terminal shows it: what, evidence, what to do."""
    cause = "" if finding.caused_by is None else f": follows from {finding.caused_by}"
    yield f"{finding.severity} {finding.rule} (line {finding.place.line}){cause}"
    yield from _wrapped(finding.message, "  ")
    if len(finding.layers) > 1:
        yield from _wrapped(f"layers: {enumerate_layers(finding.layers)}", "  ")
    if len(finding.evidence) > 1:
        values = "  ".join(
            f"{'?' if moment.iteration is None else moment.iteration}: {spell(value)}"
            for moment, value in finding.evidence[-_VALUES:]
        )
        yield f"  {sparkline([value for _, value in finding.evidence])}  {values}"
    for number, advice in enumerate(finding.advice, 1):
        yield from _wrapped(f"{number}. {advice}", "  ")


def _wrapped(text: str, indent: str) -> list[str]:
    text = "".join(c if c.isprintable() else "�" for c in text).replace("```", "'''")
    hanging = indent + ("   " if text[:1].isdigit() else "")
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=hanging)


def _other(parameters: type[Parameters]) -> tuple[str, object]:
    """Choose a parameter to show, and another value than its default within its range."""
    for field in fields(parameters):
        default: Any = field.default
        if field.name not in _COMMON and type(default) in (int, float) and default > 0:
            most = field.metadata.get("maximum")
            value = 2 * default if most is None or 2 * default <= most else (default + most) / 2
            return field.name, round(value) if type(default) is int else float(f"{value:.3g}")
    return "enabled", False


def _range(field: Field[Any]) -> str:
    low, high = (field.metadata.get(name) for name in ("minimum", "maximum"))
    if low is None and high is None:
        return ""
    if high is None:
        return f"from {_plain(low)}"
    return f"up to {_plain(high)}" if low is None else f"{_plain(low)} to {_plain(high)}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _yaml(value: object) -> str:
    if isinstance(value, float) and value >= _LARGE:
        return f"{value:.1e}"  # with a point and a sign, or YAML takes it for text
    return yaml.safe_dump(value).splitlines()[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _links(names: Sequence[str]) -> str:
    return ", ".join(f"[{name}](#{name})" for name in names)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def main() -> None:
    """Write the page, and say which rules still want an example."""
    examples = find_examples(RUNS)
    PAGE.write_text(page(RULES, examples), encoding="utf-8")
    for rule in RULES:
        if rule not in examples:
            print(f"no log in {RUNS.relative_to(ROOT)} shows {rule}", file=sys.stderr)


if __name__ == "__main__":
    main()
