"""Profit by UTC day."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from gridbot.surface.days import DAYS_KEPT, DayBook
from gridcore.clock import DAY_US, HOUR_US, Instant
from gridcore.saved import Saved
from gridcore.session.effects import LedgerKind

MIDNIGHT = Instant(1_767_225_600_000_000)  # 2026-01-01 00:00 UTC
EQUITY = Decimal(1000)


def totals(realised: str = "0", fee: str = "0", cash: str = "1000") -> dict[LedgerKind, Decimal]:
    return {
        LedgerKind.REALISED: Decimal(realised),
        LedgerKind.FEE: Decimal(fee),
        LedgerKind.FUNDING: Decimal(0),
        LedgerKind.CASH: Decimal(cash),
    }


def day(number: int, hour: int = 12) -> Instant:
    return Instant(MIDNIGHT + number * DAY_US + hour * HOUR_US)


def test_a_day_is_what_the_books_moved_since_the_day_before_without_cash() -> None:
    book = DayBook()

    book.look(day(0), totals("10", "-1"), EQUITY)
    book.look(day(1, 1), totals("12", "-1"), EQUITY)
    book.look(day(1, 23), totals("15", "-3", cash="5000"), EQUITY)

    assert [row["profit"] for row in book.rows()] == ["9", "3"]
    assert book.rows()[1] == {
        "day": "2026-01-02",
        "profit": "3",
        "realised": "5",
        "fee": "-2",
        "funding": "0",
        "cash": "4000",
        "equity": "1000",
    }
    assert book.profit(day(1)) == 3
    assert book.profit(day(2)) is None


def test_days_without_the_process_count_for_the_day_it_comes_back() -> None:
    book = DayBook()

    book.look(day(0), totals("10"), EQUITY)
    book.look(day(5), totals("17"), EQUITY)

    assert [(row["day"], row["profit"]) for row in book.rows()] == [
        ("2026-01-01", "10"),
        ("2026-01-06", "7"),
    ]


def test_a_clock_that_went_back_over_midnight_opens_no_day_again() -> None:
    book = DayBook()

    book.look(day(1), totals("10"), EQUITY)
    book.look(day(0), totals("11"), EQUITY)

    assert [row["day"] for row in book.rows()] == ["2026-01-02"]


def test_only_a_year_of_days_is_kept() -> None:
    book = DayBook()

    for number in range(DAYS_KEPT + 3):
        book.look(day(number), totals(str(number)), EQUITY)

    assert len(book.rows()) == DAYS_KEPT
    assert book.rows()[0]["day"] == "2026-01-04"


def test_one_day_is_the_row_of_that_day() -> None:
    book = DayBook()
    book.look(day(0), totals("5"), EQUITY)
    book.look(day(1), totals("7"), EQUITY)

    assert [book.row(MIDNIGHT), book.row(Instant(MIDNIGHT + DAY_US))] == book.rows()
    assert book.row(Instant(MIDNIGHT - DAY_US)) is None


@given(
    some.lists(
        some.tuples(some.integers(0, 3 * DAY_US), some.decimals(-5, 5, places=8)), max_size=30
    )
)
def test_the_days_add_up_to_the_books_and_survive_a_restart_at_any_moment(
    moves: list[tuple[int, Decimal]],
) -> None:
    book, now, realised = DayBook(), int(MIDNIGHT), Decimal(0)

    for span_us, amount in moves:
        now, realised = now + span_us, realised + amount
        book.look(Instant(now), totals(str(realised)), EQUITY)
        again = DayBook()
        again.restore(Saved(book.snapshot()))
        assert again.snapshot() == book.snapshot()
        book = again

    assert sum((Decimal(str(row["profit"])) for row in book.rows()), Decimal(0)) == realised
