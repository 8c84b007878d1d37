"""Slack's incoming webhooks: Block Kit that a phone shows well and that log text cannot bend.

Everything out of a log stands in ``plain_text`` objects, which know no links, mentions or markup,
and is escaped on top. The one ``mrkdwn`` object holds our own link.
Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from caffewatch.alert.model import SEVERITIES, Alert
from caffewatch.alert.notification import Notification
from caffewatch.deliver.http import HttpClient, Request
from caffewatch.deliver.outcome import Outcome
from caffewatch.deliver.receiver import Links, ReceiverSettings
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.text import one_line
from caffewatch.deliver.transport import Transport
from caffewatch.detect.registry import RULES

HEADER_LIMIT = 150
SECTION_LIMIT = 3000
TEXT_LIMIT = 3000
"""Slack would take 40,000 characters; a phone's notification shows the first hundred."""
SHOWN_ALERTS = 20
"""A section and a divider each: with header, remainder and link 43 of the 50 blocks allowed."""

_LINE_LIMIT = 400
_URL_LIMIT = 2000
_SIGNS = {"critical": "🔴", "warning": "🟠", "info": "🔵"}


@dataclass(frozen=True, kw_only=True)
class SlackSettings(ReceiverSettings, Transport):
    """A Slack channel, by the URL of an incoming webhook: whoever knows it can post."""

    type: ClassVar[str] = "slack"
    url: Secret


class SlackReceiver:
    """Renders and posts for one configured channel."""

    min_interval = 1.0

    def __init__(self, settings: SlackSettings, links: Links) -> None:
        self.name = settings.name
        self._settings = settings
        self._links = links
        self._client = HttpClient(settings)

    def send(self, notification: Notification, now: float) -> Outcome:
        """Post one notification once."""
        return self._client.post(render(self._settings, notification, self._links), now)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def render(settings: SlackSettings, notification: Notification, links: Links) -> Request:
    """Make the request; it is the same on every try."""
    body = json.dumps(message(notification, links)).encode()
    return Request(settings.url, {"Content-Type": "application/json"}, body)


def message(notification: Notification, links: Links) -> dict[str, Any]:
    """Lay out one message: a headline, a section for each alert, a link to the job's page."""
    alerts = notification.alerts
    shown, left_out = alerts[:SHOWN_ALERTS], alerts[SHOWN_ALERTS:]
    blocks = [{"type": "header", "text": _plain(headline(alerts), HEADER_LIMIT)}]
    for alert in shown:
        blocks += [_section(describe(alert)), {"type": "divider"}]
    if left_out:
        rules = sorted({in_words(alert.rule) for alert in left_out})
        blocks.append(_section(f"and {len(left_out)} more of this run: {', '.join(rules)}"))
    blocks += _link(alerts[0].labels.get("training_job", ""), links)
    summary = "\n".join([headline(alerts), *(_summary(alert) for alert in shown)])
    return {
        "text": fit(summary, TEXT_LIMIT),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": blocks,
    }


def headline(alerts: Sequence[Alert]) -> str:
    """Say in one line what is wrong, or over: the worst that fires, and how much else there is."""
    firing = [alert for alert in alerts if alert.state == "firing"]
    worst = max(firing or alerts, key=lambda alert: SEVERITIES.index(alert.severity))
    what = f"{_mark(worst)} {in_words(worst.rule)}"
    more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
    return f"{what} in {one_line(worst.labels.get('training_job', ''), 60)}{more}"


def describe(alert: Alert) -> str:
    """Tell one alert in lines: what, where, since when, the value, what to do, where to resume."""
    labels, notes = alert.labels, alert.annotations
    place = [
        f"{title} {labels[key]}"
        for title, key in (
            ("host", "host"), ("job", "training_job"), ("layer", "layer"),
            ("blob", "blob"), ("phase", "phase"), ("log", "log"),
        )
        if labels.get(key)
    ]  # fmt: skip
    told = [
        ("", f"{_mark(alert)} {in_words(alert.rule)}"),
        ("", notes.get("summary", "")),
        ("Where", ", ".join(place)),
        ("Since iteration", _since(notes)),
        ("Value", notes.get("value", "")),
        ("Do first", _first_line(notes.get("advice", ""))),
        ("Go back to", notes.get("snapshot", "")),
    ]
    if alert.state == "resolved":
        told = told[:4]
    lines = [(title, one_line(text, _LINE_LIMIT)) for title, text in told]
    return "\n".join(f"{title}: {text}" if title else text for title, text in lines if text)


def _since(notes: Mapping[str, str]) -> str:
    number = notes.get("iteration", "")
    return f"{number} (estimated)" if number and "iteration_estimated" in notes else number


def fit(text: str, limit: int) -> str:
    """Escape Slack's three control characters and cut to ``limit``, never within an escape.

    Characters beyond U+FFFF count twice, as in the JavaScript that may do the counting.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    units = escaped.encode("utf-16-le", "replace")
    if len(units) <= 2 * limit:
        return escaped
    cut = units[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return re.sub("&[a-z]*$", "", cut) + "…"


def in_words(rule: str) -> str:
    """Return a rule's title; one that is no longer there is named by its id."""
    return RULES[rule].title if rule in RULES else rule.replace("_", " ")


def _mark(alert: Alert) -> str:
    if alert.state == "resolved":
        return "✅ resolved:"
    return f"{_SIGNS[alert.severity]} {alert.severity}:"


def _summary(alert: Alert) -> str:
    return one_line(alert.annotations.get("summary", in_words(alert.rule)), _LINE_LIMIT)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": fit(text, limit), "emoji": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text, SECTION_LIMIT)}


def _link(job: str, links: Links) -> list[dict[str, Any]]:
    url = links.job(job)
    if not url or len(url) > _URL_LIMIT:
        return []
    text = f"<{fit(url, SECTION_LIMIT).replace('|', '%7C')}|Status page>"
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}]
