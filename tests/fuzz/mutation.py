"""Logs that are nearly right: real ones, with lines and numbers changed as nobody would."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.fuzz.corpus import LINES

Lines = list[bytes]
MOST_BYTES = 60_000
_NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])")
_ITERATION = re.compile(rb"Iteration (\d{1,15})")
_WORD = re.compile(rb"\w[\w/]*")
_STAMP = re.compile(rb"^([IWEF])(?:\d{8}|\d{4}) \d\d:\d\d:\d\d\.\d{6}")

NUMBERS = (
    b"nan", b"-nan", b"inf", b"-inf", b"1e400", b"-0", b"0", b"1", b"-1", b"1e-400", b"3.4e38",
    b"87.3365", b"9" * 15, b"9" * 20, b"9" * 5000, b"1.#QNAN", b"-1.#IND", b"-nan(ind)", b"1e8",
    b"inf(x)", b"1.#FOO", b"\xc4\xb1nf", b"nan(\xc3\xbc)",
    b"1_0", b"0x10", b"1e", b"+5", b"\xd9\xa1\xd9\xa2", b"100000", b"0.0001",
)  # fmt: skip
"""What a number may be turned into; some only look like one."""
TEXTS = (
    b"\0", b"\0" * 9000, b"\r", b"\r\n", b"\n", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b" ",
    b"\x1b[2J", b"\x1b]0;t\x07", b"\xe2\x80\xae", b"\xc2\x85", b"\xe2\x80\xa8", b"<!channel>", b"&",
    b"x" * 70_000, b"] ", b": ", b"data: ", b"{", b"}", b'"', b"\\377", b" 50%|##  |\r",
    b"I1123 07:14:45.539148 28228 solver.cpp:218] ", b"[0.0] ", b"foreign text ",
)  # fmt: skip
"""What may be put into a line."""
STAMPS = (
    b"1231 23:59:59.999999", b"0101 00:00:00.000001", b"0229 12:00:00.000000",
    b"20160229 12:00:00.000000", b"99991231 23:59:60.000000", b"00000101 00:00:00.000000",
    b"1399 25:61:99.000000", b"1123 08:14:45.539148", b"1123 06:14:45.539148", b"0601 00:00:00",
)  # fmt: skip
"""When a line may say that it was written."""

Mutation = Callable[[DrawFn, Lines], Lines]


def _stretch(draw: DrawFn, lines: Lines, longest: int = 60) -> tuple[int, int]:
    start = draw(st.integers(0, max(0, len(lines) - 1)))
    return start, min(len(lines), start + draw(st.integers(1, longest)))


def splice(draw: DrawFn, lines: Lines) -> Lines:
    """Put lines of any log in."""
    other = draw(st.sampled_from(LINES))
    start, end = _stretch(draw, other)
    at = draw(st.integers(0, len(lines)))
    return lines[:at] + other[start:end] + lines[at:]


def repeat(draw: DrawFn, lines: Lines) -> Lines:
    """Repeat a stretch."""
    start, end = _stretch(draw, lines)
    return lines[:end] + lines[start:end] * draw(st.integers(1, 40)) + lines[end:]


def train_on(draw: DrawFn, lines: Lines) -> Lines:
    """Repeat a stretch with later and later iterations."""
    start, end = _stretch(draw, lines)
    step = draw(st.sampled_from((1, 10, 500)))
    shifts = range(step, step * draw(st.integers(2, 60)), step)
    later = [_shifted(line, shift) for shift in shifts for line in lines[start:end]]
    return lines[:end] + later + lines[end:]


def _shifted(line: bytes, shift: int) -> bytes:
    return _ITERATION.sub(lambda m: b"Iteration %d" % (int(m[1]) + shift), line)


def drop(draw: DrawFn, lines: Lines) -> Lines:
    """Leave a stretch out."""
    start, end = _stretch(draw, lines)
    return lines[:start] + lines[end:]


def move(draw: DrawFn, lines: Lines) -> Lines:
    """Move a stretch elsewhere."""
    start, end = _stretch(draw, lines)
    rest = lines[:start] + lines[end:]
    at = draw(st.integers(0, len(rest)))
    return rest[:at] + lines[start:end] + rest[at:]


def interleave(draw: DrawFn, lines: Lines) -> Lines:
    """Let two stretches take turns, as two writers do."""
    start, end = _stretch(draw, lines)
    other = draw(st.sampled_from(LINES))
    begin, _ = _stretch(draw, other)
    mixed = [x for pair in zip(lines[start:end], other[begin:], strict=False) for x in pair]
    return lines[:start] + mixed + lines[end:]


def cut(draw: DrawFn, lines: Lines) -> Lines:
    """Cut a line, with its end or without."""
    return _edit(draw, lines, lambda line, at: line[:at] + b"\n" * draw(st.integers(0, 1)))


def insert(draw: DrawFn, lines: Lines) -> Lines:
    """Put something into a line."""
    text = draw(st.one_of(st.sampled_from(TEXTS), st.binary(max_size=8)))
    return _edit(draw, lines, lambda line, at: line[:at] + text + line[at:])


def overwrite(draw: DrawFn, lines: Lines) -> Lines:
    """Write over a few bytes of a line."""
    text = draw(st.binary(min_size=1, max_size=4))
    return _edit(draw, lines, lambda line, at: line[:at] + text + line[at + len(text) :])


def _edit(draw: DrawFn, lines: Lines, change: Callable[[bytes, int], bytes]) -> Lines:
    if not lines:
        return lines
    number = draw(st.integers(0, len(lines) - 1))
    line = lines[number]
    return [*lines[:number], change(line, draw(st.integers(0, len(line)))), *lines[number + 1 :]]


def renumber(draw: DrawFn, lines: Lines) -> Lines:
    """Change a number of a message, in one line or in all the same lines of a stretch."""
    start, end = _stretch(draw, lines, 20)
    number = draw(st.sampled_from(NUMBERS))
    which = draw(st.integers(0, 3))
    return _replaced(lines, start, end, _NUMBER, which, number)


def rename(draw: DrawFn, lines: Lines) -> Lines:
    """Change a word of a message to another log's, or to something strange."""
    start, end = _stretch(draw, lines, 20)
    words = _WORD.findall(draw(st.sampled_from(draw(st.sampled_from(LINES)))))
    word = draw(st.sampled_from([*words, *TEXTS]))
    return _replaced(lines, start, end, _WORD, draw(st.integers(0, 8)), word)


