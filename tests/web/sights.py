"""A daemon as pages see it, made of logs instead of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from wsgiref.validate import validator

from werkzeug.test import Client, TestResponse

from caffewatch.alert.model import Origin
from caffewatch.draw.block import BlockLine, BlockWords
from caffewatch.web.routes import Routes
from caffewatch.web.sight import Past, Sight, Watched
from tests.logs import CaffeLog
from tests.watched import watch

HOSTILE = "\"'><script>alert(1)</script>&amp;{{7*7}}\u202e"
_VOID = {"meta", "link", "path", "br"}


def daemon(log: CaffeLog | None, job: str = "mnist", path: str = "/logs/train.log") -> Routes:
    """Make the routes of a daemon that follows one log; None for one that is not there."""
    return fleet((job,), {(job, path): log} if log else {})


def fleet(jobs: Sequence[str], logs: Mapping[tuple[str, str], CaffeLog]) -> Routes:
    """Make the routes of a daemon that follows logs by (job, path)."""
    monitors = {
        (job, path): watch(log, origin=Origin("gpu-07", job, path, {}))
        for (job, path), log in logs.items()
    }
    line = BlockLine("forward", HOSTILE, float("nan"), "what", "normal", "", "look")
    words = BlockWords(10, "Not healthy.", (line,))
    pasts = {key: Past(one.history(), words) for key, one in monitors.items()}
    watched = [Watched(*key, one.snapshot(), 1.0) for key, one in monitors.items()]
    alerts = [alert for one in monitors.values() for alert in one.alerts]
    sight = Sight(jobs, lambda: watched, lambda: alerts, lambda *key: pasts.get(key))
    return Routes("0.1.0", lambda accept, packed: ("", b""), lambda: None, lambda: None, sight)


def ask(routes: Routes, path: str, method: str = "GET", **headers: str) -> TestResponse:
    """Ask for a page, by the letter of WSGI; names of headers have _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Client(validator(routes)).open(path, method=method, headers=named)
    response.get_data()
    response.close()
    return response


def get(routes: Routes, path: str, query: str = "", **headers: str) -> TestResponse:
    """Ask for a page with a query."""
    return ask(routes, f"{path}?{query}" if query else path, **headers)


class Page(HTMLParser):
    """Read a page strictly: every element is closed, in order, and ids are unique.

    Attributes
    ----------
    tags
        Names of all elements.
    text
        All text.
    resources
        What the page loads.
    """

    def __init__(self, page: bytes | str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self.resources: list[str] = []
        self._open: list[str] = []
        self.feed(page.decode() if isinstance(page, bytes) else page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        given = dict(attrs)
        assert len(given) == len(attrs)
        assert not any(name.startswith("on") or name == "style" for name in given)
        if (id := given.get("id")) is not None:
            assert id not in self.ids
            self.ids.add(id)
        self.tags.append(tag)
        if tag in {"script", "link", "img"}:
            self.resources.append(given.get("src") or given.get("href") or "")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open and close one of SVG's."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if tag not in _VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data


def exploding() -> CaffeLog:
    """Write a run that is well, takes a snapshot, and turns nan."""
    log = CaffeLog.started()
    for number in range(0, 100, 10):
        log.display(number, loss=2.0 - number / 100)
    log.snapshot(90)
    log.display(100, {"d ip1.0": "nan"}, loss="nan")
    return log
