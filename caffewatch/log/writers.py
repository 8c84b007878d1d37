"""Threads and ranks that name iterations: with several, one may lag behind another."""

from __future__ import annotations

_MOST = 1000
"""Those remembered; a hostile log could name any number."""


class Writers:
    """Tell a rank that lags behind the others from a run that begins anew."""

    def __init__(self) -> None:
        self._last: dict[bytes, int] = {}

    def falls_back(self, writer: bytes, iteration: int, last: int | None) -> bool:
        """Tell whether an iteration is less than its writer's last one and the last of all.

        A writer that was never seen begins a run.
        """
        own = self._last.get(writer)
        if own is None and len(self._last) >= _MOST:
            self._last.clear()
        self._last[writer] = iteration
        return last is not None and iteration < last and (own is None or iteration < own)

    def skip(self, before: int | None, iteration: int) -> None:
        """Take displays up to an iteration, by those whose last one was that before them."""
        for writer, last in self._last.items():
            if last == before:
                self._last[writer] = iteration
