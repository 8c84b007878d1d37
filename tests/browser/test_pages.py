"""The pages in a real Chromium: by keyboard, by mouse, on a phone, and as they renew themselves."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, Opener, Site
from tests.browser.pages import LONG

pytestmark = pytest.mark.slow

EVERY = 3000
"""Milliseconds after which a page asks whether there is news."""
PAGES = ("", "jobs/mnist", f"jobs/mnist?log={LONG}", "jobs/resnet?run=1")
FOCUS = """() => {
  const one = document.activeElement;
  const [box, style] = [one.getBoundingClientRect(), getComputedStyle(one)];
  return {name: one.localName, text: (one.getAttribute("aria-label") || one.textContent).trim(),
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    ring: style.outlineStyle != "none" ? parseFloat(style.outlineWidth) : 0};
}"""
ORDER = """() => [...document.querySelectorAll("a[href],button,summary,[tabindex]")]
  .filter((x) => x.checkVisibility()).map((x) =>
    (x.getAttribute("aria-label") || x.textContent).trim())"""


def tabbed(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the focus is where it began; return what had it."""
    found: list[dict[str, Any]] = []
    for _ in range(300):
        page.keyboard.press("Tab")
        one = page.evaluate(FOCUS)
        if one["name"] == "body":
            return found
        found.append(one)
    pytest.fail("the focus never left the page")


class TestKeyboard:
    @pytest.mark.parametrize("path", PAGES)
    def test_order(self, path: str, site: Site, opened: Opener) -> None:
        """Tab goes to everything in the order in which it stands, and shows where it is."""
        page = opened(site.url + path)

        stops = tabbed(page)

        assert [x["text"] for x in stops] == page.evaluate(ORDER)
        assert stops[0]["text"] == "Skip to the content"
        assert [x for x in stops if not x["inside"] or x["ring"] < 2] == []

    def test_to_a_job(self, site: Site, opened: Opener) -> None:
        """Return follows a link."""
        page = opened(site.url)

        page.get_by_role("link", name="resnet").focus()
        page.keyboard.press("Enter")

        expect(page).to_have_url(f"{site.url}jobs/resnet")

    def test_to_an_earlier_run(self, site: Site, opened: Opener) -> None:
        """Links lead to the runs before, and back; where one was resumed is marked."""
        page = opened(f"{site.url}jobs/resnet")
        runs = page.get_by_role("navigation", name="Runs of this log")
        expect(page.locator("#log0-chart-loss .mark.resumed")).to_be_attached()

        runs.get_by_role("link", name="run 1").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site.url}jobs/resnet?run=1")
        expect(page.get_by_text("An earlier run")).to_be_visible()
        expect(runs.locator("[aria-current]")).to_have_text("run 1")
        runs.get_by_role("link", name="run 2").focus()
        page.keyboard.press("Enter")

        expect(page).to_have_url(f"{site.url}jobs/resnet?")
        expect(page.get_by_text("An earlier run")).to_have_count(0)

    def test_tables(self, site: Site, opened: Opener) -> None:
        """Return opens the table behind a picture."""
        page = opened(site.job)
        table = page.locator("#log0-rows-gradient table")

        page.locator("#log0-rows-gradient summary").focus()
        page.keyboard.press("Enter")

        expect(table.get_by_role("row", name="ip1")).to_contain_text("yes")

    def test_values_of_a_map(self, site: Site, opened: Opener) -> None:
        """The arrow keys lead through the cells, from the newest one of the first layer."""
        page = opened(site.job)
        reading = page.locator("#log0-map-gradient .reading")
        page.locator("#log0-map-gradient svg").focus()

        page.keyboard.press("ArrowLeft")
        expect(reading).to_have_text("ip1, iteration 100: nan")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowLeft")

        expect(reading).to_have_text("ip2, iteration 90: 0.001")
        assert reading.get_attribute("aria-live") == "polite"

    def test_values_of_a_curve(self, site: Site, opened: Opener) -> None:
        """The arrow keys lead along it, and no further than its end."""
        page = opened(site.job)
        reading = page.locator("#log0-chart-loss .reading")
        page.locator("#log0-chart-loss svg").focus()

        for _ in range(101):
            page.keyboard.press("ArrowLeft")

        expect(reading).to_contain_text("Iteration 0: loss 2")

    def test_in_a_report(self, report: str, opened: Opener) -> None:
        """It is gone through in the same way."""
        page = opened(report)

        stops = tabbed(page)

        assert [x["text"] for x in stops] == page.evaluate(ORDER)
        assert [x for x in stops if not x["inside"] or x["ring"] < 2] == []


