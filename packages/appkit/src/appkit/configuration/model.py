"""StrictModel, the base of every configuration model, and what a model allows at a place."""

import types
from collections.abc import Iterable, Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from appkit.configuration.problems import KeyPath


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def types_at(model: type[BaseModel], path: KeyPath) -> list[Any]:
    """The types that a value at `path` may have; several where a union allows them."""
    places: list[Any] = [model]
    for part in path:
        places = [inner for place in places for inner in _step(place, part)]
    return places


def known_keys(model: type[BaseModel], path: KeyPath) -> set[str]:
    """The keys that may stand in the mapping at `path`; empty where any key may stand."""
    return {
        field.alias or name
        for place in types_at(model, path)
        if _is_model(place)
        for name, field in place.model_fields.items()
    }


def _step(place: Any, part: str | int) -> Iterable[Any]:
    """The types one key or list position further down."""
    if _is_model(place):
        by_key = {field.alias or name: field for name, field in place.model_fields.items()}
        if part in by_key:
            yield from _flattened(by_key[str(part)].annotation)
        return
    origin, arguments = get_origin(place), get_args(place)
    if not isinstance(origin, type) or not arguments:
        return
    if issubclass(origin, Mapping):
        yield from _flattened(arguments[1])
    elif isinstance(part, int):
        yield from _flattened(arguments[0])


def _flattened(annotation: Any) -> Iterable[Any]:
    """The members of a union, looking through Annotated; a single type is its own member."""
    if hasattr(annotation, "__metadata__"):
        yield from _flattened(annotation.__origin__)
    elif get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _flattened(member)
    else:
        yield annotation


def _is_model(place: Any) -> bool:
    return isinstance(place, type) and issubclass(place, BaseModel)
