from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from caffewatch.config.types import Address, Duration, Listen, is_web_url


class TestDuration:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [("250ms", 0.25), ("2s", 2.0), ("1.5m", 90.0), ("4h", 14400.0), ("1d", 86400.0)],
    )
    def test_units(self, text: str, expected: float) -> None:
        """Every unit is turned into seconds."""
        assert TypeAdapter(Duration).validate_python(text) == pytest.approx(expected)

    @pytest.mark.parametrize(
        "text", ["", "5", "5 s", "s", "-5s", "1e3s", "5S", "5w", "\u0661s", "5s\n"]
    )
    def test_refused(self, text: str) -> None:
        """A duration without a unit, or anything else, is refused."""
        with pytest.raises(ValidationError, match="expected a duration such as 250ms"):
            TypeAdapter(Duration).validate_python(text)


class TestListen:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("127.0.0.1:9728", Address("127.0.0.1", 9728)),
            ("[::1]:0", Address("::1", 0)),
            ("localhost:65535", Address("localhost", 65535)),
        ],
    )
    def test_accepted(self, text: str, expected: Address) -> None:
        """A host and a port, with brackets where the host has colons."""
        assert TypeAdapter(Listen).validate_python(text) == expected

    @pytest.mark.parametrize("text", ["9728", ":9728", "a:", "a:65536", "a:-1", "a:1x"])
    def test_refused(self, text: str) -> None:
        """No host, no port or no such port."""
        with pytest.raises(ValidationError, match="expected HOST:PORT"):
            TypeAdapter(Listen).validate_python(text)


class TestIsWebUrl:
    @pytest.mark.parametrize("text", ["http://a/", "https://a.example:8443/x?y=z", "http://[::1]/"])
    def test_accepted(self, text: str) -> None:
        """A URL of the web needs a host."""
        assert is_web_url(text)

    @pytest.mark.parametrize(
        "text", ["", "a.example", "ftp://a/", "http://", "http://a:x/", "http://a b/", "http://[/"]
    )
    def test_refused(self, text: str) -> None:
        """Anything else."""
        assert not is_web_url(text)
