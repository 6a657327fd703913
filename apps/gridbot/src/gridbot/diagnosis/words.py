"""What a diagnosis says; it knows no question."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something is."""

    WELL = "well"
    ODD = "odd"
    """A run works, but somebody should look."""
    ILL = "ill"
    """A run would refuse to start, or could not trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The answer to one question. `remedy` None: nothing is to be done."""

    subject: str
    health: Health
    text: str
    remedy: str | None = None


def well(subject: str, text: str) -> Diagnosis:
    """Nothing to be done."""
    return Diagnosis(subject=subject, health=Health.WELL, text=text)


def odd(subject: str, text: str, remedy: str) -> Diagnosis:
    """Somebody should look."""
    return Diagnosis(subject=subject, health=Health.ODD, text=text, remedy=remedy)


def ill(subject: str, text: str, remedy: str) -> Diagnosis:
    """Nothing works before it is mended."""
    return Diagnosis(subject=subject, health=Health.ILL, text=text, remedy=remedy)
