"""What calls give back when they succeed: answers and listings, with the rows as received."""

from bybit_adapter.errors import Failure
from bybit_adapter.paging import Row, Stop
from gridcore.clock import Instant
from gridcore.message import message

LINEAR = "linear"
SETTLE_COIN = "USDT"


@message
class Answer:
    """One answer: its result and its second part, `retExtInfo`.

    `asked_at` is by our clock, from before the question left; `exchange_at` is the answer's time by
    the exchange's clock.
    """

    row: Row
    extra: Row
    asked_at: Instant
    exchange_at: Instant | None


@message
class Listing:
    """The rows of a listing as received, newest first where the exchange lists so.

    `complete` False: rows are missing, so that absence proves nothing (L30); `stop` says why the
    reading ended and `failure` how it failed. `asked_at` is by our clock, from before the first
    page was asked; `exchange_at` is the time of the first answer by the exchange's clock.
    """

    rows: tuple[Row, ...]
    complete: bool
    stop: Stop
    failure: Failure | None
    asked_at: Instant
    exchange_at: Instant | None
