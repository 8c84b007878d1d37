"""Templates that can do nothing but write: bounded in what they may call, how long, how much.

Values out of a log are only ever inserted; no text of a log is ever read as a template.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_SOURCE = 20_000
LONGEST_OUTPUT = 30_000
TIME_LIMIT = 1.0
"""Seconds for one rendering; looked at whenever a template calls or writes something."""
DEEPEST_LOOPS = 2

_LARGEST_NUMBER = 1000
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "e", "escape", "first", "float", "int", "join",
    "last", "length", "list", "lower", "max", "min", "replace", "reverse", "round", "sort",
    "string", "sum", "title", "trim", "truncate", "unique", "upper", "wordwrap",
)  # fmt: skip
_STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign, nodes.AssignBlock)


class BadTemplateError(ValueError):
    """A template that cannot be used: what is wrong, and in which of its lines."""


class Template:
    """One text with places for values.

    Parameters
    ----------
    source
        Jinja2: values, conditions, loops and plain filters; nothing that calls other code, names
        no file, and loops at most two deep.
    variables
        The names that it may use.
    html
        Whether values are escaped for HTML.

    Raises
    ------
    BadTemplateError
        It is no such template.
    """

    def __init__(self, source: str, variables: Iterable[str], *, html: bool = False) -> None:
        self._environment = _environment(html)
        if len(source) > LONGEST_SOURCE:
            raise BadTemplateError(f"expected at most {LONGEST_SOURCE} characters")
        try:
            tree = self._environment.parse(source)
            _check(tree, frozenset(variables))
            self._template = self._environment.from_string(source)
        except TemplateSyntaxError as error:
            raise BadTemplateError(
                f"line {error.lineno} of the template: {error.message}"
            ) from error
        except RecursionError as error:
            raise BadTemplateError("nested too deeply") from error

    def render(self, values: Mapping[str, Any]) -> str:
        """Fill in values.

        Raises
        ------
        BadTemplateError
            It uses what is not there, takes too long, or writes too much.
        """
        self._environment.deadline = time.monotonic() + TIME_LIMIT
        try:
            return "".join(self._pieces(values))
        except BadTemplateError:
            raise
        except TemplateError as error:
            raise BadTemplateError(_placed(error, str(error.message))) from error
        except Exception as error:
            # A filter or operator that does not fit its value.
            raise BadTemplateError(_placed(error, f"{type(error).__name__}: {error}")) from error

    def _pieces(self, values: Mapping[str, Any]) -> Iterator[str]:
        size = 0
        for piece in self._template.generate(values):
            size += len(piece)
            if size > LONGEST_OUTPUT:
                raise BadTemplateError(f"writes more than {LONGEST_OUTPUT} characters")
            self._environment.look_at_the_clock()
            yield piece


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(["*", "**", "%"])
    deadline = 0.0

    def look_at_the_clock(self) -> None:
        if time.monotonic() > self.deadline:
            raise BadTemplateError(f"takes longer than {TIME_LIMIT:g} s")

    def wrap_str_format(self, value: Any) -> None:
        """Refuse a text's own ``format``, whose widths fill all memory."""
        if isinstance(getattr(value, "__self__", None), str) and "format" in value.__name__:
            raise SecurityError("format is not allowed")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or not numbers:
            raise SecurityError(f"{operator} is only for numbers, and ** for none")
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - keyword arguments may have any name
        __self.look_at_the_clock()
        if any(isinstance(x, int) and x > _LARGEST_NUMBER for x in (*args, *kwargs.values())):
            raise SecurityError(f"expected numbers up to {_LARGEST_NUMBER} in a call")
        return super().call(__context, __obj, *args, **kwargs)


class _Unknown(StrictUndefined):
    @property
    def _undefined_message(self) -> str:
        name, owner = str(self._undefined_name), self._undefined_obj
        near = _near(name, [x for x in dir(owner) if x[0] != "_"]) if is_dataclass(owner) else ""
        return f"unknown value {name!r}{near}"


@lru_cache(maxsize=2)
def _environment(html: bool) -> _Sandbox:
    made = _Sandbox(
        autoescape=html, undefined=_Unknown, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )
    made.filters = {name: made.filters[name] for name in _FILTERS}
    made.globals = {"range": range}
    return made


def _check(tree: nodes.Template, variables: frozenset[str]) -> None:
    """Refuse statements that are not needed and names that are not there."""
    for statement in tree.find_all(nodes.Stmt):
        if not isinstance(statement, _STATEMENTS):
            kind = type(statement).__name__
            raise _fault(statement, f"{kind} is not allowed, expected if, for and set")
    _check_loops(tree, 0)
    names = list(tree.find_all(nodes.Name))
    known = variables | {x.name for x in names if x.ctx != "load"} | {"range", "loop"}
    for name in names:
        if name.name not in known:
            raise _fault(name, f"unknown variable {name.name!r}{_near(name.name, variables)}")


def _check_loops(node: nodes.Node, depth: int) -> None:
    for child in node.iter_child_nodes():
        inner = depth + isinstance(child, nodes.For)
        if inner > DEEPEST_LOOPS or (isinstance(child, nodes.For) and child.recursive):
            raise _fault(child, f"expected loops at most {DEEPEST_LOOPS} deep, none recursive")
        _check_loops(child, inner)


def _fault(node: nodes.Node, message: str) -> BadTemplateError:
    return BadTemplateError(f"line {node.lineno} of the template: {message}")


def _placed(error: Exception, message: str) -> str:
    """Add the line of the template at which an error was raised."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return message if line is None else f"line {line} of the template: {message}"


def _near(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f", did you mean {close[0]}?" if close else f", expected one of: {', '.join(names)}"
