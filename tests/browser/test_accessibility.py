"""What axe-core finds: rules of WCAG 2.2 AA, and of good practice."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, Opener, Site
from tests.browser.pages import LONG

pytestmark = pytest.mark.slow

OPEN_ALL = "document.querySelectorAll('details').forEach((x) => { x.open = true; })"


def violations(page: Page) -> list[str]:
    """Return what is wrong with a page whose tables are all open, and where."""
    page.evaluate(OPEN_ALL)
    found = Axe().run(page).response["violations"]
    return [f"{x['id']}: {x['help']}: {node['html']}" for x in found for node in x["nodes"]]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "phone"])
class TestPages:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "jobs/mnist",
            f"jobs/mnist?log={LONG}",
            "jobs/resnet",
            "jobs/resnet?run=1",
            "jobs/new",
        ],
    )
    def test_no_violations(
        self, path: str, size: tuple[int, int], colours: str, site: Site, opened: Opener
    ) -> None:
        """Contrast, labels, headings, landmarks and all else that can be checked."""
        page = opened(site.url + path, size, color_scheme=colours)

        assert violations(page) == []

    def test_what_is_not_there(
        self, size: tuple[int, int], colours: str, site: Site, opened: Opener
    ) -> None:
        """An error is a page as well."""
        page = opened(f"{site.url}jobs/resnet?run=9", size, color_scheme=colours)

        assert violations(page) == []
        assert "404" in opened.said.pop()
        page.get_by_role("link", name="resnet as it stands").click()
        expect(page.get_by_role("heading", name="resnet", exact=True)).to_be_visible()

    def test_report(self, size: tuple[int, int], colours: str, report: str, opened: Opener) -> None:
        """The same holds of a report in a file."""
        page = opened(report, size, color_scheme=colours)

        assert violations(page) == []
