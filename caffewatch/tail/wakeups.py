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
from watchdog.observers.api import BaseObserver, ObservedWatch

from caffewatch.tail.identity import FileId
from caffewatch.tail.reader import file_id

_EVENTS: list[type[FileSystemEvent]] = [FileModifiedEvent, FileCreatedEvent, FileMovedEvent]
"""Opening and closing are left out: our own reads must not wake us."""

MAX_FOLDERS = 256

_log = logging.getLogger(__name__)
# A watch that is taken back while its thread waits is an error to watchdog, and none to us.
logging.getLogger("watchdog.observers.inotify").setLevel(logging.CRITICAL)


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
        self._folders: dict[str, tuple[FileId, ObservedWatch]] = {}
        self._logs: dict[str, str] = {}
        self._observer: BaseObserver | None = None
        self.problem: str | None = None
        try:
            self._observer = Observer()
        except OSError as error:  # the limit of inotify's instances
            self._fail(f"no file events at all: {error}")

    def start(self) -> None:
        """Begin to deliver events."""
        try:
            if self._observer is not None:
                self._observer.start()
        except (OSError, RuntimeError) as error:
            self._fail(f"no file events at all: {error}")

    def stop(self) -> None:
        """End the observer's threads."""
        if self._observer is not None and self._observer.is_alive():
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
        """Watch a folder for new and written files; not the folders in it.

        A folder that was moved away and made anew is another one, and has to be watched anew.
        """
        folder = os.path.abspath(folder)
        if self._observer is None or not os.path.isdir(folder):
            return
        try:
            identity = file_id(os.stat(folder))
            known, watch = self._folders.get(folder, (None, None))
            if known == identity:
                return
            if watch is not None:
                del self._folders[folder]
                self._observer.unschedule(watch)
            if len(self._folders) >= self._max_folders:
                limit = f"over the limit of {self._max_folders} watches"
                self._fail(f"{folder} and later folders: {limit}")
                return
            watch = self._observer.schedule(self, folder, event_filter=_EVENTS)
            self._folders[folder] = identity, watch
        except (OSError, RuntimeError, KeyError) as error:
            self._fail(f"{folder}: {error}")

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass on where something happened; called by the observer."""
        for path in {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)} - {""}:
            self._wake(self._logs.get(path, path))

    def _fail(self, problem: str) -> None:
        if self.problem is None:
            _log.warning("file events: %s; polling finds what is new", problem)
        self.problem = problem
