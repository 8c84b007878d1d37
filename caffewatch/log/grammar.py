"""Every message of Caffe's and of its forks' that means something, as one table.

`recognise` finds a message's pattern by its first word; what begins with a layer's name is
looked up by the words behind it. Caffe's own sources (v0.9 to 1.0, NVIDIA 0.15 to 0.17, SSD,
Intel, yjxiong's, happynear's, MyCaffe) are where the messages come from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache, cached_property

_NUMBER = r"(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\d\.#(?:[QS]NAN|IND|INF)\d*|(?ai:nan(?:\(\w+\))?|inf))"
_VALUE = rf"[-+]?{_NUMBER}"
"""A number as printed, -nan(ind) and 1.#QNAN included: no more than `number` can read."""

_COUNT = r"(\d{1,15})"
"""A whole number, of no more digits than an iteration or an index can have."""
_NET = r"(\d{1,2})"
"""A test net's number: something is remembered of each, and a hostile log could name any number."""


class Pattern:
    """A named shape of message; ``name`` is the parser's method, or "" for what means nothing.

    It is compiled when it is first looked for: no log has all of them.
    """

    def __init__(self, name: str, regex: str) -> None:
        self.name = name
        self.regex = regex

    @cached_property
    def match(self) -> Callable[[str], re.Match[str] | None]:
        """What matches it at the start of a message."""
        return re.compile(self.regex).match

    @cached_property
    def match_bytes(self) -> Callable[[bytes, int], re.Match[bytes] | None]:
        """What matches it in a line at a place, behind blanks, or at least never says so wrongly."""
        return re.compile(rb" *" + self.regex.encode()).match


def _table(*rows: tuple[str, str]) -> dict[str, tuple[Pattern, ...]]:
    """Index patterns by their first word; a row's regex must begin with a literal word."""
    table: dict[str, tuple[Pattern, ...]] = {}
    for name, regex in rows:
        word = re.split(r"[ (:]", regex.replace("\\", ""), maxsplit=1)[0]
        table[word] = (*table.get(word, ()), Pattern(name, regex))
    return table


V = f"({_VALUE})"
_MORE = r"(?:[,;]?\s.*)?"
"""What forks write behind the loss: how far the training is, how long it will take."""
_WEIGHED = rf"(?: \(\\?\*? ?{V} = {V}(?:[\d.e+-]* +[\d.e+-]+)? loss\))?(?: \(.*\))?"
"""An output's loss weight, also where a page took the asterisk for its own, or the window that it was
copied from broke the line; a fork's remark."""

