"""TLS for the server: certificates that may change under it."""

from __future__ import annotations

import logging
import os
import ssl
import threading
from dataclasses import astuple, dataclass

logger = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class TlsFiles:
    """Where certificates are (PEM).

    Parameters
    ----------
    cert_file
        The server's certificate, followed by those that lead to the authority's.
    key_file
        Its key; empty where that is in the same file.
    client_ca_file
        Who must have signed a client's certificate; empty for clients without any.
    """

    cert_file: str
    key_file: str = ""
    client_ca_file: str = ""


class Tls:
    """The TLS context of a server, made anew when a file changes; safe to use from any thread.

    Raises
    ------
    OSError
        A file cannot be read, or is not what it should be.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._stamps = self._look()
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """Return the context by the files as they are; the one before while they are faulty."""
        with self._lock:
            stamps = self._look()
            if stamps != self._stamps:
                self._stamps = stamps
                try:
                    self._context = self._load()
                    logger.info("%s: read again", self._files.cert_file)
                except OSError as error:
                    logger.warning("web.tls: the certificates before stay in use: %s", error)
            return self._context

    def _look(self) -> list[Stamp | None]:
        return [_stamp(path) for path in astuple(self._files) if path]

    def _load(self) -> ssl.SSLContext:
        files = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # With a password, or OpenSSL would ask for one on the terminal.
            context.load_cert_chain(files.cert_file, files.key_file or None, password="")
            if files.client_ca_file:
                context.load_verify_locations(files.client_ca_file)
                context.verify_mode = ssl.CERT_REQUIRED
        except OSError as error:
            raise OSError(f"{', '.join(filter(None, astuple(files)))}: {error}") from error
        return context


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
