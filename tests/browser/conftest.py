from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from caffewatch.report import as_html
from caffewatch.web.server import Server
from tests.browser.pages import runs
from tests.cli.command import RUNS
from tests.patience import PATIENCE
from tests.watched import watch
from tests.web.sights import fleet

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WIDE = (1200, 800)
NARROW = (360, 700)


@pytest.fixture(scope="module")
def browser(program: Callable[[str, str], str]) -> Iterator[Browser]:
    """Return Debian's Chromium; for a module, since it keeps an event loop in this thread."""
    path = program("chromium", "chromium")
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


class Site:
    """A daemon's pages, which a test may exchange for later ones."""

    def __init__(self) -> None:
        self.show(100)
        self._server = Server("127.0.0.1", 0, self._answer)
        self._server.start()
        self.url = self._server.url
        self.job = f"{self.url}jobs/mnist"

    def show(self, iteration: int, bad: bool = True) -> None:
        """Let the logs have come to an iteration."""
        self._routes = fleet(("mnist", "resnet", "new"), runs(iteration, bad))

    def close(self) -> None:
        """End the server."""
        self._server.close()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._routes(environ, start_response)


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a daemon that follows three logs of two jobs, one of them gone bad."""
    site = Site()
    yield site
    site.close()


@pytest.fixture
def report(tmp_path: Path) -> str:
    """Return the address of a report in a file; one of its logs has trouble of many kinds."""
    data = {path: log.data for (_, path), log in runs(100).items()}
    data["dies.log"] = gzip.decompress((RUNS / "r11_008_dies.log.gz").read_bytes())
    logs = [as_html.take(path, watch(log)) for path, log in data.items()]
    file = tmp_path / "report.html"
    file.write_text(as_html.page(logs, "0.1.0"))
    return file.as_uri()


class Opener:
    """Opens pages, each in a context of its own.

    Attributes
    ----------
    said
        What the console said, of all pages; a test takes away what it expects.
    """

    def __init__(self, browser: Browser) -> None:
        self.said: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def __call__(
        self, url: str, size: tuple[int, int] = WIDE, clock: bool = False, **more: Any
    ) -> Page:
        """Open a page; with a ``clock`` its timers run when the test says so."""
        viewport: ViewportSize = {"width": size[0], "height": size[1]}
        context = self._browser.new_context(viewport=viewport, **more)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        if clock:
            page.clock.install()
        page.goto(url)
        return page

    def close(self) -> None:
        """Close them all."""
        for context in self._contexts:
            context.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opener]:
    """Return what opens pages; whatever the console says fails the test."""
    opener = Opener(browser)
    yield opener
    opener.close()
    assert opener.said == []
