"""What calls give back when they succeed: answers and listings, with the rows as received."""

from bybit_adapter.errors import Failure
from bybit_adapter.normalizer.words import Row
from bybit_adapter.paging import Stop
from gridcore.clock import Instant
from gridcore.message import message

LINEAR = "linear"
SETTLE_COIN = "USDT"


@message
class Answer:
    """One answer: its result and its second part, `retExtInfo`.

    `asked_at`: before the question left, by the client's `stamp`, else by the exchange's clock as
    far as it was measured; `exchange_at`: the time that the answer bears.
    """

    row: Row
    extra: Row
    asked_at: Instant
    exchange_at: Instant | None


@message
class Listing:
    """The rows of a listing as received, newest first where the exchange lists so.

    `complete` False: rows are missing, so that absence proves nothing (L30); `stop` says why the
    reading ended and `failure` how it failed. `asked_at` and `exchange_at`: those of the
    first page's answer.
    """

    rows: tuple[Row, ...]
    complete: bool
    stop: Stop
    failure: Failure | None
    asked_at: Instant
    exchange_at: Instant | None
