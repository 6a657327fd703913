"""Replaces `${NAME}` in texts by environment variables; it refuses to guess an unset one."""

import re
from collections.abc import Mapping
from pathlib import Path

from appkit.configuration.problems import ConfigurationRefused, KeyPath, Problem
from appkit.configuration.yaml_text import Document, Value

_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def interpolate(document: Document, environment: Mapping[str, str], file: Path) -> Value:
    """The document's value with every `${NAME}` in a text replaced; `$$` stands for one `$`.

    All unset or misspelt variables are refused together, each with its place ([REC] 11.7).
    """
    problems: list[Problem] = []

    def replaced(value: Value, path: KeyPath) -> Value:
        match value:
            case str():
                return _VARIABLE.sub(lambda found: resolved(found, path), value)
            case list():
                return [replaced(item, (*path, i)) for i, item in enumerate(value)]
            case dict():
                return {key: replaced(item, (*path, key)) for key, item in value.items()}
            case _:
                return value

    def resolved(found: re.Match[str], path: KeyPath) -> str:
        name = found["name"]
        if name is None:
            return "$"
        if not found[0].endswith("}") or not _NAME.fullmatch(name):
            text = f"expected ${{NAME}}, found {found[0]} (write $$ for a plain $)"
        elif name in environment:
            return environment[name]
        else:
            text = f"the environment variable {name} is not set; set it before starting"
        problems.append(Problem(path=path, line=document.lines.get(path), text=text))
        return ""

    value = replaced(document.value, ())
    if problems:
        raise ConfigurationRefused(file, problems)
    return value
