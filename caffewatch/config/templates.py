"""Templates in the file, tried out on samples before anything depends on them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from caffewatch.config.types import is_web_url, shown
from caffewatch.deliver.samples import SAMPLES
from caffewatch.deliver.sandbox import Template
from caffewatch.deliver.site import PANEL_VARIABLES, Site
from caffewatch.deliver.view import view
from caffewatch.deliver.wording import VARIABLES, Part


def _checked(part: Part) -> Any:
    def check(value: Any) -> str:
        """Compile a template, and fill it in; a BadTemplateError is a ValueError with its line."""
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"expected a template, not {shown(value)}")
        template = Template(value, VARIABLES, html=part == "html")
        for sample in SAMPLES:
            filled = view(sample, Site())
            template.render({name: getattr(filled, name) for name in VARIABLES})
        return value

    return PlainValidator(check)


def _panel_url(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"expected a URL, not {shown(value)}")
    sample = dict.fromkeys(PANEL_VARIABLES, "1")
    if not is_web_url(Template(value, PANEL_VARIABLES).render(sample).strip()):
        raise ValueError(
            "expected a URL such as https://grafana.example/d/x?var-job={{ job }}&from={{ from }}, "
            f"not {shown(value)}"
        )
    return value


_TEXT = WithJsonSchema({"type": "string", "minLength": 1})

TitleTemplate = Annotated[str, _checked("title"), _TEXT]
HtmlTemplate = Annotated[str, _checked("html"), _TEXT]
TextTemplate = Annotated[str, _checked("text"), _TEXT]
PanelUrl = Annotated[str, PlainValidator(_panel_url), _TEXT]
