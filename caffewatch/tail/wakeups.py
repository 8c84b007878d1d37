"""File events that wake the daemon early: a nudge, never the truth."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from watchdog.events import (
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

_EVENTS: list[type[FileSystemEvent]] = [FileModifiedEvent, FileCreatedEvent, FileMovedEvent]
"""Opening and closing are left out: our own reads must not wake us."""

MAX_FOLDERS = 256

_log = logging.getLogger(__name__)


class Wakeups(FileSystemEventHandler):
    """Watches folders, one watch each, and passes on the paths in which something was written.

    Where events cannot be had (limits, network filesystems), polling alone finds what is new:
    `problem` then says why, and it is logged once.

    Parameters
    ----------
    wake
        Called from the observer's thread with the log's path as it was given to `follow`, or with
        the file's path when it is no followed log.
    max_folders
        Folders beyond this many are left to polling.
    """

    def __init__(self, wake: Callable[[str], None], max_folders: int = MAX_FOLDERS) -> None:
        self._wake = wake
        self._max_folders = max_folders
        self._folders: set[str] = set()
        self._logs: dict[str, str] = {}
        self._observer = Observer()
        self.problem: str | None = None

    def start(self) -> None:
        """Begin to deliver events."""
        try:
            self._observer.start()
        except (OSError, RuntimeError) as error:
            self._fail(f"no file events at all: {error}")

    def stop(self) -> None:
        """End the observer's threads."""
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def follow(self, log: str) -> None:
        """Watch the folder of a log, and that of the file that it links to.

        To be called again when a link's target may have changed: what is watched already is left.
        """
        for path in (os.path.abspath(log), os.path.realpath(log)):
            self._logs[path] = log
            self.watch(os.path.dirname(path))

    def watch(self, folder: str) -> None:
        """Watch a folder for new and written files; not the folders in it."""
        folder = os.path.abspath(folder)
        if folder in self._folders or not os.path.isdir(folder):
            return
        if len(self._folders) >= self._max_folders:
            self._fail(f"{folder} and later folders: over the limit of {self._max_folders} watches")
            return
        try:
            self._observer.schedule(self, folder, event_filter=_EVENTS)
        except (OSError, RuntimeError) as error:
            self._fail(f"{folder}: {error}")
            return
        self._folders.add(folder)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass on where something happened; called by the observer."""
        for path in {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)} - {""}:
            self._wake(self._logs.get(path, path))

    def _fail(self, problem: str) -> None:
        if self.problem is None:
            _log.warning("file events: %s; polling finds what is new", problem)
        self.problem = problem