MESSAGES = _table(
    # --- debug_info -------------------------------------------------------------------------
    ("forward", rf"\[Forward\] Layer (.+), (top|param) blob (.+) data: {V}(?: \({V}\))?(?: asum: \S+)?$"),
    ("forward_input", rf"\[Forward\] Input (.+) data: {V}(?: \({V}\))?$"),
    ("backward", rf"\[Backward\] Layer (.+), (bottom|param) blob (.+) diff: {V}(?: \({V}\))?(?: asum: \S+)?$"),
    ("norms", rf"\[Backward\] All net params \(data, diff\): L1 norm = \({V}, {V}\)?; L2 norm = \({V}, {V}\)$"),
    ("update", rf"\[Update\] Layer (.+), param (.+?) data: {V}; diff: {V}$"),
    ("update_shared", rf"\[Update\] Layer (.+), param blob (.+?) \(owned by layer .+\) diff: {V}$"),
    # --- the rhythm of training -------------------------------------------------------------
    ("iteration", rf"Iteration {_COUNT}(?: \((?:{V} iter/s)?[^)]*\))?(?:, [\d.]+/[\d.]+ep)?, loss = {V}(, ignore and continue\.?)?{_MORE}$"),
    ("testing", rf"Iteration {_COUNT}, Testing net(?: \(#{_NET}\))?"),
    ("learning_rate", rf"Iteration {_COUNT}, lr = {V}(?:, .*?)?(?:, gs = {V}.*)?$"),
    ("output", rf"Train net output(?: mAP)? #{_COUNT}: (.+?) = {V}{_WEIGHED}$"),
    ("test_output", rf"Test net output(?: mAP)? #{_COUNT}: (.+?) = {V}{_WEIGHED}$"),
    ("test_score", rf"Test score #{_COUNT}: {V}$"),
    ("test_over", rf"Test loss: {V}$"),
    ("test_over", r"Test interrupted\."),
    ("clipped", rf"Gradient clipping: scaling down gradients \(L2 norm {V} > {V}\) by scale factor {V}$"),
    ("waiting", r"Waiting for dat"),
    ("waiting", r"Data layer prefetch queue empty"),
    ("restarted", r"Restarting data pre-?fetching"),
    # --- snapshots and starts ---------------------------------------------------------------
    ("snapshot", r"Snapshotting to (?:binary proto file ?|HDF5 file ?)?(.+)"),
    ("", r"Snapshotting solver state to "),
    ("resumed", r"Resuming from (.+)"),
    ("resumed", r"Restoring previous solver status from (.+)"),
    ("finetuned", r"Finetuning from (.+)"),
    ("ignored_layer", r"Ignoring source layer (.+)"),
    ("setup", r"Use CPU\."),
    ("setup", r"Using GPUs? "),
    ("setup", r"Querying GPUs? "),
    ("solver_dump", r"Initializing solver from parameters:"),
    ("training_net", r"Creating training net"),
    ("testing_net", rf"Creating test(?:ing)? net(?: \(#{_NET}\))?"),
    ("starting", r"Starting (?:Multi-node )?Optimization"),
    ("solving", r"Solving(?: (.*))?$"),
    # --- ends -------------------------------------------------------------------------------
    ("done", r"Optimization Done"),
    ("stopped", r"Optimization stopped early"),
    # --- nets as they are set up ------------------------------------------------------------
    ("net_dump", r"Initializing net from parameters:"),
    ("typed_layer", r"Creating layer '(.+)' of type '(.+)'"),
    ("", r"Creating layer "),
    ("create_layer", r"Creating Layer (.+)"),
    ("create_layer", r"Created Layer (.+?) \(\d+\)"),
    ("net_done", r"Network initialization done"),
    # --- known, and nothing to take from them -----------------------------------------------
    ("", r"Solver scaffolding done"),
    ("", r"Learning Rate Policy:"),
    ("", r"MultiStep Status: "),
    ("", r"Setting up "),
    ("", r"Top shape: "),
    ("", r"with loss weight "),
    ("", r"Memory required for "),
    ("", r"This network produces output "),
    ("", r"The NetState "),
    ("", r"Sharing parameters "),
    ("", r"Sharing param "),
    ("copied_layer", r"Copying source layer (.+?)\s*$"),
    ("", r"Collecting Learning Rate and Weight Decay"),
    ("", r"Use GPU with device ID "),
    ("", r"GPU \d+: "),
    ("", r"class AP \d+: "),
    ("", r"iter \d+, forward_backward_update_time: "),
    ("", r"Snapshot begin"),
    ("", r"Snapshot end"),
)  # fmt: skip

OTHER_MESSAGES = (
    Pattern("", r"class\d+: "),
    Pattern("reads", r"(.+) <- (.+)"),
    Pattern("writes", r"(.+) -> (.+?)(?: \(in-place\))?$"),
    Pattern("backward_needed", r"(.+) (needs|does not need) backward computation\.?"),
)
"""Messages without a first word to know them by: most begin with a layer's name."""

_DEATHS = (
    "Killed|Aborted|Abort trap|Bus error|Segmentation fault|Illegal instruction"
    "|Floating point exception|已杀死|已放弃|段错误"
)
"""What a shell says of a process that died; those of many who train with Caffe are Chinese."""
_SAID = rf"(?:(Terminated|已终止)|{_DEATHS})(?:: \d+)?(?: \(.*\))?(?:  |$)"
RAW_LINES = (
    Pattern("header", r"Log file created at: "),
    Pattern("", r"(?:Running on machine|Running duration|Log line format|Application fingerprint)"),
    Pattern("signal", r"\*\*\* (SIG[A-Z0-9]+) \(@"),
    Pattern("", r"\*\*\* (?:Check failure stack trace|Aborted at \d+)"),
    Pattern("", r"PC: @"),
    Pattern("", r" +@ +0x[0-9a-f]+ "),
    Pattern("crash_line", r"terminate called |double free or corruption|corrupted size|std::bad_alloc$"),
    Pattern("crash_line", r"(?:free|malloc|corrupted|munmap_chunk)\(\): |\*\*\* Error in \S+: "),
    Pattern("shell_line", _SAID),
    Pattern("crash_line", r"Check failed: "),
    Pattern("ended_outside", r"mpirun noticed .* exited on signal 15 |Command terminated by signal 15$"),
    Pattern("crash_line", r"mpirun noticed .* exited on signal \d+ |Command terminated by signal (?!2$)\d+$"),
    Pattern("crash_line", r"= +BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES"),
    Pattern("crash_line", r"slurmstepd\S*: .*(?:exceeded memory limit .*being killed|oom.kill)"),
    Pattern("crash_line", rf"srun: error: .*: (?:{_DEATHS}|Out Of Memory)"),
    Pattern("ended_outside", r"slurmstepd\S*: .*\*\*\* (?:JOB|STEP) .* CANCELLED AT |=>> PBS: job killed: |TERM_\w+: job killed "),
    Pattern("no_end", r"Exception (?:in thread|ignored in)|--- Logging error ---"),
    Pattern("traceback", r"Traceback \(most recent call last\):$"),
    Pattern("shell_line", r".*: (?:line |行 |第 )\d+(?: ?行)?: +\d+ " + _SAID),
)  # fmt: skip
"""Lines that stand without a prefix even where the log has prefixes: headers, traces, deaths."""

