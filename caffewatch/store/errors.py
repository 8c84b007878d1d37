"""What can go wrong with the state."""


class StoreError(Exception):
    """The state cannot be read or written; nothing of the failed transaction is kept."""


class StoreLockedError(StoreError):
    """Another process owns the state folder."""
