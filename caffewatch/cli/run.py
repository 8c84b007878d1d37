"""``caffewatch run --config FILE``: the daemon."""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import signal
from pathlib import Path
from types import FrameType

from caffewatch.cli import logs
from caffewatch.config import ConfigError, Settings, load
from caffewatch.service.daemon import Daemon
from caffewatch.service.notify import ServiceManager
from caffewatch.store.errors import StoreError
from caffewatch.tail.reader import raise_descriptor_limit

_log = logging.getLogger("caffewatch")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--config", metavar="FILE", required=True, help="the configuration (YAML)")
    parser.add_argument(
        "--log-format",
        choices=logs.FORMATS,
        default="text",
        help="of what the daemon itself logs, on standard error (default: text)",
    )
    parser.add_argument(
        "--log-level",
        choices=logs.LEVELS,
        default="info",
        help="log nothing milder than this (default: info)",
    )
    parser.epilog = "SIGTERM and SIGINT end it, SIGHUP makes it read FILE again"


def main(arguments: argparse.Namespace) -> int:
    """Run the daemon until a signal ends it."""
    logs.configure(arguments.log_format, arguments.log_level, os.environ)
    faulthandler.enable()  # systemd's watchdog ends a hung daemon by SIGABRT: where did it hang?
    try:
        settings = load(Path(arguments.config), os.environ)
    except ConfigError as error:
        for problem in error.errors:
            _log.critical("%s", problem)
        return 2
    raise_descriptor_limit()
    manager = ServiceManager(os.environ)
    return Supervisor(Path(arguments.config), settings, manager).run()


class Supervisor:
    """Run one daemon after the other: SIGHUP exchanges it for one with the new settings.

    Settings that are faulty, or with which no daemon can be made (its port is taken), leave the
    settings before in force.
    """

    def __init__(self, path: Path, settings: Settings, manager: ServiceManager) -> None:
        self._path = path
        self._settings = settings
        self._manager = manager
        self._daemon: Daemon | None = None
        self._ending = False
        self._asked = False  # for settings that have not been read as yet

    def run(self) -> int:
        """Go on until SIGTERM or SIGINT; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._daemon = Daemon(self._settings)
        except (OSError, StoreError) as error:
            _log.critical("%s", _reason(error, self._settings))
            return 1
        while not self._ending:
            self._serve(self._daemon)
        return 0

    def _serve(self, daemon: Daemon) -> None:
        """Run a daemon until there are other settings, or the end has come."""
        try:
            daemon.start()
            settings = None
            while settings is None and not self._ending:
                self._manager.ready(daemon.status())
                if not self._asked:
                    daemon.run(lambda: self._manager.beat(daemon.status))
                settings = self._read_again(daemon)
        finally:
            if self._ending:
                self._manager.stopping()
            daemon.close()
        if settings is not None and not self._ending:
            self._daemon = self._exchange(settings)

    def _read_again(self, daemon: Daemon) -> Settings | None:
        """Return the file's settings, None if they are no reason to exchange the daemon."""
        daemon.resume()
        if self._ending:
            return None
        self._asked = False
        self._manager.reloading()
        try:
            settings = load(self._path, os.environ)
        except ConfigError as error:
            _log.error("%s is bad, the settings before stay in force", self._path)
            for problem in error.errors:
                _log.error("%s", problem)
            daemon.reload_ok = False
            return None
        _log.info("%s: read again", self._path)
        return settings

    def _exchange(self, settings: Settings) -> Daemon:
        try:
            daemon = Daemon(settings)
        except (OSError, StoreError) as error:
            reason = _reason(error, settings)
            _log.error("the settings before stay in force: %s", reason)
            return Daemon(self._settings, reload_ok=False)
        self._settings = settings
        return daemon

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._ending = self._ending or number != signal.SIGHUP
        self._asked = self._asked or number == signal.SIGHUP
        if self._daemon is not None:
            self._daemon.stop()


def _reason(error: Exception, settings: Settings) -> str:
    if isinstance(error, StoreError):
        return str(error)
    listen = settings.web.listen
    return f"web.listen {listen.host}:{listen.port}: {error}"
