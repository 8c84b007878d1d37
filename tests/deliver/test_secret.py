from __future__ import annotations

import pickle

from caffewatch.deliver.secret import Secret, redact


class TestSecret:
    def test_is_never_printed(self) -> None:
        """Neither by itself nor in what holds it."""
        secret = Secret("hunter2")

        assert (str(secret), repr([secret]), f"{secret}") == ("***", "[***]", "***")

    def test_reveal(self) -> None:
        """The one who needs it gets it, also in another process."""
        assert pickle.loads(pickle.dumps(Secret("hunter2"))).reveal() == "hunter2"


class TestRedact:
    def test_longest_first(self) -> None:
        """A secret within another leaves nothing of the longer one."""
        assert redact("see http://a/hunter2 now", ["hunter2", "http://a/hunter2"]) == "see *** now"

    def test_short_texts_stay(self) -> None:
        """An empty path is no secret."""
        assert redact("abc", ["", "b"]) == "abc"
