from __future__ import annotations

from datetime import UTC
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from caffewatch.deliver.site import Site
from tests.deliver.samples import STARTED, alert

PANEL = (
    "https://grafana.example/d/caffe?var-job={{ job }}&var-log={{ log }}"
    "&from={{ from }}&to={{ to }}"
)
SITE = Site("https://watch.example/", "https://docs.example/rules.html", PANEL, UTC)


class TestLinks:
    def test_job(self) -> None:
        """A name is one part of a path, whatever it holds."""
        assert SITE.job("a/../b?c#d") == "https://watch.example/jobs/a%2F..%2Fb%3Fc%23d"

    def test_rule(self) -> None:
        """Each rule has its anchor; one that is no more has none."""
        assert SITE.rule("crash") == "https://docs.example/rules.html#crash"
        assert SITE.rule("old_rule") == ""

    def test_panel(self) -> None:
        """From half an hour before; a log's path cannot add parameters of its own."""
        firing = alert(labels={"log": "/data/a b&from=0.log"})

        query = parse_qs(urlsplit(SITE.panel(firing)).query)

        assert query == {
            "var-job": ["imagenet"],
            "var-log": ["/data/a b&from=0.log"],
            "from": [str(round((STARTED - 1800) * 1000))],
            "to": ["now"],
        }

    def test_panel_of_what_is_over(self) -> None:
        """It ends a little later."""
        query = parse_qs(urlsplit(SITE.panel(alert(ends_at=STARTED + 60))).query)

        assert query["to"] == [str(round((STARTED + 660) * 1000))]

    def test_nothing_is_configured(self) -> None:
        """Then there are no links."""
        assert (Site().job("a"), Site().rule("crash"), Site().panel(alert())) == ("", "", "")


class TestMoment:
    def test_zones(self) -> None:
        """With the zone's name, for people travel."""
        berlin = Site(zone=ZoneInfo("Europe/Berlin"))

        assert SITE.moment(STARTED) == "2026-11-23 07:20 UTC"
        assert berlin.moment(STARTED) == "2026-11-23 08:20 CET"
        assert Site().moment(STARTED).startswith("2026-11-2")
