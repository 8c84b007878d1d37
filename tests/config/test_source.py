from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from caffewatch.config.source import parse

KEYS = st.text("abcxyz", min_size=1, max_size=4)
DATA = st.recursive(
    st.text("abc 019.", min_size=1, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


class TestParse:
    def test_lines(self) -> None:
        """A key has its own line, not its value's; an item the line at which it begins."""
        source = parse("a:\n  b:\n    - c\n    - d: e\n      f: g\n")

        lines = [source.line(path) for path in (("a",), ("a", "b"), ("a", "b", 1, "f"))]

        assert lines == [1, 2, 5]

    def test_line_of_what_is_missing(self) -> None:
        """What is not there is reported where its parent is."""
        source = parse("a:\n  b: c\nd:\n  e: f\n")

        assert source.line(("d", "missing")) == 3

    def test_scalars_stay_texts(self) -> None:
        """No scalar is turned into a number, a truth or a date."""
        source = parse("[no, 0x10, 2001-01-01, 1_000, '', ~]")

        assert source.data == ["no", "0x10", "2001-01-01", "1_000", "", None]

    def test_aliases_that_explode(self) -> None:
        """A few lines that stand for billions of values are an error, at once."""
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        for i in range(1, 12):
            lines.append(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]")

        source = parse("\n".join(lines))

        assert source.errors == [(1, (), "more than 100000 values, expected a small file")]

    def test_an_alias_that_holds_itself(self) -> None:
        """A loop is an error, no endless way down."""
        source = parse("a: &a [*a]")

        assert source.errors == [(1, (), "nested too deeply, or an alias that holds itself")]

    def test_deep_nesting(self) -> None:
        """Brackets without end are an error, no crash."""
        source = parse("[" * 20_000)

        assert source.errors == [(1, (), "nested too deeply, or an alias that holds itself")]

    @given(DATA)
    def test_what_yaml_writes_is_read(self, data: object) -> None:
        """Any data that PyYAML writes comes back the same, without an error."""
        source = parse(yaml.safe_dump(data))

        assert (source.data, source.errors) == (data, [])

    @given(st.text())
    def test_never_raises(self, text: str) -> None:
        """Whatever the text, there is a result, or an error with a line."""
        source = parse(text)

        assert all(line >= 1 for line, _, _ in source.errors)
