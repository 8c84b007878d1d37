"""A Slack that keeps its documented limits: one that is broken is an error, as there.

https://docs.slack.dev/reference/block-kit/blocks,
https://docs.slack.dev/apis/web-api/rate-limits,
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.deliver.web_server import WebServer

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class FakeSlack:
    """Judges every POST to a server; ``accepted`` are the messages that people see."""

    server: WebServer
    clock: Callable[[], float] = time.monotonic
    accepted: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _last: float = float("-inf")

    def __post_init__(self) -> None:
        """Take over the server's answers."""
        self.server.answer = self.answer

    def answer(self, body: bytes) -> Answer:
        """Answer one POST."""
        now = self.clock()
        if now - self._last < 0.99:
            self.refused.append("rate_limited")
            return 429, {"Retry-After": "1"}, b"rate_limited"
        self._last = now
        try:
            message = json.loads(body.decode())
        except ValueError:
            problem = "invalid_payload"
        else:
            problem = next(problems(message), "")
        if problem:
            self.refused.append(problem)
            return 400, {}, problem.encode()
        self.accepted.append(message)
        return 200, {}, b"ok"


def problems(message: dict[str, Any]) -> Iterator[str]:
    """Find what Slack would refuse."""
    blocks = message.get("blocks", [])
    if not message.get("text") and not blocks:
        yield "no_text"
    if len(message.get("text", "")) > 40_000:
        yield "msg_too_long"
    if len(blocks) > 50:
        yield "invalid_blocks: more than 50"
    for block in blocks:
        match block["type"]:
            case "header":
                yield from _text(block["text"], 150, {"plain_text"})
            case "section":
                yield from _text(block["text"], 3000, {"plain_text", "mrkdwn"})
            case "context":
                if not 1 <= len(block["elements"]) <= 10:
                    yield "invalid_blocks: elements of a context"
                for element in block["elements"]:
                    yield from _text(element, 3000, {"plain_text", "mrkdwn"})
            case "divider":
                pass
            case other:
                yield f"invalid_blocks: {other}"


def _text(text: dict[str, Any], limit: int, kinds: set[str]) -> Iterator[str]:
    if text["type"] not in kinds:
        yield f"invalid_blocks: {text['type']}"
    if not 1 <= len(text["text"]) <= limit:
        yield f"invalid_blocks: {len(text['text'])} characters, at most {limit}"
    if text["type"] == "plain_text" and set(text) - {"type", "text", "emoji"}:
        yield "invalid_blocks: keys of a plain_text"
    if text["type"] == "mrkdwn" and set(text) - {"type", "text", "verbatim"}:
        yield "invalid_blocks: keys of a mrkdwn"
