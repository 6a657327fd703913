"""How the kernel's messages are declared: immutable to the type checker, slotted, keyword-only.

A frozen dataclass writes each field through object.__setattr__, which makes the creation of a
message three times as dear; the kernel creates a dozen of them per fill. Immutability is therefore
a promise that mypy checks (frozen_default) instead of a cost paid at run time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, dataclass_transform, overload

_Class = TypeVar("_Class")


@overload
def message(cls: type[_Class]) -> type[_Class]: ...
@overload
def message(*, eq: bool = True) -> Callable[[type[_Class]], type[_Class]]: ...
@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(
    cls: type[_Class] | None = None, *, eq: bool = True
) -> type[_Class] | Callable[[type[_Class]], type[_Class]]:
    """Declare a message class: slotted, keyword-only, compared by value, hashable by value."""

    def declare(target: type[_Class]) -> type[_Class]:
        return dataclass(slots=True, kw_only=True, eq=eq, unsafe_hash=eq)(target)

    return declare if cls is None else declare(cls)