class TestMouse:
    @pytest.mark.parametrize("figure", ["#log0-map-gradient", "#log0-map-activation"])
    def test_hover(self, figure: str, site: Site, opened: Opener) -> None:
        """The value under the pointer is told, without moving what is below."""
        page = opened(site.job)
        picture = page.locator(f"{figure} svg")
        picture.scroll_into_view_if_needed()
        before = page.locator(f"{figure} summary").bounding_box()

        picture.hover(position={"x": 900, "y": 10})

        expect(page.locator(f"{figure} .reading")).to_contain_text("iteration")
        assert page.locator(f"{figure} summary").bounding_box() == before

    def test_tap(self, site: Site, opened: Opener) -> None:
        """A finger is as good, and is asked to tap; the value stays when it scrolls on."""
        page = opened(site.job, NARROW, has_touch=True, is_mobile=True)
        said = page.locator("#log0-chart-loss .reading")
        hint = "getComputedStyle(document.querySelector('.reading'), '::before').content"
        assert page.evaluate(hint) == '"Tap the picture for its values."'

        page.locator("#log0-chart-loss svg").tap()
        expect(said).to_contain_text("Iteration 40: loss 1.96")
        page.locator("#log0-map-gradient svg").tap(position={"x": 300, "y": 10})

        expect(page.locator("#log0-map-gradient .reading")).to_contain_text("ip1, iteration")
        expect(said).to_contain_text("Iteration 40: loss 1.96")

    def test_in_a_report(self, report: str, opened: Opener) -> None:
        """The file has the same script, allowed by its hash."""
        page = opened(report)

        page.locator("#all-chart-loss svg").hover()

        reading = page.locator("#all-chart-loss .reading")
        expect(reading).to_contain_text("resnet.log run 2 loss 1.5 (at 100)")
        expect(page.get_by_role("button")).to_have_count(0)


