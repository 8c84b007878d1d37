from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from caffewatch.config import json_schema, load
from tests.cli.command import run
from tests.config.fake_rules import FAKE_RULES
from tests.config.test_cases import CASES, GOOD


class Editor(yaml.SafeLoader):
    """YAML 1.2, as editors read it: a number needs no point before its exponent."""


Editor.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?[0-9]+e[-+]?[0-9]+", re.IGNORECASE),
    list("0123456789"),
)
MINIMAL = {"jobs": [{"name": "a", "path": "/a"}]}


def mappings(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Find everything in a schema that has keys of the file."""
    yield "", schema
    yield from schema["$defs"].items()


def load_text(folder: Path, text: str) -> Any:
    """Load a file with this text."""
    path = folder / "caffewatch.yaml"
    path.write_text(text)
    return load(path, {})


class TestSchema:
    SCHEMA = json_schema()

    def test_is_printed(self) -> None:
        """As JSON, valid by the rules of JSON Schema."""
        printed = json.loads(run("config", "schema").stdout)

        jsonschema.Draft202012Validator.check_schema(printed)
        assert printed == self.SCHEMA

    @pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
    def test_takes_what_is_good(self, path: Path) -> None:
        """An editor marks nothing in a file that the daemon takes."""
        data = yaml.load(path.read_text(), Editor)

        jsonschema.validate(data, json_schema(FAKE_RULES))

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("jbos", []),
            ("jobs", []),
            ("tail", {"poll_interval": "soon"}),
            ("metrics", {"max_series_per_log": 0}),
            ("receivers", [{"name": "a", "type": "pigeon"}]),
            ("rules", {"zero_gradient": {"pases": 3}}),
        ],
    )
    def test_refuses_what_is_bad(self, key: str, value: object) -> None:
        """Unknown keys, values of another kind, out of range, of no known type."""
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(MINIMAL | {key: value}, self.SCHEMA)

    def test_every_key_is_explained(self) -> None:
        """Save the type of a receiver, which explains itself."""
        bare = {
            (name, key)
            for name, mapping in mappings(self.SCHEMA)
            for key, value in mapping.get("properties", {}).items()
            if "description" not in value and not described(self.SCHEMA, value) and key != "type"
        }

        assert bare == set()

    def test_defaults_are_the_defaults(self, tmp_path: Path) -> None:
        """Whoever writes down all that the schema gives changes nothing."""
        written: dict[str, Any] = {}
        for key, value in self.SCHEMA["properties"].items():
            if "default" in value:
                written[key] = value["default"]
            for branch in value.get("anyOf", ()):
                name = branch.get("$ref", "").rpartition("/")[2]
                inner = self.SCHEMA["$defs"].get(name, {}).get("properties", {})
                if key != "heartbeat" and (own := defaults(inner)):
                    written[key] = own

        bare = load_text(tmp_path, yaml.safe_dump(MINIMAL))
        full = load_text(tmp_path, yaml.safe_dump(MINIMAL | written))

        assert {"state_dir", "ignore_older", "web", "tail", "alerts", "metrics"} <= written.keys()
        assert full == bare

    def test_cases_are_there(self) -> None:
        """The good files lie where they are looked for."""
        assert CASES / "good_full.yaml" in GOOD


def described(schema: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Tell whether what a value refers to explains itself."""
    branches = [value, *value.get("anyOf", ())]
    names = [branch.get("$ref", "").rpartition("/")[2] for branch in branches]
    return any("description" in schema["$defs"].get(name, {}) for name in names)


def defaults(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the defaults of a mapping's keys."""
    return {key: value["default"] for key, value in properties.items() if "default" in value}
