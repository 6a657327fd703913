"""Finds a configuration file and loads it into a model, or says everything wrong with it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from appkit.configuration.environment import interpolate
from appkit.configuration.problems import ConfigurationRefused, Problem
from appkit.configuration.validation import booleans_for_numbers, problems_of
from appkit.configuration.yaml_text import SIZE_MAX, parse_yaml
from appkit.exits import UserError

Model = TypeVar("Model", bound=BaseModel)

_EMPTY: Mapping[str, str] = {}


def find(name: str, given: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """The configuration file of the program `name` (B-2).

    In order: the path given with --config, the variable `<NAME>_CONFIG_PATH`, conf/`name`.yaml,
    `name`.yaml. A file that was named but does not exist is refused, never passed over.
    """
    if given is not None:
        return _existing(given, "--config")
    variable = f"{name.upper()}_CONFIG_PATH"
    named = (os.environ if environment is None else environment).get(variable)
    if named:
        return _existing(Path(named), variable)
    usual = (Path("conf") / f"{name}.yaml", Path(f"{name}.yaml"))
    for path in usual:
        if path.is_file():
            return path
    raise UserError(
        f"no configuration file: neither {usual[0]} nor {usual[1]} exists in {Path.cwd()}",
        f"give one with --config FILE or in the environment variable {variable}",
    )


def load(
    model: type[Model],
    path: Path,
    *,
    migrations: Mapping[str, str] = _EMPTY,
    environment: Mapping[str, str] | None = None,
) -> Model:
    """Read the YAML file at `path` into `model`; see `parse` for what is refused."""
    return parse(model, _read(path), path, migrations=migrations, environment=environment)


def parse(
    model: type[Model],
    text: str,
    path: Path,
    *,
    migrations: Mapping[str, str] = _EMPTY,
    environment: Mapping[str, str] | None = None,
) -> Model:
    """Parse YAML text into `model`; `path` only names it in errors.

    `migrations` maps a key of older configurations (or a pattern such as `chase_*`) to what is to
    be done about it; it is told instead of "unknown key". ConfigurationRefused lists every problem.
    """
    document = parse_yaml(text, path)
    if document.value is None:
        raise _whole_file(path, "the file is empty; expected a mapping of keys to values")
    if not isinstance(document.value, dict):
        found = "a list" if isinstance(document.value, list) else "a single value"
        raise _whole_file(path, f"expected a mapping of keys to values, found {found}")
    value = interpolate(document, os.environ if environment is None else environment, path)
    problems = booleans_for_numbers(model, document)
    try:
        made = model.model_validate(value)
    except ValidationError as error:
        told = {problem.path for problem in problems}
        others = problems_of(error, model, document, migrations)
        problems += [problem for problem in others if problem.path not in told]
    if problems:
        # Without the cause, which would print values from the environment in clear.
        ordered = sorted(problems, key=lambda problem: problem.line or 0)
        raise ConfigurationRefused(path, ordered) from None
    return made


def resolve_beside(configuration: Path, path: Path) -> Path:
    """A path of the configuration, taken relative to the folder of the configuration file.

    What a run reads must not depend on where it was started (WK-29).
    """
    return path if path.is_absolute() else configuration.absolute().parent / path


def _existing(path: Path, origin: str) -> Path:
    if path.is_file():
        return path
    found = "a folder" if path.is_dir() else "nothing there"
    raise UserError(
        f"the configuration file {path} (from {origin}) does not exist: {found}",
        "check the path; it is taken relative to the working folder",
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_MAX + 1)
    except FileNotFoundError as error:
        raise UserError(f"the configuration file {path} does not exist") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > SIZE_MAX:
        raise UserError(f"{path} is larger than {SIZE_MAX} bytes: not a configuration file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} is not UTF-8 text (byte {error.start})", "save the file as UTF-8"
        ) from error


def _whole_file(path: Path, text: str) -> ConfigurationRefused:
    return ConfigurationRefused(path, [Problem(path=(), line=None, text=text)])
