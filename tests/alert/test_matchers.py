from __future__ import annotations

import pytest

from caffewatch.alert.matchers import Matcher

LABELS = {"team": "vision", "layer": "conv1", "blob": 'a"b'}


class TestMatches:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('team="vision"', True), ("team=vision", True), ('team="visio"', False),
            ('team!="audio"', True), ('team!="vision"', False),
            ('layer=~"conv.*|fc"', True), ('layer=~"conv"', False), ('layer=~conv\\d', True),
            ('layer!~"fc.*"', True), ('layer!~"conv\\d"', False),
            ('phase=""', True), ('phase!=""', False), ('phase=~"|forward"', True),
            ('blob="a\\"b"', True), (' team = "vision" ', True),
        ],
    )  # fmt: skip
    def test_operators(self, text: str, expected: bool) -> None:
        """As Alertmanager's: anchored, and a missing label is empty."""
        assert Matcher.parse(text).matches(LABELS) is expected

    def test_a_value_of_several_lines(self) -> None:
        """What comes out of a log may hold anything."""
        assert Matcher.parse('log=~"/a.*"').matches({"log": "/a\nb"})


class TestParse:
    @pytest.mark.parametrize(
        "text", ["", "team", "team=", "=vision", 'team="vision', "9x=a", "a==b c", "{team=a}"]
    )
    def test_refused(self, text: str) -> None:
        """What is no matcher is quoted, beside one that is."""
        with pytest.raises(ValueError, match='expected a matcher such as team="vision"'):
            Matcher.parse(text)

    def test_a_broken_expression(self) -> None:
        """What is wrong with it is said."""
        with pytest.raises(ValueError, match=r"no regular expression: 'conv\(': missing \)"):
            Matcher.parse('layer=~"conv("')

    def test_escapes(self) -> None:
        """Only four of them are escapes: expressions keep their backslashes."""
        assert Matcher.parse(r'a="\\ \" \d \n"').value == '\\ " \\d \n'
