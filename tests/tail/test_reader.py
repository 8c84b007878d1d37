"""What tailing asks of the operating system."""

import resource

import pytest

from caffewatch.tail.reader import raise_descriptor_limit


class TestDescriptorLimit:
    def test_takes_what_is_granted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The soft limit becomes the hard one; nothing is asked for that is there."""
        asked: list[tuple[int, int]] = []
        monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
        monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
        raise_descriptor_limit()
        monkeypatch.setattr(resource, "getrlimit", lambda _: (4096, 4096))
        raise_descriptor_limit()

        assert asked == [(4096, 4096)]
