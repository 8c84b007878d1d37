"""The fuzzer finds, makes small, and keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import corpus, long


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let every log with an lr line fail; return the folder where crashers go."""

    def check(data: bytes, cuts: object) -> None:
        assert b", lr = " not in data

    monkeypatch.setattr(long, "check", check)
    monkeypatch.setattr(long, "keep", lambda data: corpus.keep(data, tmp_path))
    return tmp_path


class TestFailure:
    def test_none(self) -> None:
        """A log that holds."""
        assert long.failure(b"x\n") is None

    def test_names_error_and_place(self, broken: Path) -> None:
        """So that one fault is kept once."""
        kind, *calls = long.failure(b"Iteration 0, lr = 1\n") or ()

        assert kind == "AssertionError"
        assert calls[-1].endswith('assert b", lr = " not in data')


class TestSmaller:
    def test_leaves_the_lines_that_fail(self) -> None:
        """All others go."""
        data = b"".join(b"%d\n" % number for number in range(100))

        assert long.smaller(data, lambda x: b"17\n" in x and b"71\n" in x) == b"17\n71\n"


class TestMain:
    def test_keeps_what_fails(
        self, broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In the corpus, small, and says so with its exit status."""
        monkeypatch.setattr(long.Fuzzer, "over", property(lambda self: bool(self.found)))
        monkeypatch.setenv("FUZZ_SEED", "1")

        status = long.main()

        (kept,) = broken.iterdir()
        assert status == 1
        assert kept.read_bytes().count(b"\n") <= 1
        assert str(kept) in capsys.readouterr().out

    def test_finds_nothing(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """No time, no finding."""
        monkeypatch.setenv("FUZZ_SECONDS", "0")

        assert long.main() == 0
        assert "0 logs, 0 of them fail" in capsys.readouterr().out
