"""Title and text of a message: a receiver's own templates, or the ones that lie here."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, NamedTuple

from caffewatch.deliver.sandbox import BadTemplateError, Template
from caffewatch.deliver.text import one_line
from caffewatch.deliver.view import MessageView

Part = Literal["title", "text", "html"]

TITLE_LIMIT = 250
VARIABLES = tuple(entry.name for entry in fields(MessageView))

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A receiver's own templates; an empty one is the default."""

    title: str = ""
    text: str = ""


class Message(NamedTuple):
    """A title on one line, and a text of paragraphs."""

    title: str
    text: str


def write(wording: Wording, view: MessageView) -> Message:
    """Write a message: whatever is wrong with a template, people are told."""
    title = one_line(fill("title", wording.title, view), TITLE_LIMIT)
    return Message(title, tidy(fill("text", wording.text, view)))


def fill(part: Part, source: str, view: MessageView) -> str:
    """Fill in a template, or the default where it fails or says nothing."""
    values: dict[str, Any] = {name: getattr(view, name) for name in VARIABLES}
    if source:
        try:
            written = compiled(source, part == "html").render(values)
            if written.strip():
                return written
            _log.error("receiver %s: its template %s says nothing", view.receiver, part)
        except BadTemplateError as fault:
            reason = one_line(str(fault), 200)
            _log.error("receiver %s: its template %s: %s", view.receiver, part, reason)
    return compiled(default(part), part == "html").render(values)


def tidy(text: str) -> str:
    """Take superfluous white space out: at the ends of lines, and more than one empty line."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines)


@lru_cache(maxsize=256)
def compiled(source: str, html: bool) -> Template:
    """Compile a template of a message, once.

    Raises
    ------
    BadTemplateError
        It is none.
    """
    return Template(source, VARIABLES, html=html)


@lru_cache
def default(part: Part) -> str:
    """Return the template that a receiver without its own uses."""
    return resources.files("caffewatch.deliver").joinpath(f"templates/{part}.j2").read_text("utf-8")
