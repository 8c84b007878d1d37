"""Write docs/configuration.md from the settings' own schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from caffewatch.config.receivers import EdgeDocument, HttpDocument, WordingDocument
from caffewatch.config.schema import TEXT, json_schema
from caffewatch.config.section import Section
from caffewatch.config.types import DURATION_PATTERN
from caffewatch.deliver.view import AlertView, MessageView

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "configuration.md"

_HEAD = """\
# Configuration

<!-- Written by `make docs` from caffewatch/config. Change the settings, not this page. -->

Every key of the file that `caffewatch run --config FILE` reads, from the schema by which it is
checked. `caffewatch config example` prints a file to begin with, `caffewatch config check FILE`
tells all that is wrong with one, each with its line. The daemon reads the file again at SIGHUP
(`systemctl reload caffewatch`); one that is bad leaves the settings before in force.

- **Durations** are a number with `ms`, `s`, `m`, `h` or `d`: `250ms`, `2s`, `5m`, `4h`, `1d`.
- **Relative paths** start at the folder of the file.
- **Secrets** come from a file (`url_file`, `secret_file` and the like; a relative path is looked up
  in `$CREDENTIALS_DIRECTORY` where systemd sets it) or from the environment
  (`url: ${SLACK_URL}`). They are never printed. Of `x` and `x_file` there is one.
- **Unknown keys** are errors, with the nearest known key.

**In an editor** with the YAML language server (VS Code, Neovim, Emacs …) keys are completed and
checked while you write. Put the schema beside the file, and name it in its first line:

```sh
caffewatch config schema > caffewatch.schema.json
```

```yaml
# yaml-language-server: $schema=caffewatch.schema.json
```

"""
_RULES = """\
## rules

A mapping of rules, each with `enabled`, `severity`, thresholds of its own and, where it judges
layers, `layers`. It may stand at the top of the file and in a job, which wins.
[rules.md](rules.md) has every rule with every parameter.
"""
_TEMPLATES = """\
A template knows {message}. Each of `alerts`, and `worst` among them, has {alert}. What does not
apply is empty; `labels` and `annotations` are those that a webhook gets.

```yaml
receivers:
  - name: slack-vision
    type: slack
    url_file: slack-url
    title: "{{{{ worst.headline }}}} · {{{{ worst.job }}}}"
    text: "{{% for alert in alerts %}}{{{{ alert.description }}}} {{% endfor %}}"
```
"""
_GROUPS: dict[str, tuple[type[Section], str]] = {
    "Every receiver": (EdgeDocument, "`send_resolved` is not there for `alertmanager`."),
    "Receivers over HTTP": (HttpDocument, "These are for `alertmanager`, `slack`, `webhook`, and "
                            "for the [heartbeat](#heartbeat)."),
    "What people read": (WordingDocument, "These are for `apprise`, `email` and `slack`."),
}  # fmt: skip


def page() -> str:
    """Return the whole page."""
    return _HEAD + "\n".join(_sections(json_schema())).rstrip() + "\n"


def _sections(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## The file\n"
    yield table(schema, schema)
    for name in ("jobs", "web", "tail", "alerts", "metrics"):
        yield f"## {name}\n"
        yield from _section(schema, name, _resolved(schema, schema["properties"][name]))
    yield from _receivers(schema)
    yield "## heartbeat\n"
    heartbeat = _resolved(schema, schema["properties"]["heartbeat"])
    yield "Beside these it has [those of receivers over HTTP](#receivers-over-http).\n"
    yield table(schema, heartbeat, without=set(HttpDocument.model_fields))
    yield _RULES


def _section(schema: Mapping[str, Any], name: str, node: Mapping[str, Any]) -> Iterator[str]:
    if "items" in node:
        yield "A list; each entry has these keys.\n"
        node = _resolved(schema, node["items"])
    yield table(schema, node)
    for key, value in node["properties"].items():
        inner = _resolved(schema, value)
        if "properties" in inner and key != "rules":
            yield f"### {name}.{key}\n"
            if told := inner.get("description"):
                yield f"{told}\n"
            yield table(schema, inner)


def _receivers(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## receivers\n"
    yield "A list; what an entry may have depends on its `type`.\n"
    entries = _resolved(schema, schema["properties"]["receivers"])["items"]
    kinds = entries["discriminator"]["mapping"]
    models = {kind: _resolved(schema, {"$ref": ref}) for kind, ref in kinds.items()}
    common: set[str] = set()
    for title, (document, told) in _GROUPS.items():
        names = set(document.model_fields)
        common |= names
        having = next(model for model in models.values() if names <= model["properties"].keys())
        yield f"### {title}\n"
        yield f"{told}\n"
        yield table(schema, having, only=names)
    yield _TEMPLATES.format(message=_names(MessageView), alert=_names(AlertView))
    for kind, model in models.items():
        yield f"### type: {kind}\n"
        yield f"{model['description']}\n"
        # Mail has a password and authorities too, though not those of HTTP.
        shared = common if set(HttpDocument.model_fields) <= model["properties"].keys() else (
            common - set(HttpDocument.model_fields)
        )  # fmt: skip
        yield table(schema, model, without=shared | {"type"})


def table(
    schema: Mapping[str, Any],
    node: Mapping[str, Any],
    only: set[str] | None = None,
    without: set[str] | frozenset[str] = frozenset(),
) -> str:
    """Return the keys of a mapping as a table."""
    rows = ["| key | takes | default | meaning |", "|---|---|---|---|"]
    for key, value in node["properties"].items():
        if key in without or (only is not None and key not in only):
            continue
        default = value.get("default", "")
        shown = f"`{str(default).lower() if isinstance(default, bool) else default}`"
        cells = (
            f"`{key}`",
            takes(schema, value),
            "**needed**" if key in node.get("required", ()) else shown if default != "" else "",
            value.get("description") or _resolved(schema, value).get("description", ""),
        )
        rows.append(f"| {' | '.join(' '.join(x.split()).replace('|', '/') for x in cells)} |")
    return "\n".join([*rows, ""])


def takes(schema: Mapping[str, Any], value: Mapping[str, Any]) -> str:
    """Say what a value is, in words."""
    node = _resolved(schema, value)
    if "enum" in node:
        return "one of " + ", ".join(f"`{x}`" for x in node["enum"])
    if node.get("pattern") == DURATION_PATTERN:
        return "duration"
    if node.get("type") == "array":
        of = node["items"]
        return "list" if "oneOf" in of else f"list: {takes(schema, of)}"
    if node.get("type") in (TEXT, "string"):
        return "text"
    words = {"boolean": "true or false", "integer": "whole number"}
    return words.get(node.get("type", ""), "mapping")


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references, and the one branch of an optional value that is not null."""
    while True:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        elif "anyOf" in node:
            node = next(branch for branch in node["anyOf"] if branch.get("type") != "null")
        else:
            return node


def _names(view: type) -> str:
    """Name what a template may ask for."""
    properties = (
        name for name, x in vars(view).items() if isinstance(x, property) and name[0] != "_"
    )
    names = [*(f"`{field.name}`" for field in fields(view)), *(f"`{name}`" for name in properties)]
    return ", ".join(names)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
