"""What can be known of a log in which nothing happens."""

from __future__ import annotations

from typing import NamedTuple


class Silence(NamedTuple):
    """Time that passed without a new line.

    Parameters
    ----------
    seconds
        Time since bytes last came, by a clock that nobody sets.
    gone
        Whether the process was seen, and now is not: None where it never could be seen, which
        proves nothing.
    told
        People were told of this silence before: by a process of ours that has ended since.
    over
        It ends with the bytes that are fed next. Infinitely long where nobody watched it.
    """

    seconds: float
    gone: bool | None = None
    told: bool = False
    over: bool = False
