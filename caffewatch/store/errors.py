"""What can go wrong with the state."""


class StoreError(Exception):
    """The state cannot be read or written; nothing of the failed transaction is kept."""


class StoreLocked(StoreError):  # noqa: N818 - says what is, like BlockingIOError
    """Another process owns the state folder."""
