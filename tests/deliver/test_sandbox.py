from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from caffewatch.deliver.sandbox import (
    LONGEST_OUTPUT,
    LONGEST_SOURCE,
    BadTemplateError,
    Template,
)


@dataclass(frozen=True, slots=True)
class Thing:
    name: str = "conv1"
    labels: tuple[str, ...] = ("a", "b")


VALUES = {"thing": Thing(), "things": (Thing("a"), Thing("b")), "text": "<b>&"}


def render(source: str, *, html: bool = False) -> str:
    """Compile a template and fill it in."""
    return Template(source, VALUES, html=html).render(VALUES)


class TestRender:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("{{ thing.name|upper }}", "CONV1"),
            (
                "{% for x in things if x.name != 'a' %}{{ loop.index }}{{ x.name }}{% endfor %}",
                "1b",
            ),
            ("{% set a = 2 %}{% if a * 3 > 5 %}{{ a * 3 }}{% else %}no{% endif %}", "6"),
            ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
            ("{{ 'a,b'.split(',')|join('+') }}", "a+b"),
        ],
    )
    def test_what_there_is(self, source: str, expected: str) -> None:
        """Values, conditions, loops and plain filters."""
        assert render(source) == expected

    def test_values_are_no_templates(self) -> None:
        """What a log says is inserted, whatever it looks like."""
        assert Template("{{ text }}", ["text"]).render({"text": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"

    def test_html(self) -> None:
        """There values are escaped."""
        assert (render("{{ text }}"), render("{{ text }}", html=True)) == ("<b>&", "&lt;b&gt;&amp;")


class TestRefused:
    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("a\n{{ thing.name", "line 2 of the template: unexpected end of template"),
            ("{{ thin.name }}", "line 1 of the template: unknown variable 'thin', did you mean"),
            ("{{ x }}", "unknown variable 'x', expected one of: text, thing, things"),
            ("{{ text|safe }}", "line 1 of the template: No filter named 'safe'."),
            ("{{ text|urlize }}", "No filter named 'urlize'"),
            ("\n{% include '/etc/passwd' %}", "line 2 of the template: Include is not allowed"),
            ("{% macro a() %}{% endmacro %}", "Macro is not allowed, expected if, for and set"),
            ("{% autoescape false %}{{ text }}{% endautoescape %}", "is not allowed"),
            ("{{ cycler('a') }}", "unknown variable 'cycler'"),
            (
                "{% for a in things %}{% for b in things %}{% for c in things %}"
                "{% endfor %}{% endfor %}{% endfor %}",
                "expected loops at most 2 deep",
            ),
            ("{% for a in things recursive %}{% endfor %}", "none recursive"),
            ("x" * (LONGEST_SOURCE + 1), f"expected at most {LONGEST_SOURCE} characters"),
            ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", "nested too deeply"),
        ],
    )  # fmt: skip
    def test_when_compiled(self, source: str, message: str) -> None:
        """With the line, and with what would be right."""
        with pytest.raises(BadTemplateError) as raised:
            Template(source, VALUES)

        assert message in str(raised.value)

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("\n\n{{ thing.nam }}", "line 3 of the template: unknown value 'nam', did you mean"),
            ("{{ thing.name.nam }}", "line 1 of the template: unknown value 'nam'"),
            ("{{ thing.__class__ }}", "unknown value '__class__'"),
            ("{{ ''.__class__.__mro__ }}", "unknown value '__class__'"),
            ("{{ range.__init__ }}", "unknown value '__init__'"),
            ("{{ thing.name|abs }}", "line 1 of the template: TypeError"),
            ("{{ 1 / 0 }}", "ZeroDivisionError"),
            ("{{ 'x' * 99 }}", "* is only for numbers"),
            ("{{ 9 ** 9 }}", "** for none"),
            ("{{ '%999999999d' % 1 }}", "% is only for numbers"),
            ("{{ 'x'.ljust(999999999) }}", "expected numbers up to 1000 in a call"),
            ("{% for i in range(100000) %}{% endfor %}", "expected numbers up to 1000 in a call"),
            ("{{ '{:999999999}'.format(1) }}", "line 1 of the template: format is not allowed"),
            ("{{ ('{:99999999' ~ '}').format_map({}) }}", "format is not allowed"),
        ],
    )  # fmt: skip
    def test_when_filled_in(self, source: str, message: str) -> None:
        """The way out of the sandbox is closed, and so is the way to all memory."""
        with pytest.raises(BadTemplateError) as raised:
            render(source)

        assert message in str(raised.value)

    def test_too_much(self) -> None:
        """A template that goes on writing is stopped."""
        source = "{% for a in range(1000) %}{% for b in range(1000) %}xxxx{% endfor %}{% endfor %}"

        with pytest.raises(BadTemplateError, match=f"more than {LONGEST_OUTPUT} characters"):
            render(source)

    def test_too_long(self) -> None:
        """A template that goes on computing is stopped."""
        source = (
            "{% for a in range(1000) %}{% for b in range(1000) %}"
            "{% if 'x'.ljust(1000).upper() == 'y' %}{% endif %}{% endfor %}{% endfor %}"
        )
        began = time.monotonic()

        with pytest.raises(BadTemplateError, match="takes longer than 1 s"):
            render(source)

        assert time.monotonic() - began < 20.0
