"""What can be known of a log in which nothing happens."""

from __future__ import annotations

from typing import NamedTuple


class Silence(NamedTuple):
    """Time that passed without a new line.

    Parameters
    ----------
    seconds
        Wall time since bytes last came.
    gone
        Whether the process was seen, and now is not: None where it never could be seen, which
        proves nothing.
    """

    seconds: float
    gone: bool | None = None