class TestRefresh:
    def test_news_appear(self, site: Site, opened: Opener) -> None:
        """By themselves, with the title."""
        page = opened(site.url, clock=True)
        expect(page).to_have_title("(1) caffewatch")

        site.show(200, bad=False)
        page.clock.run_for(EVERY)

        expect(page.get_by_role("heading", name="Nothing fires")).to_be_visible()
        expect(page).to_have_title("caffewatch")
        expect(page.get_by_role("status")).to_have_text("live")

    def test_without_a_jump(self, site: Site, opened: Opener) -> None:
        """Scroll positions, open tables, focus and reading stay, though an alert comes above."""
        site.show(100, bad=False)
        page = opened(site.job, NARROW, clock=True)
        summary = page.locator("#log0-rows-gradient summary")
        summary.focus()
        page.keyboard.press("Enter")
        scroll = page.locator("#log0-map-gradient > .scroll")
        scroll.evaluate("(x) => { x.scrollLeft = 150; }")
        page.locator("#log0-map-gradient svg").hover(position={"x": 300, "y": 4})
        before = summary.bounding_box()

        site.show(200)
        page.clock.run_for(EVERY)
        expect(page.locator(".fault.critical")).to_have_count(2)

        after = summary.bounding_box()
        assert before is not None
        assert after is not None
        assert after["y"] == pytest.approx(before["y"], abs=1)
        assert scroll.evaluate("(x) => x.scrollLeft") == 150
        expect(page.locator("#log0-rows-gradient table")).to_be_visible()
        expect(summary).to_be_focused()
        expect(page.locator("#log0-map-gradient .reading")).to_contain_text("ip1, iteration")

    def test_pause(self, site: Site, opened: Opener) -> None:
        """Whoever reads can have the page stay as it is, and go on."""
        page = opened(site.url, clock=True)
        page.get_by_role("button", name="Pause").click()

        site.show(200)
        page.clock.run_for(3 * EVERY)
        expect(page.get_by_role("status")).to_have_text("paused")
        expect(page.get_by_text("100 of 1\u202f000").first).to_be_visible()
        page.get_by_role("button", name="Go on").click()

        expect(page.get_by_text("200 of 1\u202f000").first).to_be_visible()

    def test_selected_text_stays(self, site: Site, opened: Opener) -> None:
        """Nothing is renewed under somebody who copies it."""
        page = opened(site.url, clock=True)
        page.get_by_role("heading", name="Training jobs").select_text()

        site.show(200)
        page.clock.run_for(3 * EVERY)

        assert page.evaluate("getSelection().toString()").strip() == "Training jobs"

    def test_the_daemon_is_gone(self, site: Site, opened: Opener) -> None:
        """The page says so, and still shows what it knows."""
        page = opened(site.url, clock=True)

        page.route("**/*", lambda route: route.abort())
        page.clock.run_for(EVERY)

        expect(page.get_by_role("status")).to_have_text("the daemon cannot be reached")
        expect(page.get_by_role("link", name="resnet")).to_be_visible()
        # Its clock goes on by itself, too: on a slow machine it has tried again by now.
        page.close()
        assert opened.said
        assert [x for x in opened.said if "ERR_FAILED" not in x] == []
        opened.said.clear()


class TestEverywhere:
    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize("colours", ["light", "dark"])
    def test_colours(self, path: str, colours: str, site: Site, opened: Opener) -> None:
        """They are those that the reader's system asks for."""
        page = opened(site.url + path, color_scheme=colours)
        shade = page.evaluate("parseInt(getComputedStyle(document.body).backgroundColor.slice(4))")

        assert (shade > 128) is (colours == "light")

    @pytest.mark.parametrize("path", PAGES)
    def test_phone(self, path: str, site: Site, opened: Opener) -> None:
        """A page of 360 pixels does not scroll sideways, whatever names there are."""
        page = opened(site.url + path, NARROW)

        assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]

    def test_report_on_a_phone(self, report: str, opened: Opener) -> None:
        """Nor does a report, with all its tables open."""
        page = opened(report, NARROW)
        page.evaluate("document.querySelectorAll('details').forEach((x) => { x.open = true; })")

        assert page.evaluate("document.documentElement.scrollWidth") == NARROW[0]

    @pytest.mark.parametrize("path", PAGES)
    def test_without_javascript(self, path: str, site: Site, opened: Opener) -> None:
        """Everything is there but what needs a script, and no sign of that."""
        page = opened(site.url + path, java_script_enabled=False)

        expect(page.locator("svg").first).to_be_visible()
        expect(page.get_by_text("nan").first).to_be_attached()
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page.get_by_role("status")).to_have_text("")

    def test_report_without_javascript(self, report: str, opened: Opener) -> None:
        """Tables open without it."""
        page = opened(report, java_script_enabled=False)

        page.locator("#log0-run0-rows-gradient summary").click()

        expect(page.locator("#log0-run0-rows-gradient table")).to_be_visible()

    @pytest.mark.parametrize("path", PAGES)
    def test_policy_is_in_force(self, path: str, site: Site, opened: Opener) -> None:
        """What is injected does not run."""
        page = opened(site.url + path)

        page.evaluate("""() => {
          const script = document.createElement("script");
          script.textContent = "window.injected = 1";
          document.body.append(script);
        }""")

        assert page.evaluate("window.injected") is None
        assert "violates" in opened.said.pop()
