"""YAML text to plain values, without YAML's surprises; it knows no key and no model.

Fractions become Decimal through their text, only `true` and `false` are booleans, dates stay text,
and a key may stand only once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import yaml

from appkit.configuration.problems import ConfigurationRefused, KeyPath, Problem

Value = None | bool | int | Decimal | str | list["Value"] | dict[str, "Value"]

SIZE_MAX = 1024 * 1024
"""Bytes of the largest configuration file that is read."""

_TAG = "tag:yaml.org,2002:"
_MERGE = _TAG + "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The values of a file and the line (from 1) on which each key or list item stands."""

    value: Value
    lines: dict[KeyPath, int]


class _Composer(
    yaml.reader.Reader,
    yaml.scanner.Scanner,
    yaml.parser.Parser,
    yaml.composer.Composer,
    yaml.resolver.BaseResolver,
):
    """YAML 1.2's core schema: `yes`, `010`, `12:30` and `2026-01-01` stay the text they are."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        yaml.resolver.BaseResolver.__init__(self)


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.?[0-9]*)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
    ("merge", "<<", ["<"]),
):
    _Composer.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _first)


def parse_yaml(text: str, file: Path) -> Document:
    """Parse one YAML document; ConfigurationRefused names line and column of what is wrong."""
    try:
        root = _Composer(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_refused(error, file) from error
    except yaml.reader.ReaderError as error:
        problem = f"not readable as text: {error.reason} at character {error.position}"
        raise ConfigurationRefused(file, [Problem(path=(), line=None, text=problem)]) from error
    if root is None:
        return Document(value=None, lines={})
    reader = _Reader(file)
    value = reader.value(root, ())
    if reader.problems:
        raise ConfigurationRefused(file, reader.problems)
    return Document(value=value, lines=reader.lines)


def _syntax_refused(error: yaml.MarkedYAMLError, file: Path) -> ConfigurationRefused:
    mark = error.problem_mark or error.context_mark
    words = " ".join(part for part in (error.context, error.problem) if part)
    column = f"column {mark.column + 1}: " if mark is not None else ""
    line = mark.line + 1 if mark is not None else None
    problem = Problem(path=(), line=line, text=f"{column}not valid YAML: {words}")
    hint = "indent with spaces, and quote texts that contain ': ', '#', '{' or '%'"
    return ConfigurationRefused(file, [problem], hint)


class _Reader:
    """Walks the parsed nodes once, keeping values, lines and problems."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node, path: KeyPath) -> Value:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if any(node is outer for outer in self._open):
            self._refuse(path, "an anchor that contains itself")
            return None
        self._open.append(node)
        try:
            match node:
                case yaml.MappingNode(tag=tag) if tag == _TAG + "map":
                    return dict(self._items(node, path))
                case yaml.SequenceNode(tag=tag) if tag == _TAG + "seq":
                    return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
                case yaml.ScalarNode():
                    return self._scalar(node, path)
                case _:
                    self._refuse(path, f"the tag {node.tag} is not known here; write plain values")
                    return None
        finally:
            self._open.pop()

    def _items(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Value]]:
        """Merged-in items first, so that the mapping's own keys win."""
        own: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                yield from self._merged(value_node, path)
                continue
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self._refuse(path, "a key must be a plain word", key_node)
            elif key in own:
                first = self.lines[(*path, key)]
                text = f"the key stands twice, first on line {first}; remove one"
                self._refuse((*path, key), text, key_node)
            else:
                own[key] = value_node
                self.lines[(*path, key)] = key_node.start_mark.line + 1
        for key, value_node in own.items():
            yield key, self.value(value_node, (*path, key))

    def _merged(self, node: yaml.Node, path: KeyPath) -> Iterator[tuple[str, Value]]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        # In a list of sources the earlier one wins, hence the last is told first.
        for source in reversed(sources):
            if isinstance(source, yaml.MappingNode):
                yield from self._items(source, path)
            else:
                self._refuse(path, "`<<` takes a mapping or a list of mappings", source)

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Value:
        text: str = node.value
        match node.tag.removeprefix(_TAG):
            case "str":
                return text
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text)
            case "float":
                return Decimal(re.sub(r"\.(?=[a-zA-Z])", "", text))
            case _:
                self._refuse(path, f"the tag {node.tag} is not known here; write plain values")
                return None

    def _refuse(self, path: KeyPath, text: str, node: yaml.Node | None = None) -> None:
        line = node.start_mark.line + 1 if node is not None else self.lines.get(path)
        self.problems.append(Problem(path=path, line=line, text=text))
