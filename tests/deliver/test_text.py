from __future__ import annotations

import pytest

from caffewatch.deliver.text import defused, one_line


class TestDefused:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("<!channel>", "<\u200b!\u200bchannel>"),
            ("<@U1> @here a@b", "<\u200b@\u200bU1> @\u200bhere a@\u200bb"),
            ("see http://evil.example", "see http:\u200b//evil.example"),
            ("WWW.evil.example", "WWW\u200b.evil.example"),
            ("loss < 3 @ 17", "loss < 3 @ 17"),
            ("/data/a.log: 3", "/data/a.log: 3"),
        ],
    )
    def test_mentions_and_links(self, text: str, expected: str) -> None:
        """They read the same, and no program takes them for what they were."""
        assert defused(text, 100) == expected


class TestOneLine:
    def test_controls(self) -> None:
        """Neither a terminal nor a log is at the mercy of a text."""
        assert one_line("a\r\nb\x1b[31m\u202e\x00 c", 100) == "a b\ufffd[31m\ufffd\ufffd c"
