"""The state of the daemon."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from caffewatch.alert.model import Alert
from caffewatch.alert.notification import Letter
from caffewatch.store import alerts as alert_table
from caffewatch.store import logs
from caffewatch.store.file import StateFile
from caffewatch.store.logs import Key
from caffewatch.store.mirror import Mirror
from caffewatch.store.outbox import Outbox, enqueue
from caffewatch.store.prune import prune, prune_cores
from caffewatch.store.transaction import Operation


class Store:
    """Read positions, alerts and outbox in a folder of their own.

    Nothing here fails because the file cannot be written or has been damaged: the state is then
    kept in memory, see `Mirror`. The folder and its file are looked after by calling `tend`.

    Parameters
    ----------
    state_dir
        On a local filesystem; made when missing, for this user only.
    exclusive
        Own the folder, as the daemon does; False only to look, or to revive dead letters: then
        every method raises `StoreError` where the file fails.
    factory
        What connections to the file are made of.

    Attributes
    ----------
    outbox
        The letters on their way, for the delivery's threads.

    Raises
    ------
    StoreLockedError
        Another process owns the folder.
    StoreError
        The folder or file cannot be used, or was written by a newer program.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        exclusive: bool = True,
        factory: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> None:
        self._mirror = Mirror(StateFile(state_dir, exclusive, factory))
        self._dropped: set[Key] = set()
        self.outbox = Outbox(self._mirror)

    @property
    def trouble(self) -> str | None:
        """Why the state cannot be saved, None while it can."""
        return self._mirror.trouble

    @property
    def errors(self) -> int:
        """How often the file failed since the store was opened."""
        return self._mirror.errors

    @property
    def set_aside(self) -> Path | None:
        """Where a damaged file was moved to, None while it was sound."""
        return self._mirror.set_aside

    def tend(self) -> bool:
        """Save what could not be saved; notice what others did to the file.

        Call it every few seconds. Returns whether there may be letters that others have written.
        """
        return self._mirror.tend()

    def commit(
        self,
        positions: Mapping[Key, str],
        alerts: Iterable[Alert] = (),
        letters: Iterable[Letter] = (),
        cores: Mapping[Key, bytes] | None = None,
    ) -> None:
        """Save how far logs were read, what was found and whom to tell: all or nothing.

        Parameters
        ----------
        positions
            (job, log) to the encoded read position.
        alerts
            Edges, in order.
        letters
            In order; those that were written before are left out.
        cores
            (job, log) to what its monitor knew; not kept while the file cannot be written.

        Raises
        ------
        StoreError
            They are no positions, alerts or letters that can be stored.
        """
        edges, written = list(alerts), list(letters)

        def save(connection: sqlite3.Connection) -> None:
            logs.save_positions(connection, positions)
            alert_table.save(connection, edges)
            enqueue(connection, written)

        self._write(save, cores or {})

    def position(self, job: str, log: str) -> str | None:
        """Return the encoded read position, None at the first start."""
        return self._mirror.read(lambda connection: logs.position(connection, (job, log)))

    def core(self, job: str, log: str) -> bytes | None:
        """Return what a log's monitor knew, None when that is not known (any more)."""
        if (job, log) in self._dropped:
            return None
        return self._mirror.read_disk(lambda connection: logs.core(connection, (job, log)))

    def drop_core(self, job: str, log: str) -> None:
        """Forget what a log's monitor knew, as soon as the file can be written."""
        self._dropped.add((job, log))
        self._write(lambda _: None, {})

    def firing(self) -> list[Alert]:
        """List the alerts that have fired and not resolved, oldest first."""
        return self._mirror.read(alert_table.firing)

    def current(self, since: float) -> list[Alert]:
        """List the alerts that fire, and those that have ended since a time (seconds)."""
        saved = self._mirror.read_disk(lambda connection: alert_table.current(connection, since))
        newest = self._mirror.read(lambda connection: alert_table.current(connection, since))
        found = {x.fingerprint: x for x in [*(saved or ()), *newest]}
        return sorted(found.values(), key=lambda x: (x.starts_at, x.fingerprint))

    def told(self, fingerprints: Iterable[str]) -> dict[tuple[str, str], tuple[int, float]]:
        """Return who was last told of firing alerts; not of those a letter still waits for.

        Returns
        -------
        dict
            (receiver, fingerprint) to how often it was repeated, and when it was last written,
            seconds since the epoch.
        """
        wanted = json.dumps(list(fingerprints))
        sql = (
            "SELECT receiver, fingerprint, max(repeat) AS repeat, max(created_at) AS at "
            "FROM outbox WHERE state = 'firing' "
            "AND fingerprint IN (SELECT value FROM json_each(?)) "
            "GROUP BY receiver, fingerprint HAVING count(*) = count(settled_at)"
        )
        rows = self._mirror.read(lambda connection: connection.execute(sql, (wanted,)).fetchall())
        return {(x["receiver"], x["fingerprint"]): (x["repeat"], x["at"]) for x in rows}

    def forget(
        self,
        now: float,
        keep: float,
        followed: Iterable[Key] = (),
        receivers: Iterable[str] | None = None,
    ) -> None:
        """Drop what was over ``keep`` seconds ago.

        Alerts resolved, letters delivered or given up on, and what is known of logs that were last
        followed before that time. Letters of before it that wait for any but ``receivers`` too,
        where these are known: nobody takes them.
        """
        keys, names = list(followed), None if receivers is None else list(receivers)
        self._mirror.write(
            lambda connection: prune(connection, now, keep, keys, names), on_disk=prune_cores
        )

    def close(self) -> None:
        """Close the file and give the folder up."""
        self._mirror.close()

    def _write(self, operation: Operation[None], cores: Mapping[Key, bytes]) -> None:
        def save(connection: sqlite3.Connection) -> None:
            logs.drop_cores(connection, self._dropped)
            logs.save_cores(connection, cores)

        self._mirror.write(operation, save)
        if self._mirror.trouble is None:
            self._dropped.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
