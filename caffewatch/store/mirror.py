"""The state in memory and on disk: the one decides, the other lasts."""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

from caffewatch.store import alerts
from caffewatch.store.errors import (
    StoreError,
    StoreInputError,
    StoreLostError,
    StoreUnavailableError,
    told_apart,
)
from caffewatch.store.file import StateFile
from caffewatch.store.merge import merge, replace
from caffewatch.store.schema import new_memory
from caffewatch.store.transaction import Operation, T, transact

_log = logging.getLogger(__name__)


class Mirror:
    """Run every transaction on the file, and then on a replica of it in memory.

    What is read comes from memory, so the daemon goes on, and its letters go out, while the file
    cannot be written: then transactions run in memory alone until `tend` has merged what the file
    missed into it, in one transaction. Replica and file agree because an operation does the same
    to the same rows; resolved alerts and saved cores are in the file only.

    Races: one lock is held over both halves of a transaction, and over a merge, so every thread
    sees the letters in one place only. A worker that was sending when the file failed, or when it
    came back, settles its letter where the other threads look. A COMMIT that fails may have been
    written all the same: a merge twice is a merge once. Another process may revive dead letters in
    the file: a transaction that finds it changed takes the replica anew first. Killed while the
    file cannot be written, the daemon begins again where the file stands: it finds the same alerts
    and sends them again, under the same id where the same ones come together.

    Parameters
    ----------
    file
        Not opened yet. One that is not exclusively ours is only looked into: where it fails, so
        do we.

    Attributes
    ----------
    trouble
        Why the file cannot be written, None while it can.
    errors
        How often it failed.
    set_aside
        Where a damaged file was moved to last, None if none was.

    Raises
    ------
    StoreError
        The folder is another daemon's, or the file can be read by no means, or is a newer
        program's. A file that cannot be written is no reason to refuse.
    """

    def __init__(self, file: StateFile) -> None:
        self.trouble: str | None = None
        self.errors = 0
        self.set_aside: Path | None = None
        self._file = file
        self._lock = threading.Lock()
        self._memory = new_memory()
        self._is_lost = False
        self._is_closed = False
        try:
            self._begin()
        except BaseException:
            self._file.close()
            raise

    def write(self, operation: Operation[T], on_disk: Operation[object] | None = None) -> T:
        """Run an operation as one transaction.

        Raises
        ------
        StoreError
            The operation itself is at fault: nothing of it is kept.
        """
        with self._lock, told_apart(self._file.path):
            if self._is_closed:
                raise StoreError(f"{self._file.path}: closed")
            if self.trouble is None:
                self._write_disk(operation, on_disk)
            result = transact(self._memory, operation)
            if self._is_lost:
                self._recover()
            return result

    def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing, in memory."""
        with self._lock, told_apart(self._file.path):
            return operation(self._memory)

    def read_disk(self, operation: Operation[T]) -> T | None:
        """Run one on the file; None while it cannot be read."""
        with self._lock:
            try:
                return self._file.read(operation) if self.trouble is None else None
            except StoreError as error:
                self._degrade(error)
                return None

    def tend(self) -> bool:
        """Write what could not be written; notice what others did to the file.

        Returns
        -------
        bool
            Whether there may be letters that were not there before.
        """
        with self._lock:
            if self.trouble is not None:
                self._recover()
                return False
            try:
                changed = self._file.read(self._take_over)
            except StoreError as error:
                self._degrade(error)
                if self._is_lost:
                    self._recover()
                return False
            transact(self._memory, alerts.drop_resolved)
            return changed

    def close(self) -> None:
        """Write what could not be written, if that is possible now, and close the file."""
        with self._lock:
            if self._is_closed:
                return
            if self.trouble is not None:
                self._recover()
            if self.trouble is not None:
                _log.error("ended with state that is not saved: %s", self.trouble)
            self._is_closed = True
            self._file.close()
            self._memory.close()

    def _begin(self) -> None:
        try:
            self._file.open(thorough=True)
            self._file.read(self._replicate)
        except StoreLostError as error:
            self._degrade(error)
            self._recover()
        except StoreUnavailableError as error:
            self._degrade(error)
            self._salvage()

    def _salvage(self) -> None:
        try:
            self._replicate(self._file.salvage())
        except StoreLostError as error:
            self._degrade(error)

    def _write_disk(self, operation: Operation[T], on_disk: Operation[object] | None) -> None:
        def both(connection: sqlite3.Connection) -> None:
            self._take_over(connection)
            operation(connection)
            if on_disk is not None:
                on_disk(connection)

        try:
            self._file.write(both)
        except StoreInputError:
            raise
        except StoreError as error:
            self._degrade(error)

    def _take_over(self, connection: sqlite3.Connection) -> bool:
        changed = self._file.is_changed(connection)
        if changed:
            self._replicate(connection)
        return changed

    def _replicate(self, connection: sqlite3.Connection) -> None:
        transact(self._memory, lambda memory: replace(connection, memory))

    def _degrade(self, error: StoreError) -> None:
        if not self._file.exclusive:
            raise error
        self._file.disconnect()
        self._is_lost = self._is_lost or isinstance(error, StoreLostError)
        self.errors += 1
        if self.trouble != str(error):
            _log.error("state not saved, going on in memory and trying again: %s", error)
        self.trouble = str(error)

    def _recover(self) -> None:
        try:
            if self._is_lost:
                self._put_aside()
            self._file.disconnect()
            self._file.open()
            self._file.write(self._catch_up)
        except StoreError as error:
            self._degrade(error)
            return
        self.trouble = None
        _log.warning("state saved again: %s", self._file.path)

    def _put_aside(self) -> None:
        target = self._file.set_aside()
        self._is_lost = False
        if target is not None:
            self.set_aside = target
            _log.error("state file set aside as %s, and begun anew", target)

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        merge(self._memory, connection)
        self._file.is_changed(connection)
        self._replicate(connection)
