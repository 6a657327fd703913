from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtest.cycles import pair_fills
from backtest.outcome import FillKind
from gridcore.sides import LONG, SHORT, DirectionType

Rows = Sequence[tuple[int, str, str, str, str]]
Book = Callable[[Rows], Any]


def test_a_close_takes_the_lot_opened_last(book_rows: Book) -> None:
    built = book_rows(
        [
            (1, "long", "Buy", "99.8", "1"),
            (2, "long", "Buy", "99.6", "1"),
            (3, "long", "Sell", "99.8", "1"),
        ]
    )

    pairing = pair_fills(built.fills)

    assert [lot.fill.price for lot in pairing.cycles] == [Decimal("99.6")]
    assert pairing.profit == Decimal("0.2")
    assert [lot.fill.price for lot in pairing.held] == [Decimal("99.8")]


def test_the_golden_scenario_sc_1_pairs_into_two_cycles(sc_1: Any) -> None:
    pairing = pair_fills(sc_1.fills)

    found = [(lot.fill.price, lot.fill.qty, lot.profit, lot.fees) for lot in pairing.cycles]
    assert found == [
        (Decimal("99600.4"), Decimal("0.011"), Decimal("2.1956"), Decimal("0.43868088")),
        (Decimal("100200.0"), Decimal("0.010"), Decimal("2"), Decimal("0.4004")),
    ]
    assert pairing.profit == Decimal("8.1956")
    assert pairing.inventory({"BTCUSDT": Decimal(99990)}) == Decimal("-1.9")


def test_a_lot_closed_in_parts_is_one_cycle_with_the_profit_of_all_parts(book_rows: Book) -> None:
    built = book_rows(
        [
            (1, "short", "Sell", "100", "3"),
            (2, "short", "Buy", "99", "1"),
            (3, "short", "Buy", "98", "2"),
        ]
    )

    pairing = pair_fills(built.fills)

    (lot,) = pairing.cycles
    assert (lot.profit, lot.closed_at) == (Decimal(5), built.fills[2].at)
    assert lot.net == Decimal(5) - sum(fill.fee for fill in built.fills)


def test_a_close_larger_than_the_last_lot_goes_on_with_the_one_before(book_rows: Book) -> None:
    built = book_rows(
        [
            (1, "long", "Buy", "100", "1"),
            (2, "long", "Buy", "99", "1"),
            (3, "long", "Sell", "101", "1.5"),
        ]
    )

    pairing = pair_fills(built.fills)

    assert pairing.profit == Decimal("2.5")
    assert [(lot.fill.price, lot.left) for lot in pairing.held] == [(Decimal(100), Decimal("0.5"))]
    # The close's fee is borne by the lots in proportion: 1 of 1.5.
    assert pairing.cycles[0].fees == Decimal("0.0198") + Decimal("0.0303") * 1 / Decimal("1.5")


def test_profit_of_a_level_belongs_to_the_price_at_which_the_lot_was_opened(sc_1: Any) -> None:
    levels = pair_fills(sc_1.fills).symbols["BTCUSDT"].levels

    found = {str(price): (r.buys, r.sells, r.profit) for price, r in levels.items()}
    assert found == {
        "99800.0": (1, 2, Decimal(4)),
        "99600.4": (1, 0, Decimal("2.1956")),
        "100000.0": (2, 1, Decimal(0)),
        "100200.0": (0, 2, Decimal(2)),
    }


def test_what_wind_down_closes_is_no_grid_cycle(builder: Any) -> None:
    builder.fill((1, "long", "Buy", "100", "1"))
    builder.fill((2, "long", "Sell", "99", "1"), kind=FillKind.WIND_DOWN)

    pairing = pair_fills(builder.fills)

    assert not pairing.cycles
    assert (pairing.grid_profit, pairing.forced_profit) == (Decimal(0), Decimal(-1))
    assert "99" not in {str(price) for price in pairing.symbols["BTCUSDT"].levels}


def test_a_close_of_something_never_opened_is_told(builder: Any) -> None:
    builder.legs[LONG] = (Decimal(1), Decimal(100))
    builder.fill((1, "long", "Sell", "101", "1"))

    pairing = pair_fills(builder.fills)

    assert pairing.symbols["BTCUSDT"].unmatched == Decimal(1)


def test_directions_and_symbols_do_not_close_each_others_lots(book_rows: Book) -> None:
    built = book_rows([(1, "long", "Buy", "100", "1"), (2, "short", "Sell", "101", "1")])

    part = pair_fills(built.fills).symbols["BTCUSDT"]

    assert [len(part.lots(LONG)), len(part.lots(SHORT))] == [1, 1]


MOVE = st.tuples(
    st.sampled_from(list(DirectionType)),
    st.booleans(),
    st.integers(900, 1100),
    st.integers(1, 20),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MOVE, max_size=60))
def test_lots_and_average_entries_explain_the_same_profit(
    new_builder: Any, moves: list[tuple[DirectionType, bool, int, int]]
) -> None:
    """Pairing and the venue's average entry split profit differently but agree on the sum."""
    built = new_builder()
    for minute, (direction, wants_to_open, tenths, size) in enumerate(moves):
        held = built.legs[direction][0]
        opening = wants_to_open or not held
        side = "Buy" if opening is (direction is LONG) else "Sell"
        qty = Decimal(size) if opening else min(Decimal(size), held)
        built.fill((minute, direction.value, side, str(Decimal(tenths) / 10), str(qty)))

    pairing = pair_fills(built.fills)

    outcome = built.outcome(mark="100.5")
    realised = sum((fill.realised for fill in built.fills), Decimal(0))
    unrealised = outcome.final_equity - outcome.final_wallet
    explained = pairing.profit + pairing.inventory({"BTCUSDT": Decimal("100.5")})
    assert abs(realised + unrealised - explained) <= Decimal("1e-8") * max(len(built.ledger), 1)