def _replaced(
    lines: Lines, start: int, end: int, pattern: re.Pattern[bytes], which: int, new: bytes
) -> Lines:
    changed = list(lines)
    for number in range(start, end):
        line = lines[number]
        found = list(pattern.finditer(line, line.find(b"] ") + 1))
        if found:
            match = found[which % len(found)]
            changed[number] = line[: match.start()] + new + line[match.end() :]
    return changed


def restamp(draw: DrawFn, lines: Lines) -> Lines:
    """Let a stretch be written at another time."""
    start, end = _stretch(draw, lines)
    stamp = draw(st.sampled_from(STAMPS))
    return [
        _STAMP.sub(rb"\g<1>" + stamp, line) if start <= number < end else line
        for number, line in enumerate(lines)
    ]


def end_differently(draw: DrawFn, lines: Lines) -> Lines:
    """Change line ends: all to CRLF or CR, or none at all in a stretch."""
    start, end = _stretch(draw, lines)
    new = draw(st.sampled_from((b"", b"\r", b"\r\n", b"\0\n")))
    return [
        line.rstrip(b"\n") + new if start <= number < end else line
        for number, line in enumerate(lines)
    ]


MUTATIONS: tuple[Mutation, ...] = (
    splice, repeat, train_on, drop, move, interleave, cut, insert, overwrite, renumber, renumber,
    rename, restamp, end_differently,
)  # fmt: skip


@st.composite
def logs(draw: DrawFn) -> bytes:
    """Draw a log of the corpus and change it a few times."""
    lines = draw(st.sampled_from(LINES))
    for mutation in draw(st.lists(st.sampled_from(MUTATIONS), max_size=12)):
        lines = mutation(draw, lines)
    return b"".join(lines)[:MOST_BYTES]


@st.composite
def logs_and_cuts(draw: DrawFn) -> tuple[bytes, list[int]]:
    """Draw a log, and where it is cut."""
    log = draw(logs())
    return log, draw(st.lists(st.integers(0, len(log)), max_size=12))