_ANY_RAW = Pattern("", "|".join(x.regex for x in RAW_LINES))
"""Matches no foreign line: most lines without a prefix are such."""
_RAW_STARTS = frozenset([b"\xe5", b"\xe6", *(x.encode() for x in "LRA*P tdcsfmKBSCIFTE=-")])
"""Of one of these a line without a prefix begins, or it is a shell's with a number in it."""
_STAMP = re.compile(rb"[IWEF]\d{4}")
_LINE = " 行".encode()
_BRACKET, _RETURN = b"]\r"
"""Numbers of bytes, which are found at a fifth of the cost. A bracket ends each prefix."""
_RANK = re.compile(r"\[\d+(?:\.\d+)*\] ")
MAX_MESSAGE = 4096
"""Characters of a message: Caffe's are shorter, and a longer one could make a pattern slow."""


Found = tuple[Pattern, re.Match[str]]


def recognise(message: str) -> Found | None:
    """Find the pattern of a message behind its prefix; None where it is foreign.

    Leading spaces and NVIDIA's ``[rank.dev] `` do not matter.
    """
    message = message.strip()
    if len(message) > MAX_MESSAGE:
        return None
    if message[:1] == "[" and message[1:2].isdigit():
        rank = _RANK.match(message)
        message = message[rank.end() :].lstrip() if rank else message
    word = message.split(" ", 1)[0].rstrip(":")
    return _search(MESSAGES.get(word, ()), message) or _search(OTHER_MESSAGES, message)


@cache
def _any_raw_bytes() -> re.Pattern[bytes]:
    return re.compile(_ANY_RAW.regex.encode())


def is_foreign(raw: bytes) -> bool:
    """Tell quickly that a line has neither a prefix nor a raw message; False where in doubt.

    It is in doubt of blank lines, of those that a carriage return rewrites, and of a byte order mark.
    """
    return not (
        (_BRACKET in raw and _STAMP.search(raw))
        or (
            (raw[:1] in _RAW_STARTS or b": line " in raw or _LINE in raw)
            and _any_raw_bytes().match(raw)
        )
        or _RETURN in raw
        or raw[:1] == b"\xef"
        or not raw.strip()
    )


def recognise_raw(line: str) -> Found | None:
    """Find the pattern of a line that has no prefix."""
    return _search(RAW_LINES, line) if _ANY_RAW.match(line) else None


def _search(patterns: tuple[Pattern, ...], text: str) -> Found | None:
    for pattern in patterns:
        match = pattern.match(text)
        if match:
            return pattern, match
    return None


def numbers(texts: Sequence[str | bytes]) -> list[float]:
    """Read several numbers at once; see `number`."""
    try:
        return list(map(float, texts))
    except ValueError:
        return list(map(number, texts))


def number(text: str | bytes) -> float:
    """Read a number as any build of Caffe prints it.

    Windows prints ``1.#QNAN``, ``-1.#IND``, ``1.#INF`` and ``-nan(ind)``.

    Raises
    ------
    ValueError
        The text is no number.
    """
    try:
        return float(text)
    except ValueError:
        lowered = (text if isinstance(text, str) else text.decode()).lower()
        if "#inf" in lowered:
            return -math.inf if lowered.startswith("-") else math.inf
        if "nan" in lowered or "#ind" in lowered:
            return math.nan
        raise
