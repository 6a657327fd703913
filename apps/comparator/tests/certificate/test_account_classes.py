"""Rejections, outages, gaps, other hands, forced executions: passing and failing (18.12, L18)."""

from decimal import Decimal

import pytest

from apps.comparator.tests.told import Certify, MakeFill, One, Told, at
from comparator.certificate.classes import FillClass
from comparator.certificate.evidence import Denial, Ending, Lost
from gridcore.events import ExecType

UNEXPLAINED = FillClass.UNEXPLAINED


@pytest.mark.parametrize("side", ["live", "backtest"])
def test_a_fill_outside_the_window_is_outside(one: One, side: str) -> None:
    late = [("a", 3600)]

    found = one(late) if side == "live" else one([], late)

    assert found.kind is FillClass.OUTSIDE_WINDOW


def test_the_last_instant_of_the_window_is_inside(one: One) -> None:
    assert one([("a", 3599.999999)]).kind is UNEXPLAINED


@pytest.mark.parametrize("kind", [ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY])
def test_a_forced_execution_is_adl_or_liquidation(one: One, told: Told, kind: ExecType) -> None:
    told.kinds["order-a"] = frozenset({kind})

    assert one([("a", 10)]).kind is FillClass.ADL_OR_LIQUIDATION


def test_an_order_with_a_trade_among_its_executions_is_not(one: One, told: Told) -> None:
    told.kinds["order-a"] = frozenset({ExecType.ADL, ExecType.TRADE})

    assert one([("a", 10)]).kind is UNEXPLAINED


def test_an_order_without_recorded_executions_is_not(one: One, told: Told) -> None:
    told.kinds["order-a"] = frozenset()

    assert one([("a", 10)]).kind is UNEXPLAINED


def test_an_order_without_the_bots_id_is_foreign(one: One, make_fill: MakeFill) -> None:
    assert one([make_fill("by-hand", 10, strat_id=None)]).kind is FillClass.FOREIGN


def test_an_id_of_the_bots_form_that_no_strategy_makes_is_not_foreign(
    one: One, make_fill: MakeFill
) -> None:
    """A-14: wrong salt; another strategy's run."""
    found = one([make_fill("0123456789abcdef", 10, strat_id=None)])

    assert found.kind is UNEXPLAINED
    assert "another salt" in dict(found.refused)[FillClass.FOREIGN]


def test_an_order_of_a_strategy_is_not_foreign(one: One, make_fill: MakeFill) -> None:
    assert one([make_fill("by-hand", 10, strat_id="grid")]).kind is UNEXPLAINED


def test_an_order_that_the_exchange_rejected_is_rejected(one: One, told: Told) -> None:
    told.place("a", 5, 5, Ending.REJECTED, reason="EC_PostOnlyWillTakeLiquidity")

    found = one([], [("a", 10)])

    assert found.kind is FillClass.REJECTED_OR_GATED
    assert found.text == "the exchange rejected the order: EC_PostOnlyWillTakeLiquidity"


def test_a_rejection_before_an_order_that_rested_explains_nothing(one: One, told: Told) -> None:
    told.place("a", 4, 4, Ending.REJECTED, order_id="first")
    told.place("a", 5, order_id="second")

    found = one([], [("a", 10)])

    assert found.kind is UNEXPLAINED
    assert dict(found.refused)[FillClass.REJECTED_OR_GATED] == "order second was resting"


def test_a_rejection_after_the_fill_explains_nothing(one: One, told: Told) -> None:
    told.place("a", 11, 11, Ending.REJECTED)

    assert one([], [("a", 10)]).kind is UNEXPLAINED


def test_an_order_that_the_live_session_denied_is_gated(one: One, told: Told) -> None:
    told.denied.append(Denial(at=at(9), reason="max_margin"))

    found = one([], [("a", 10)])

    assert found.kind is FillClass.REJECTED_OR_GATED
    assert found.text == "the live session denied the order: max_margin"


def test_a_denial_before_an_order_that_was_placed_and_cancelled_explains_nothing(
    one: One, told: Told
) -> None:
    told.denied.append(Denial(at=at(4), reason="max_margin"))
    told.place("a", 5, 7, Ending.CANCELLED)

    assert one([], [("a", 10)]).kind is UNEXPLAINED


def test_a_rejection_explains_no_live_fill(one: One, told: Told) -> None:
    told.place("a", 5, 5, Ending.REJECTED, order_id="other")

    assert one([("a", 10)]).kind is UNEXPLAINED


def test_a_fill_while_the_bot_was_out_is_an_order_that_did_not_rest(one: One, told: Told) -> None:
    told.lose(Lost.BOT, 8, 12)

    assert one([], [("a", 10)]).kind is FillClass.ORDER_NOT_RESTING


