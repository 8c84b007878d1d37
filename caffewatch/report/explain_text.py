"""A block in words, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from caffewatch.detect.words import count, spell
from caffewatch.report.explain import Explanation, Reading
from caffewatch.report.explain_words import BACKWARD, FORWARD, NORMS, UPDATE
from caffewatch.report.plain import plain
from caffewatch.report.styled import Line

_WIDTH = 100
_INDENT = 18
_MOST_MARKED = 10
"""Marked lines that the end names again."""
_PHASES = {"forward": FORWARD, "backward": BACKWARD, "update": UPDATE}
_VERDICTS = {"This": "green", "No": "bold yellow", "Not": "bold red"}
_STYLES = {"critical": "bold red", "warning": "bold yellow", "info": "cyan"}


def report(log: str, explanation: Explanation) -> Iterator[Line]:
    """Read a block aloud, line by line."""
    yield from _head(log, explanation)
    yield from _values(explanation)
    yield from _norms(explanation)
    yield from _end(explanation)


def _head(log: str, explanation: Explanation) -> Iterator[Line]:
    picture = explanation.picture
    block, run = picture.block, picture.run
    first, last = block.lines
    name = plain(run.net_name) or "unnamed net"
    yield Line((plain(log), "bold"), f": {_when(explanation)}, run {run.ordinal} ({name})")
    yield Line((f"  lines {first} to {last}: {picture.reason or 'the block asked for'}", "dim"))
    facts = [("loss", block.loss), ("learning rate", block.learning_rate)]
    known = ", ".join(f"{what} {spell(value)}" for what, value in facts if value is not None)
    if known:
        yield Line((f"  {known}", "dim"))
    if not block.pass_.complete:
        yield from _paragraph("The block is cut off: the lines behind it were never printed.", 2)
    elif not block.backward:
        yield from _paragraph(
            "Forward only: Caffe prints such a block before the last Iteration line.", 2
        )
    yield from _paragraph(explanation.verdict, 2, _VERDICTS[explanation.verdict.split()[0]])


def _when(explanation: Explanation) -> str:
    moment = explanation.picture.block.pass_.moment
    if moment.iteration is None:
        return "a block that no Iteration line numbers"
    return f"iteration {moment.iteration}" + (" (estimated)" if moment.estimated else "")


def _values(explanation: Explanation) -> Iterator[Line]:
    phase = layer = ""
    told: set[str] = set()
    for reading in explanation.readings:
        blob = reading.entry.blob
        if blob.phase != phase:
            phase, layer = blob.phase, ""
            yield Line()
            yield from _paragraph(f"[{phase.capitalize()}] {_PHASES[phase]}", 2, "bold")
        if blob.layer != layer:
            layer = blob.layer
            kind = f" ({plain(reading.layer)})" if reading.layer else ""
            yield Line("  ", (plain(layer), "bold cyan"), kind)
        yield from _value(reading, told)


def _value(reading: Reading, told: set[str]) -> Iterator[Line]:
    """Write one line; what was ``told`` of another line is not told again."""
    entry = reading.entry
    sign = ("!" if reading.mark else " ", "bold red")
    style = "bold red" if reading.mark else ""
    value = (f"{spell(entry.value):<13} ", style)
    aside = "".join(f"; {x}" for x in (reading.note, _history(reading)) if x)
    yield Line("  ", sign, " ", value, plain(reading.meaning), (aside, "dim"))
    more = [(f"normal: {reading.normal}", "dim")]
    if reading.mark:
        more.insert(0, (f"look here: {reading.mark.text}", "red"))
    for said, colour in more:
        if said not in told:
            told.add(said)
            yield from _paragraph(said, _INDENT, colour)


def _history(reading: Reading) -> str:
    entry = reading.entry
    if entry.usual is None:
        return ""
    usual, last = spell(entry.usual), spell(entry.history[-1])
    return f"usually {usual}, last {last}" if len(entry.history) > 1 else f"before {last}"


def _norms(explanation: Explanation) -> Iterator[Line]:
    if not explanation.norms:
        return
    yield Line()
    yield from _paragraph(f"All net params: {NORMS}", 2, "bold")
    for said in explanation.norms:
        yield from _paragraph(said, 4)


def _end(explanation: Explanation) -> Iterator[Line]:
    if explanation.findings or explanation.marked:
        yield Line()
        yield Line(("  What stands out", "bold"))
    for finding in explanation.findings:
        name = (f"{finding.severity} {finding.rule}", _STYLES[finding.severity])
        yield Line("  ", name, f" (line {finding.place.line}){_cause(finding.caused_by)}")
        if finding.caused_by is None:
            yield from _paragraph(finding.message, 4)
    yield from _marked(explanation.marked)
    if explanation.advice:
        yield Line()
        yield Line(("  What to do", "bold"))
    for number, advice in enumerate(explanation.advice, 1):
        yield from _paragraph(f"{number}. {advice}", 2, "cyan")


def _marked(readings: list[Reading]) -> Iterator[Line]:
    for reading in readings[:_MOST_MARKED]:
        entry = reading.entry
        value = spell(entry.value)
        yield Line(plain(f"  line {entry.line}: {entry.blob.layer}, {reading.meaning}, {value}"))
    if len(readings) > _MOST_MARKED:
        yield Line(f"  and {count(len(readings) - _MOST_MARKED, 'more line')} with a ! above")


def _cause(rule: str | None) -> str:
    return "" if rule is None else f": follows from {rule}"


def _paragraph(text: str, indent: int, style: str = "") -> Iterator[Line]:
    for line in textwrap.wrap(plain(text), _WIDTH - indent, break_long_words=False):
        yield Line((" " * indent + line, style))
