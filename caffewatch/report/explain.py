"""One debug_info block read as an expert would: each line, what stands out, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from caffewatch.detect.finding import Finding
from caffewatch.detect.words import count, spell
from caffewatch.report.explain_anatomy import Anatomy, Entry, Role
from caffewatch.report.explain_block import Picture, holds
from caffewatch.report.explain_loss import at_chance
from caffewatch.report.explain_marks import Mark, judge, share, step
from caffewatch.report.explain_words import layer_words, meaning, normal


@dataclass(frozen=True, slots=True)
class Reading:
    """One line, read.

    Parameters
    ----------
    note
        A figure worked out of it: the share that a ReLU lets through, the size of an update.
    mark
        Why to look at it; None where it is as it should be.
    """

    entry: Entry
    layer: str
    meaning: str
    normal: str
    note: str
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A block, read.

    Parameters
    ----------
    norms
        What the last line says, in words; empty where the block has none.
    findings
        What the rules found that began in this block, or held in it.
    verdict
        How the block is, in a sentence.
    advice
        What to do, most useful first.
    """

    picture: Picture
    readings: Sequence[Reading]
    norms: Sequence[str]
    findings: Sequence[Finding]
    verdict: str
    advice: Sequence[str]

    @property
    def marked(self) -> list[Reading]:
        """The lines to look at."""
        return [x for x in self.readings if x.mark is not None]


def explain(picture: Picture) -> Explanation:
    """Read a block."""
    anatomy = Anatomy(picture)
    findings = [f for f in picture.findings if _concerns(f, picture)]
    readings = [_read(entry, anatomy, findings) for entry in anatomy.entries]
    marks = [x.mark for x in readings if x.mark is not None]
    told = [x for f in findings if f.caused_by is None for x in f.advice]
    if not any(f.loud for f in findings):  # a rule has seen the whole run and knows better
        told += [x.advice for x in marks if x.advice]
    advice = list(dict.fromkeys(told))
    verdict = _verdict(anatomy, findings, len(marks))
    return Explanation(picture, readings, list(_norms(anatomy)), findings, verdict, advice)


def _concerns(finding: Finding, picture: Picture) -> bool:
    """Tell whether a finding began in the block, or had begun before and was not over."""
    block = picture.block
    if holds(block, finding):
        return True
    if finding.place.line > block.lines[1]:
        return False
    if finding.ended is None or block.iteration is None:
        return finding.state == "firing"
    return finding.ended >= block.iteration


def _read(entry: Entry, anatomy: Anatomy, findings: Sequence[Finding]) -> Reading:
    mark = judge(entry, anatomy)
    begun = [f.rule for f in findings if f.loud and f.place.line == entry.line]
    if mark is None and begun:
        mark = Mark(f"here {' and '.join(begun)} began, see below")
    said = meaning(entry, anatomy)
    return Reading(entry, layer_words(entry), said, normal(entry), _note(entry, anatomy), mark)


def _note(entry: Entry, anatomy: Anatomy) -> str:
    passed, ratio = share(entry, anatomy), step(entry, anatomy)
    if passed is not None and math.isfinite(passed):
        return f"{passed:.0%} of its input"
    if ratio == 0:
        return "gradient 0: the loss does not move it" if entry.value == 0 else "lr 0: it stays so"
    if ratio is not None and math.isfinite(ratio):
        return f"lr * gradient = {ratio:.1e} of the weights"
    if entry.role is Role.LOSS and not entry.gradient:
        classes = at_chance(entry)
        return "" if classes is None else f"= ln({classes}), chance among {classes} classes"
    if entry.role is Role.INPUT and not entry.gradient:
        return _scale(entry.value)
    return ""


def _scale(value: float) -> str:
    """Say what scale of image data an input has."""
    for limit, said in ((2.0, "scaled to about 1"), (35.0, ""), (80.0, "images less their mean?")):
        if value <= limit:
            return said if value > 0 else ""
    return "raw 0-255 images?" if value <= 255 else ""


def _norms(anatomy: Anatomy) -> Iterator[str]:
    norms = anatomy.block.pass_.norms
    if norms is None:
        return
    for name, (data, diff) in (("L1", norms.l1), ("L2", norms.l2)):
        ratio = (
            f": gradients are {diff / data:.2g} of the weights" if _divisible(data, diff) else ""
        )
        yield f"{name} norm: weights {spell(data)}, gradients {spell(diff)}{ratio}"
    finite = all(math.isfinite(x.value) for x in anatomy.entries)
    if finite and math.isinf(norms.l2[0] + norms.l2[1]) and math.isfinite(sum(norms.l1)):
        yield "An L2 norm of inf beside finite blobs: float32 overflows as squares are added up."


def _divisible(data: float, diff: float) -> bool:
    return data > 0 and math.isfinite(data) and math.isfinite(diff)


def _verdict(anatomy: Anatomy, findings: Sequence[Finding], marks: int) -> str:
    loud = [f for f in findings if f.loud]
    pick = f"{count(marks, 'line')} to look at" if marks else "no line stands out"
    if loud:
        rules = ", ".join(dict.fromkeys(f.rule for f in loud))
        return f"Not healthy: {rules}; {pick}."
    if marks:
        return f"No rule has fired, but there {'is' if marks == 1 else 'are'} {pick}."
    return f"This block looks healthy: {'; '.join(_reasons(anatomy))}.{_later(anatomy.picture)}"


def _later(picture: Picture) -> str:
    """Name the first fault that is still to come in this run."""
    coming = [f for f in picture.findings if f.loud and f.place.line > picture.block.lines[1]]
    if not coming:
        return ""
    first = min(coming, key=lambda finding: finding.place.line)
    return f" Later in this run comes {first.rule}, at {first.when}."


def _reasons(anatomy: Anatomy) -> Iterator[str]:
    """Say why nothing is wrong, in figures."""
    yield f"all {count(len(anatomy.entries), 'value')} are finite"
    learned = [x for x in anatomy.entries if x.gradient and x.number is not None and x.value > 0]
    if learned:
        yield f"gradients reach {count(len(learned), 'parameter')}"
    shares = [x for entry in anatomy.entries if (x := share(entry, anatomy)) is not None]
    if shares:
        yield f"ReLUs let {_range([f'{min(shares):.0%}', f'{max(shares):.0%}'])} through"
    steps = [x for entry in anatomy.entries if (x := step(entry, anatomy)) is not None]
    if steps:
        sizes = _range([f"{min(steps):.1e}", f"{max(steps):.1e}"])
        yield f"one step changes the weights by {sizes} of their size"
    compared = max((len(x.history) for x in anatomy.entries), default=0)
    if compared:
        yield f"no value leaves what it was in {count(compared, 'block')} before"
    else:
        yield "there is no block before it to compare with"


def _range(ends: list[str]) -> str:
    return " to ".join(dict.fromkeys(ends))
