"""Slack's incoming webhooks: Block Kit that a phone shows well and that log text cannot bend.

Everything out of a log stands in ``plain_text`` objects, which know no links, mentions or markup,
and is escaped on top. The one ``mrkdwn`` object holds our own links.
Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from caffewatch.alert.notification import Notification
from caffewatch.deliver.http import HttpClient, Request
from caffewatch.deliver.outcome import Outcome
from caffewatch.deliver.receiver import ReceiverSettings
from caffewatch.deliver.secret import Secret
from caffewatch.deliver.site import Site
from caffewatch.deliver.text import printable
from caffewatch.deliver.transport import Transport
from caffewatch.deliver.view import AlertView, view
from caffewatch.deliver.wording import Wording, write

HEADER_LIMIT = 150
SECTION_LIMIT = 3000
MOST_SECTIONS = 40
"""With header, remainder and links within the 50 blocks allowed."""

_TEXT_LIMIT = 3000
"""Slack would take 40,000 characters; a phone's notification shows the first hundred."""
_URL_LIMIT = 900


@dataclass(frozen=True, kw_only=True)
class SlackSettings(ReceiverSettings, Transport, Wording):
    """A Slack channel, by the URL of an incoming webhook: whoever knows it can post."""

    type: ClassVar[str] = "slack"
    url: Secret


class SlackReceiver:
    """Renders and posts for one configured channel."""

    min_interval = 1.0

    def __init__(self, settings: SlackSettings, site: Site) -> None:
        self.name = settings.name
        self._settings = settings
        self._site = site
        self._client = HttpClient(settings)

    def send(self, notification: Notification, now: float) -> Outcome:
        """Post one notification once."""
        return self._client.send(render(self._settings, notification, self._site), now)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def render(settings: SlackSettings, notification: Notification, site: Site) -> Request:
    """Make the request; it is the same on every try."""
    body = json.dumps(message(settings, notification, site)).encode()
    return Request(settings.url, {"Content-Type": "application/json"}, body)


def message(wording: Wording, notification: Notification, site: Site) -> dict[str, Any]:
    """Lay out one message: the title, a section for each paragraph, links to our pages."""
    shown = view(notification, site)
    title, text = write(wording, shown)
    paragraphs = list(_paragraphs(text))
    if len(paragraphs) > MOST_SECTIONS:
        left_out = len(paragraphs) - MOST_SECTIONS
        paragraphs[MOST_SECTIONS:] = [f"({left_out} more paragraphs are left out)"]
    return {
        "text": fit(f"{title}\n{text}", _TEXT_LIMIT),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": _plain(title, HEADER_LIMIT)},
            *({"type": "section", "text": _plain(x, SECTION_LIMIT)} for x in paragraphs),
            *_links(shown.worst),
        ],
    }


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


def _paragraphs(text: str) -> Iterator[str]:
    """Split a text at its empty lines."""
    return (part for part in printable(text, len(text)).split("\n\n") if part.strip())


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": fit(text, limit), "emoji": False}


def _links(alert: AlertView) -> list[dict[str, Any]]:
    """Make a line of links; buttons would want an app that answers when they are pressed."""
    links = [
        f"<{fit(url, _URL_LIMIT).replace('|', '%7C')}|{name}>"
        for name, url in alert.links
        if len(url) <= _URL_LIMIT
    ]
    if not links:
        return []
    text = " · ".join(links)
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}]
