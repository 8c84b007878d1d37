from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from caffewatch.report.cluster import Cluster, ClusterError
from tests.cli.command import checked
from tests.logs import CaffeLog

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Run a scheduler and two worker processes on loopback."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of logs, each other one of them with nan."""
    for number in range(10):
        log = CaffeLog.started()
        log.display(0)
        log.display(10, {"ip1": "nan"} if number % 2 else {})
        path = tmp_path / f"{number}.log"
        path.write_bytes(log.data)
        os.utime(path, (0, 0))  # the text says how long ago: in days, which do not change meanwhile
    return tmp_path


@pytest.mark.slow
class TestLocalCluster:
    @pytest.mark.parametrize("options", [("--format", "json"), (), ("--summary",)])
    def test_same_as_here(
        self, options: tuple[str, ...], cluster: Any, folder: Path, capsys: Capture
    ) -> None:
        """The report is that of one process, to the byte."""
        alone = checked(capsys, *options, folder)

        assert checked(capsys, *options, "--dask", cluster.scheduler_address, folder) == alone

    def test_urls(self, cluster: Any, folder: Path, capsys: Capture) -> None:
        """Are opened by the workers."""
        address = cluster.scheduler_address
        code, out, _ = checked(
            capsys, "--format", "json", "--dask", address, f"file://{folder}/*.log"
        )

        assert code == 1
        assert [x["log"] for x in json.loads(out)] == [
            f"file://{folder}/{n}.log" for n in range(10)
        ]

    def test_what_cannot_be_read(self, cluster: Any, folder: Path, capsys: Capture) -> None:
        """Is told here."""
        code, _, err = checked(capsys, "--dask", cluster.scheduler_address, folder / "gone.log")

        assert (code, err) == (
            2, f"caffewatch check: {folder}/gone.log: No such file or directory\n",
        )  # fmt: skip

    def test_what_fails_there(self, cluster: Any) -> None:
        """An exception on a worker is told of its log."""
        with Cluster(cluster.scheduler_address) as workers:
            done = workers.submit("\0", "json").result(timeout=60)

        assert not done.whole
        assert done.told[0].startswith("failed on the cluster: ")

    def test_stopped(self, cluster: Any, folder: Path) -> None:
        """What is taken back gives no result."""
        with Cluster(cluster.scheduler_address) as workers:
            results = [workers.submit(str(folder / "0.log"), "json") for _ in range(200)]
            workers.stop()

            assert results[-1].result(timeout=60) is None


class TestWithoutACluster:
    def test_without_the_extra(
        self, capsys: Capture, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        """The message says what to install."""
        monkeypatch.setitem(sys.modules, "distributed", None)

        code, out, err = checked(capsys, "--dask", "tcp://127.0.0.1:1", folder)

        assert (code, out) == (2, "")
        assert err == ("caffewatch check: --dask needs the extra: pip install 'caffewatch[dask]'\n")

    def test_no_scheduler(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Is told after a while, by its address."""
        monkeypatch.setattr("caffewatch.report.cluster._TIMEOUT", 0.5)

        with pytest.raises(ClusterError, match=r"^tcp://127\.0\.0\.1:1: "):
            Cluster("tcp://127.0.0.1:1")
