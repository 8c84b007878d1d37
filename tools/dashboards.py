"""Write the Grafana dashboards in config/grafana/dashboards."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import fleet, layers, run

FOLDER = Path(__file__).parents[1] / "config" / "grafana" / "dashboards"


def pages() -> dict[str, str]:
    """Return every dashboard as JSON: file name -> text."""
    boards = [board.build().build() for board in (fleet, run, layers)]
    for board in boards:
        for number, panel in enumerate(board.panels or (), 1):
            panel.id_val = number  # links lead to panels by number
    return {
        f"{board.uid}.json": json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"
        for board in boards
    }


def main() -> None:
    """Write them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
