from bybit_adapter.paging import Stop
from bybit_adapter.rest.words import Answer, Listing
from gridcore.clock import Instant

NOW = Instant(1_780_000_000_000_000)


def test_a_listing_keeps_its_rows_as_received() -> None:
    row = {"orderId": "a", "avgPrice": ""}

    listing = Listing(
        rows=(row,), complete=True, stop=Stop.END, failure=None, asked_at=NOW, exchange_at=None
    )

    assert listing.rows[0] is row


def test_answers_are_compared_by_value() -> None:
    one, other = (
        Answer(row={"a": "1"}, extra={}, asked_at=NOW, exchange_at=Instant(NOW + 1))
        for _ in range(2)
    )

    assert one == other