def test_a_fill_after_the_outage_is_not(one: One, told: Told) -> None:
    told.lose(Lost.BOT, 8, 9.9)

    assert one([], [("a", 10)]).kind is UNEXPLAINED


def test_an_order_that_rested_through_the_outage_is_not(one: One, told: Told) -> None:
    told.place("a", 5)
    told.lose(Lost.BOT, 8, 12)

    found = one([], [("a", 10)])

    assert dict(found.refused)[FillClass.ORDER_NOT_RESTING] == "order order-a was resting"


def test_an_outage_of_another_symbol_is_not(one: One, told: Told) -> None:
    told.lose(Lost.BOT, 8, 12, "ETHUSDT")

    assert one([], [("a", 10)]).kind is UNEXPLAINED


def test_a_live_fill_in_a_gap_of_the_market_is_a_data_gap(one: One, told: Told) -> None:
    told.lose(Lost.MARKET, 8, 12)

    assert one([("a", 10)]).kind is FillClass.DATA_GAP


def test_a_live_fill_whose_market_was_recorded_in_the_gap_is_not(one: One, told: Told) -> None:
    told.lose(Lost.MARKET, 8, 12)
    told.trade(9, "99")

    found = one([("a", 10)])

    assert found.kind is UNEXPLAINED
    told_of = dict(found.refused)[FillClass.DATA_GAP]
    assert told_of == "trades through 100 were recorded in the gap"


@pytest.mark.parametrize("lost", [Lost.MARKET, Lost.ACCOUNT])
def test_a_backtest_fill_in_any_gap_is_a_data_gap(one: One, told: Told, lost: Lost) -> None:
    told.lose(lost, 8, 12)

    assert one([], [("a", 10)]).kind is FillClass.DATA_GAP


def test_a_live_fill_does_not_need_the_accounts_rows_that_were_lost(one: One, told: Told) -> None:
    told.lose(Lost.ACCOUNT, 8, 12)

    assert one([("a", 10)]).kind is UNEXPLAINED


def test_a_pair_apart_in_time_needs_a_gap_over_both(one: One, told: Told) -> None:
    told.lose(Lost.MARKET, 8, 12)

    assert one([("a", 10)], [("a", 12)]).kind is FillClass.DATA_GAP
    assert one([("a", 10)], [("a", 13)]).kind is UNEXPLAINED


# -- what the recording says against a fill ----------------------------------------------------


def test_a_fill_that_was_dropped_is_told_by_its_order(one: One, told: Told) -> None:
    """A-14: drop fill."""
    told.place("a", 5, 10, Ending.FILLED)

    found = one([], [("a", 10)])

    assert found.kind is UNEXPLAINED
    assert found.text == ("order order-a was recorded as filled with 2, yet no execution of it was")


def test_a_fill_that_was_lost_with_the_account_is_a_gap_all_the_same(one: One, told: Told) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.lose(Lost.ACCOUNT, 8, 12)

    assert one([], [("a", 10)]).kind is FillClass.DATA_GAP


def test_an_order_that_filled_in_another_cycle_says_nothing_against_this_one(
    one: One, told: Told
) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.lose(Lost.BOT, 999, 1001)

    assert one([], [("a", 1000)]).kind is FillClass.ORDER_NOT_RESTING


def test_a_relabelled_fill_is_told_by_its_order(one: One, told: Told, make_fill: MakeFill) -> None:
    told.place("a", 5, 10, Ending.FILLED)
    told.trade(10, "100")

    found = one([make_fill("b", 10, order_id="order-a")])

    assert found.kind is UNEXPLAINED
    assert found.text == "its order was recorded with the id a, the fill has b"


def test_a_changed_price_is_told_by_its_order(one: One, told: Told, make_fill: MakeFill) -> None:
    told.place("a", 5, 10, Ending.FILLED)

    found = one([make_fill("a", 10, price="100.1")])

    assert found.text == "its order was recorded at 100, the fill is at 100.1"


def test_a_taker_may_fill_at_a_better_price(
    certified: Certify, told: Told, make_fill: MakeFill
) -> None:
    told.latencies = [1_000_000]
    told.place("a", 9, 10, Ending.FILLED)

    found = certified([make_fill("a", 10, price="99", is_maker=False)])

    assert [each.kind for each in found.divergences] == [FillClass.LATENCY]


def test_an_order_that_goes_on_after_the_window_may_have_filled_more(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    told.place("a", 5, 3700, Ending.FILLED)
    told.trade(10, "100")

    assert one([make_fill("a", 10, qty="1")]).kind is FillClass.QUEUE


def test_an_order_that_ended_with_less_than_the_fill_contradicts_it(
    one: One, told: Told, make_fill: MakeFill
) -> None:
    told.place("a", None, 10, Ending.CANCELLED, filled=Decimal(1))

    found = one([("a", 10)])

    assert found.text == "its order was recorded as filled with 1, the fill has 2"
