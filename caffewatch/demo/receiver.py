"""A small receiver of webhooks that prints what arrives."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rich.text import Text

from caffewatch.report.plain import plain

_STYLES = {"critical": "bold red", "warning": "bold yellow"}
_MAX_BODY = 1 << 20


class Receiver:
    """Listen on 127.0.0.1, on any free port, and show every alert."""

    def __init__(self, show: Callable[[Text], None]) -> None:
        def take(body: bytes) -> bool:
            try:
                lines = [line for alert in json.loads(body)["alerts"] for line in describe(alert)]
            except (ValueError, TypeError, KeyError, AttributeError):
                return False  # not from our webhook
            for line in lines:
                show(line)
            return True

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length", 0)), _MAX_BODY)
                taken = take(self.rfile.read(length))
                self.send_response(204 if taken else 400)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: what arrives is shown instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()


def describe(alert: dict[str, Any]) -> list[Text]:
    """Say what an alert of the webhook's JSON says, in a few lines."""
    labels, notes = alert["labels"], alert["annotations"]
    severity, state = labels["severity"], alert["status"]
    style = _STYLES.get(severity, "cyan") if state == "firing" else "green"
    head = Text.assemble(
        "\n", (f"ALERT {state} {severity}", style), f"  {plain(notes.get('summary', ''))}"
    )
    if state == "resolved":
        return [head]
    lines = [Text(f"  {plain(notes.get('description', ''))}")]
    if "evidence" in notes:
        lines.append(Text(f"  lately: {plain(notes['evidence'])}"))
    lines += [Text(f"  - {plain(x)}", style="cyan") for x in notes.get("advice", "").split("\n")]
    return [head, *lines]
