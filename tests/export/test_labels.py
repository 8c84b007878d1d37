from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.export.labels import MAX_LABEL_LENGTH, label_value


class TestLabelValue:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("conv1/7x7_s2", "conv1/7x7_s2"),
            ("schön 层", "schön 层"),
            ("a\nb\0", r"a\nb\x00"),
            ("broken \udcff", r"broken \udcff"),
            ("turned \u202e", r"turned \u202e"),
            ("", ""),
        ],
    )
    def test_escapes(self, text: str, expected: str) -> None:
        """Names stay as they are, and what cannot be printed becomes its escape."""
        assert label_value(text) == expected

    def test_a_long_text_loses_its_middle(self) -> None:
        """Beginning and end tell more than the middle."""
        shown = label_value("a" * 300 + "m" * 1000 + "z" * 300)

        assert shown == "a" * 256 + "…" + "z" * 256

    @given(st.text(st.characters(), max_size=1000))
    def test_any_text_is_bounded_utf8(self, text: str) -> None:
        """No text can break a scrape."""
        shown = label_value(text)

        assert shown.isprintable()
        assert len(shown.encode()) <= MAX_LABEL_LENGTH * 11
