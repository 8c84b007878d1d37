from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from caffewatch.alert.notification import Letter
from caffewatch.cli.main import main
from caffewatch.store.store import Store
from tests.deliver.samples import STARTED, alert

URL = "https://hooks.example/services/hunter2"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Write a configuration with one receiver."""
    path = tmp_path / "caffewatch.yaml"
    document = {
        "jobs": [{"name": "mnist", "path": "train.log"}],
        "receivers": [{"name": "hook", "type": "webhook", "url": URL}],
        "state_dir": "state",
        "timezone": "UTC",
    }
    path.write_text(json.dumps(document))
    return str(path)


def bury(store: Store, receiver: str = "hook", fingerprint: str = "f1") -> str:
    """Write a letter, give it up, and return its id."""
    dead = replace(alert(labels={"log": "/data/\x1b[31m.log"}), fingerprint=fingerprint)
    store.commit({}, [dead], [Letter(receiver, dead, STARTED, STARTED)])
    claim = store.outbox.claim(receiver, STARTED)
    assert claim is not None
    store.outbox.dead(claim.notification.id, f"HTTP 404: {URL}", STARTED)
    return claim.notification.id


@pytest.fixture
def state(tmp_path: Path) -> Store:
    """Own the state, as a daemon that runs does."""
    return Store(tmp_path / "state")


class TestList:
    def test_which_for_whom_when_why_and_what(
        self, config: str, state: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """While the daemon runs; no secret, and nothing that drives a terminal."""
        id = bury(state)

        code = main(["dead-letters", "list", "--config", config])

        assert code == 0
        assert capsys.readouterr().out.splitlines() == [
            f"{id}  hook  2026-11-23 07:20 UTC",
            "  why:  HTTP 404: ***",
            "  what: 🔴 Critical: nan or inf in layer conv1 · imagenet on gpu-07",
            "  log:  /data/�[31m.log",
        ]
        state.close()

    def test_nothing(self, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Before the daemon has ever run there is no state, and none is made."""
        code = main(["dead-letters", "list", "--config", config])

        shown = capsys.readouterr()
        assert (code, shown.out) == (0, "")
        assert "no state as yet" in shown.err
        assert not (tmp_path / "state").exists()


class TestRetry:
    @pytest.mark.parametrize("everything", [True, False])
    def test_is_queued_again(
        self, everything: bool, config: str, state: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Under its old id, for the daemon that runs."""
        ids = sorted([bury(state), bury(state, fingerprint="f2")])

        code = main(
            ["dead-letters", "retry", "--config", config, *(["--all"] if everything else ids)]
        )

        assert code == 0
        assert sorted(capsys.readouterr().out.splitlines()) == [
            f"{x}: will be tried again" for x in ids
        ]
        assert state.tend()
        claim = state.outbox.claim("hook", STARTED)
        assert claim is not None
        assert claim.notification.id in ids
        assert state.outbox.dead_letters() == []
        state.close()

    def test_what_cannot_be(
        self, config: str, state: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """An unknown id, and a receiver that is gone; what can be is retried all the same."""
        orphan, good = bury(state, "gone"), bury(state, fingerprint="f2")

        code = main(["dead-letters", "retry", "--config", config, "cw_x\x1b", orphan, good])

        shown = capsys.readouterr()
        assert (code, shown.out) == (1, f"{good}: will be tried again\n")
        assert shown.err.splitlines() == [
            "cw_x�: no such dead letter",
            f"{orphan}: its receiver 'gone' is no more in the configuration",
        ]
        state.close()

    @pytest.mark.parametrize("arguments", [[], ["--all", "cw_1"]])
    def test_bad_usage(
        self, arguments: list[str], config: str, state: Store, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Either some or all."""
        code = main(["dead-letters", "retry", "--config", config, *arguments])

        assert (code, capsys.readouterr().err) == (
            2, "caffewatch dead-letters retry: expected IDs, or --all\n",
        )  # fmt: skip
        state.close()

    def test_no_state(self, config: str, capsys: pytest.CaptureFixture[str]) -> None:
        """All of nothing is done; a letter that is named is not there."""
        assert main(["dead-letters", "retry", "--config", config, "--all"]) == 0
        assert main(["dead-letters", "retry", "--config", config, "some-id"]) == 1


class TestConfiguration:
    def test_a_bad_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """It says what `config check` would."""
        path = tmp_path / "bad.yaml"
        path.write_text("jobs: []\n")

        assert main(["dead-letters", "list", "--config", str(path)]) == 2
        assert f"{path}:1: jobs" in capsys.readouterr().err

    def test_a_state_that_cannot_be_read(
        self, config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A folder in the place of the file is no state."""
        (tmp_path / "state" / "caffewatch.sqlite").mkdir(parents=True)

        assert main(["dead-letters", "list", "--config", config]) == 2
        assert "caffewatch dead-letters: " in capsys.readouterr().err
