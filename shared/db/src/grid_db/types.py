"""Column types that hold times and money exactly, the same on SQLite and PostgreSQL.

They refuse floats, naive times and anything that would come back different from what went in.
"""

from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import operators
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

POSTGRESQL = "postgresql"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_PLAUSIBLE = datetime(2010, 1, 1, tzinfo=UTC)
LATEST_PLAUSIBLE = datetime(2100, 1, 1, tzinfo=UTC)

FIXED8_DIGITS = 8
FIXED8_MAX = 2**63 - 1
DIGITS_MAX = 16_000
"""Digits before or after the point that an ExactDecimal may have: what PostgreSQL can keep."""

_MICROSECOND = timedelta(microseconds=1)
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation])


def microseconds(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime, exactly; ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(
            f"expected a datetime with a time zone, found the naive {moment.isoformat()}; "
            "add tzinfo=UTC where it is made"
        )
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(instant: int) -> datetime:
    """The UTC datetime of microseconds since the epoch, exactly."""
    return EPOCH + timedelta(microseconds=instant)


def to_fixed8(value: Decimal) -> int:
    """A Decimal in units of 1e-8; ValueError when it has more digits or leaves 64 bits."""
    try:
        units = int(_EXACT.scaleb(value, FIXED8_DIGITS).to_integral_exact(context=_EXACT))
    except (Inexact, InvalidOperation, OverflowError, ValueError) as error:
        raise ValueError(
            f"expected a finite number with at most {FIXED8_DIGITS} digits after the point, "
            f"found {value}"
        ) from error
    if abs(units) > FIXED8_MAX:
        raise ValueError(f"expected a number below 92,233,720,368 either way, found {value}")
    return units


def from_fixed8(units: int) -> Decimal:
    """The Decimal of a count of 1e-8, with eight digits after the point."""
    return _EXACT.scaleb(Decimal(units), -FIXED8_DIGITS)


def canonical(value: Decimal) -> Decimal:
    """The same number in its one spelling: no exponent, no trailing zeros, no negative zero."""
    if not value.is_finite():
        raise ValueError(f"expected a finite number, found {value}")
    if not value:
        return Decimal(0)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if value.adjusted() >= DIGITS_MAX or exponent < -DIGITS_MAX:
        raise ValueError(f"expected at most {DIGITS_MAX} digits on either side of the point")
    text = format(value, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, to the microsecond.

    SQLite keeps an INTEGER of microseconds since the epoch, PostgreSQL a TIMESTAMPTZ. A naive
    datetime is refused (L97), and so is anything that is no datetime.
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's own type on each dialect."""
        if dialect.name == POSTGRESQL:
            return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """What is handed to the driver."""
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise TypeError(f"expected a datetime, found {type(value).__name__}")
        instant = microseconds(value)
        return value if dialect.name == POSTGRESQL else instant

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """What the driver handed out, in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return from_microseconds(value)


class ExchangeTime(UtcDateTime):
    """A UtcDateTime of market or account rows: a time of 1970 is a parsing fault (L77).

    Refused on write only: a query may ask from any time on.
    """

    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """What is handed to the driver; ValueError before 2010 and from 2100 on."""
        bound = super().process_bind_param(value, dialect)
        if value is not None and not EARLIEST_PLAUSIBLE <= value < LATEST_PLAUSIBLE:
            raise ValueError(f"expected a time from 2010 to 2099, found {value.isoformat()}")
        return bound

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Compare with any time."""
        return UtcDateTime()


class Fixed8(TypeDecorator[Decimal]):
    """A Decimal as a BIGINT of 1e-8, on both dialects: columns that are read in bulk.

    What has more digits, or is out of range, is refused; so are floats. Products and quotients
    would be of another unit, and are refused too.
    """

    impl = sa.BigInteger
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Decimal]):
        """Everything that keeps the unit."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> sa.ColumnElement[Any]:
            """The expression; TypeError for one of another unit."""
            if op in _OF_ANOTHER_UNIT:
                raise TypeError(
                    f"expected no {op.__name__} on a count of 1e-8: its unit would be another; "
                    "read the rows and compute with Decimals"
                )
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """What is handed to the driver."""
        if value is None:
            return None
        return to_fixed8(_as_decimal(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """What the driver handed out, as a Decimal."""
        return None if value is None else from_fixed8(value)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal of any number of digits: SQLite TEXT in canonical form, PostgreSQL NUMERIC.

    Text has no order of numbers, so that comparing other than for equality is refused here, on
    both dialects alike; sums, extremes and orders of money are computed where Decimals are.
    """

    impl = sa.Text
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Decimal]):
        """Equality only."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> sa.ColumnElement[Any]:
            """The expression; TypeError for what text cannot answer."""
            if op not in _OF_TEXT:
                raise TypeError(
                    f"expected ==, !=, IN or IS NULL on an exact decimal, found {op.__name__}; "
                    "read the rows and compute with Decimals"
                )
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's own type on each dialect."""
        if dialect.name == POSTGRESQL:
            return dialect.type_descriptor(sa.Numeric())
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """What is handed to the driver."""
        if value is None:
            return None
        exact = canonical(_as_decimal(value))
        return exact if dialect.name == POSTGRESQL else format(exact, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """What the driver handed out, as a Decimal; TypeError for the float of an SQL function."""
        return None if value is None else Decimal(_as_exact(value))


def _as_decimal(value: object) -> Decimal:
    if not isinstance(value, Decimal):
        _refuse_number(value)
    return value


def _as_exact(value: object) -> str | Decimal | int:
    if not isinstance(value, str | Decimal | int):
        _refuse_number(value)
    return value


def _refuse_number(value: object) -> NoReturn:
    raise TypeError(f"expected a Decimal made from text, found {type(value).__name__} {value!r}")


_OF_TEXT = frozenset(
    {
        operators.eq,
        operators.ne,
        operators.in_op,
        operators.not_in_op,
        operators.is_,
        operators.is_not,
        operators.is_distinct_from,
        operators.is_not_distinct_from,
    }
)
_OF_ANOTHER_UNIT = frozenset({operators.mul, operators.truediv, operators.floordiv, operators.mod})
