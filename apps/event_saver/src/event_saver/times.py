"""Between the kernel's Instants and the aware datetimes of the database; it knows no time zone."""

from datetime import datetime

from grid_db.types import from_microseconds, microseconds
from gridcore.clock import Instant


def moment(instant: Instant) -> datetime:
    """An Instant as a datetime in UTC."""
    return from_microseconds(instant)


def instant(moment: datetime) -> Instant:
    """An aware datetime as an Instant; ValueError for a naive one."""
    return Instant(microseconds(moment))
