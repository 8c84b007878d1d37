"""YAML text to plain data, with the line of every value.

Scalars stay the text that was written, so ``host: 007`` and a label ``on`` are what they look
like; what a text means is decided by the type that is expected in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from caffewatch.config.problem import Path

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_ACCEPTED_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp", "value", "merge")
}
_MAX_VALUES = 100_000
"""Aliases of aliases can stand for more values than memory holds."""


@dataclass(slots=True)
class Source:
    """A parsed file.

    ``data`` is made of dicts, lists, texts and None; lines count from 1; an error is a line, the
    path of the value and what is wrong.
    """

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    errors: list[tuple[int, Path, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Find the line of a value, or of the nearest part of the file that holds it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str) -> Source:
    """Parse YAML without making any object but dicts, lists and texts; never raises."""
    source = Source()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            source.data = _Builder(source).build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        source.errors.append((line, (), f"no valid YAML: {error.problem or error.context}"))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        source.errors.append((line, (), f"no valid YAML: {error.reason}"))
    except RecursionError:
        source.errors.append((1, (), "nested too deeply, or an alias that holds itself"))
    except _TooMuchError:
        source.errors.append((1, (), f"more than {_MAX_VALUES} values, expected a small file"))
    return source


class _TooMuchError(Exception):
    pass


class _Builder:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._values = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        self._values += 1
        if self._values > _MAX_VALUES:
            raise _TooMuchError
        line = node.start_mark.line + 1
        self._source.lines.setdefault(path, line)
        if node.tag not in _ACCEPTED_TAGS:
            self._source.errors.append((line, path, f"the tag {node.tag} is not accepted"))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        return None if node.tag == _NULL else str(node.value)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == _MERGE:
                self._source.errors.append((line, path, "expected plain texts as keys, no merges"))
                continue
            key = str(key_node.value)
            if key in result:
                first = self._source.lines[(*path, key)]
                message = f"this key is here twice, first in line {first}"
                self._source.errors.append((line, (*path, key), message))
                continue
            self._source.lines[(*path, key)] = line
            result[key] = self.build(value_node, (*path, key))
        return result
