from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from caffewatch.web.connections import Connections, hang_up


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return two ends of one connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


class TestConnections:
    def test_overdue(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """Only those open for longer than the limit are past it."""
        connections = Connections()
        connections.add(pair[0], now=100.0)
        connections.add(pair[1], now=105.0)

        assert connections.overdue(now=110.0, limit=10.0) == []
        assert connections.overdue(now=110.5, limit=10.0) == [pair[0]]

    def test_who_has_asked_is_spared(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """The oldest that is still asking makes room, not one that is being answered."""
        connections = Connections()
        connections.add(pair[0], now=0.0)
        connections.add(pair[1], now=1.0)

        connections.asked(pair[0])

        assert connections.oldest_asking() == [pair[1]]

    def test_one_that_goes_on_as_another(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """Its age and its place stay."""
        connections = Connections()
        connections.add(pair[0], now=0.0)

        connections.exchange(*pair)

        assert connections.overdue(now=10.0, limit=5.0) == [pair[1]]
        assert connections.oldest_asking() == [pair[1]]

    def test_nobody_is_asking(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """A closed connection is forgotten, however often that is said."""
        connections = Connections()
        connections.add(pair[0], now=0.0)

        connections.remove(pair[0])
        connections.remove(pair[0])

        assert (len(connections), connections.oldest_asking()) == (0, [])


class TestHangUp:
    def test_ends_reading(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """Whoever reads sees the end at once."""
        hang_up([pair[0]])

        assert pair[0].recv(1) == b""

    def test_a_closed_socket_is_no_error(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """The rest is hung up on all the same."""
        pair[0].close()

        hang_up([pair[0], pair[1]])

        assert pair[1].recv(1) == b""
