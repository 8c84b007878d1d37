"""Many logs on a Dask cluster; its workers need caffewatch, and see the same paths or URLs."""

from __future__ import annotations

import importlib
from typing import Any

from caffewatch.report.judging import Form, Judged, judge
from caffewatch.report.parallel import Future
from caffewatch.report.remote import MISSING

_TIMEOUT = 10.0
"""Seconds to reach the scheduler in."""


class ClusterError(Exception):
    """The cluster cannot be used."""


class Cluster:
    """The workers of a Dask scheduler, to be used as a context.

    Parameters
    ----------
    address
        The scheduler's, such as ``tcp://scheduler:8786``.

    Raises
    ------
    ClusterError
        Dask is not installed, the scheduler does not answer, or it has no workers.
    """

    def __init__(self, address: str) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise ClusterError(f"--dask {MISSING}") from error
        try:
            self._client = distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(f"{address}: {error}") from error
        self._cancelled: type[Exception] = distributed.CancelledError
        self._handed_out: list[Any] = []
        self.width = sum(self._client.nthreads().values())
        if not self.width:
            self._client.close()
            raise ClusterError(f"{address}: no workers")

    def submit(self, name: str, form: Form) -> Future:
        """Hand out a log."""
        self._handed_out = [x for x in self._handed_out if not x.done()]
        future = self._client.submit(judge, name, form, pure=False)
        self._handed_out.append(future)
        return _Result(name, future, self._cancelled)

    def stop(self) -> None:
        """Take back what is not done: a cluster's workers cannot be asked half-way."""
        self._client.cancel(self._handed_out)

    def abandon(self) -> None:
        """Leave the cluster alone: what runs there ends by itself."""

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


class _Result:
    """A log's result to come; what failed on the cluster is told of the log."""

    def __init__(self, name: str, future: Any, cancelled: type[Exception]) -> None:
        self._name = name
        self._future = future
        self._cancelled = cancelled

    def result(self, timeout: float | None = None) -> Judged | None:
        try:
            done: Judged | None = self._future.result(timeout=timeout)
        except TimeoutError:
            raise
        except self._cancelled:
            return None
        except Exception as error:
            told = f"failed on the cluster: {type(error).__name__}: {error}"
            return Judged(self._name, whole=False, told=[told])
        return done
