"""What messages say of this installation: where its pages are, and what time it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import quote

from caffewatch.alert.model import Alert
from caffewatch.deliver.sandbox import Template
from caffewatch.detect.registry import RULES

PANEL_VARIABLES = ("job", "log", "from", "to")

_BEFORE = 30 * 60
"""Seconds before an alert at which a panel begins, to show what was normal."""
_AFTER = 10 * 60


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses of pages; what is empty gives no link.

    Parameters
    ----------
    external_url
        Where people reach the status page.
    docs_url
        The page that describes the rules, with an anchor for each.
    grafana_url
        A template for the address of a panel, with job, log, from and to (milliseconds).
    zone
        In which times are told; the machine's where it is None.
    """

    external_url: str = ""
    docs_url: str = ""
    grafana_url: str = ""
    zone: tzinfo | None = None

    def job(self, name: str) -> str:
        """Return the address of a job's status page."""
        if not self.external_url:
            return ""
        return f"{self.external_url.rstrip('/')}/jobs/{_quoted(name)}"

    def rule(self, id: str) -> str:
        """Return the address of a rule's description; one that is no more has none."""
        return f"{self.docs_url}#{id}" if self.docs_url and id in RULES else ""

    def panel(self, alert: Alert) -> str:
        """Return the address of the panel that shows an alert and what was before it."""
        if not self.grafana_url:
            return ""
        labels, ends_at = alert.labels, alert.ends_at
        until = "now" if ends_at is None else str(round((ends_at + _AFTER) * 1000))
        given = {
            "job": _quoted(labels.get("training_job", "")),
            "log": _quoted(labels.get("log", "")),
            "from": str(round((alert.starts_at - _BEFORE) * 1000)),
            "to": until,
        }
        return Template(self.grafana_url, PANEL_VARIABLES).render(given).strip()

    def moment(self, seconds: float) -> str:
        """Tell a time, seconds since the epoch, to the minute."""
        moment = datetime.fromtimestamp(seconds, self.zone)
        moment = moment if self.zone else moment.astimezone()
        return f"{moment:%Y-%m-%d %H:%M %Z}"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")
