"""Where a secret of a configuration is kept: `env:NAME`, `file:PATH` or `db:ACCOUNT`.

It refuses secrets that stand in the configuration itself, and knows no database: whoever has one
passes the look-up in.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator

from appkit.configuration.load import resolve_beside
from appkit.exits import UserError

FORMS: Final = "env:NAME, file:PATH or db:ACCOUNT"
_SIZE_MAX: Final = 64 * 1024
"""Bytes of a secret's file: the longest key of any kind is far below."""


class Place(StrEnum):
    """The places where secrets are kept."""

    ENVIRONMENT = "env"
    FILE = "file"
    DATABASE = "db"


class Reference(NamedTuple):
    """A place, and the secret's name there: a variable, a path or an account."""

    place: Place
    name: str

    def __str__(self) -> str:
        return f"{self.place.value}:{self.name}"


def reference(text: str) -> Reference:
    """Read a reference. ValueError, without what was found: that may be a secret."""
    head, colon, name = text.partition(":")
    if not colon or not name.strip() or head not in set(Place):
        raise ValueError(f"expected {FORMS}: a secret itself does not belong into a configuration")
    return Reference(Place(head), name.strip())


def _checked(text: str) -> str:
    return str(reference(text))


SecretReference = Annotated[str, AfterValidator(_checked)]
"""The type of a configuration's key that names a secret; the text itself is none."""


def reference_beside(configuration: Path, text: str) -> str:
    """A reference whose path is taken relative to the folder of the configuration file."""
    found = reference(text)
    if found.place is not Place.FILE:
        return text
    return str(Reference(Place.FILE, str(resolve_beside(configuration, Path(found.name)))))


def secret_of(
    text: str,
    environment: Mapping[str, str],
    stored: Callable[[str], str] | None = None,
) -> str:
    """The secret that a reference names.

    `stored` gives the secret of an account in the database, with errors of its own. UserError
    names the reference and never a value.
    """
    found = reference(text)
    match found.place:
        case Place.ENVIRONMENT:
            secret = environment.get(found.name, "").strip()
            if not secret:
                raise UserError(
                    f"expected a secret in the environment variable {found.name}, found none",
                    f"export {found.name}, or name another place: {FORMS}",
                )
            return secret
        case Place.FILE:
            return _of_file(Path(found.name))
        case Place.DATABASE:
            if stored is None:
                raise UserError(f"{found}: expected env:NAME or file:PATH: no database is used")
            return stored(found.name)


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_SIZE_MAX + 1)
    except OSError as error:
        raise UserError(
            f"cannot read the secret in {path}: {error.strerror}",
            "the path is taken relative to the configuration file",
        ) from error
    try:
        secret = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        # Without the cause, which carries the bytes.
        raise UserError(f"{path}: expected a secret as UTF-8 text, found other bytes") from None
    if not secret or len(content) > _SIZE_MAX:
        size = "nothing" if not secret else f"more than {_SIZE_MAX} bytes"
        raise UserError(f"{path}: expected a secret, found {size}")
    return secret
