"""Templates to HTML: every value is escaped, whatever a log calls its layers."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from caffewatch.draw.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from caffewatch.draw.chart import sparkline as _sparkline
from caffewatch.draw.figures import duration, grouped, moment, short, stamp
from caffewatch.draw.heat import WIDTH as MAP_WIDTH


def render(template: str, **values: object) -> str:
    """Fill a template in."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("caffewatch.draw"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "short": short, "grouped": grouped, "duration": duration, "moment": moment, "stamp": stamp,
        "clean": clean,
    }  # fmt: skip
    environment.globals |= {
        "sparkline": _sparkline,
        "box": {
            "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "top": TOP,
            "bottom": HEIGHT - BOTTOM, "map": MAP_WIDTH,
        },
    }  # fmt: skip
    return environment


def clean(text: str) -> str:
    """Replace what is not printable: a log must not drive the reader's browser."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
