"""Following logs: bytes in order out of whatever files come and go behind a path."""
