"""The text format of protocol buffers."""

from __future__ import annotations

import pytest

from caffewatch.log import prototxt


def read(text: str) -> prototxt.Message:
    """Return what a dump says."""
    reader = prototxt.Reader()
    for line in text.splitlines():
        reader.feed(line)
    return reader.root


class TestPrototxt:
    def test_nested(self) -> None:
        """Messages nest, fields repeat, numbers and enums stay text."""
        root = read('a: 1\na: 2\nb {\n  c: "x: {"\n  d {\n    e: MAX\n  }\n}\nf: -1.5\n')

        expected = {"a": ["1", "2"], "b": [{"c": ["x: {"], "d": [{"e": ["MAX"]}]}], "f": ["-1.5"]}
        assert root == expected

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (r'"a\"b\\c"', r'a"b\c'),
            (r'"a\n\t\r"', "a\n\t\r"),
            (r'"\345\274\240x"', "张x"),
            (r'"\8\777"', "8\ufffd"),
            ("'single'", "single"),
            ('"', '"'),
            ('"open', '"open'),
            ('""', ""),
            ("plain\\n", "plain\\n"),
        ],
    )
    def test_quotes_and_escapes(self, value: str, expected: str) -> None:
        """Strings are unquoted, escapes undone, bytes of UTF-8 in octal put together."""
        assert prototxt.text(read(f"name: {value}\n"), "name") == expected

    def test_readers_of_fields(self) -> None:
        """A missing field is its default, a repeated one its last value, a wrong one no number."""
        root = read("a: 1\na: 2.5\nb {\n}\nc: x\n")

        assert prototxt.text(root, "z", "none") == "none"
        assert [prototxt.number(root, name, 7.0) for name in "abcz"] == [2.5, 7.0, 7.0, 7.0]
        assert (prototxt.messages(root, "b"), prototxt.texts(root, "b")) == ([{}], [])

    def test_what_is_no_field(self) -> None:
        """Foreign lines, braces too many and endless nesting do no harm."""
        root = read("}\n}\nhello\na: 1\n" + "x {\n" * 10_000 + "}\n" * 10_000 + "b: 2\n")

        assert prototxt.texts(root, "a") == ["1"]

    def test_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A dump without an end fills no memory."""
        monkeypatch.setattr(prototxt, "MAX_FIELDS", 100)

        assert len(read("\n".join(f"{number}: 1" for number in range(110)))) == 100

    def test_bounded_in_length(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nor does one of few fields that are endless."""
        monkeypatch.setattr(prototxt, "MAX_TEXT", 1000)

        assert len(read("\n".join(f"{number:03}: {'x' * 97}" for number in range(20)))) == 10
