"""Scenarios that name seconds, against the whole process at the exchange's own pace."""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from bench.gridbot.agreement import not_standing, repeated_ids, twins
from bench.gridbot.bot import until
from bench.gridbot.stage import ACCOUNT, OTHER, SYMBOL, Stage
from bench.gridbot.venue import Row
from bench.gridbot.world import key_of, secret_of
from gridcore.clock import SECOND_US
from gridcore.intents import decode_wire_id

CREATE = "/v5/order/create"
CAP_PER_S = 10
"""Placements that the exchange takes within a second of an account without VIP level."""
LEVELS = 50
RATE_LIMITED = 10006
ATTEMPTS = 8
IN_FLIGHT = 3
"""More than the placements that leave together: an open, and the closes of two legs."""
STAMPS_MS = 50
"""A request is stamped with its answer, which comes that much later than it counts."""


@pytest.fixture
def second_hand(plain: Stage) -> Iterator[HTTP]:
    """Another program that uses the daemon's key."""
    http = HTTP(
        testnet=False, api_key=key_of(ACCOUNT), api_secret=secret_of(ACCOUNT), retry_codes={10002}
    )
    http.endpoint = plain.venue.http
    with http.client:
        yield http


def use_up(http: HTTP) -> None:
    """Ask for all placements of a second; none of them is a possible order."""
    for _ in range(CAP_PER_S):
        with suppress(InvalidRequestError):
            http.place_order(
                category="linear", symbol=SYMBOL, side="Buy", orderType="Limit", qty="0", price="1"
            )


def reset_ms(taken: list[Row], refused: Row) -> int:
    """When the second that refused a placement is over: one after the oldest that it took."""
    begins = refused["at_ms"] - 1000
    oldest = next(row for row in taken if row["at_ms"] > begins and row["code"] != RATE_LIMITED)
    return int(oldest["at_ms"]) + 1000


def nearest(stage: Stage, side: str) -> Row:
    """The nearest opening order of a side."""
    return next(row for row in stage.opens() if row["side"] == side)


def test_fifty_levels_are_placed_within_twice_what_the_rate_limit_makes_them_last(
    plain: Stage, tmp_path: Path
) -> None:
    """A01: hedge mode, an empty book, the simulator's own stamps."""
    limit_s = (LEVELS - CAP_PER_S) / CAP_PER_S
    bot = plain.bot_with(tmp_path / "fifty", LEVELS)
    try:
        bot.start()
        until("a grid that stands", lambda: not_standing(bot.state(OTHER)))
        refused = [row for row in plain.venue.asked(CREATE) if row["code"] == RATE_LIMITED]
        code = bot.stop()
    finally:
        if bot.is_running():
            bot.kill()
    account = plain.venue.account(OTHER)
    created_ms = [int(row["createdTime"]) for row in account["orders"]]
    ids = [row["orderLinkId"] for row in account["orders"]]

    assert code == 0
    assert len(created_ms) == LEVELS
    assert {row["positionIdx"] for row in account["orders"]} == {1, 2}
    assert (max(created_ms) - min(created_ms)) / 1000 <= 2 * limit_s
    assert refused == []
    assert all(len(one) <= 36 and decode_wire_id(one) for one in ids)
    assert twins(account) == repeated_ids(account) == []


def test_a_create_whose_reply_is_lost_is_adopted_within_2_s_of_the_doubt(plain: Stage) -> None:
    """A06: no frame tells of the order, only a look-up by its wire id can."""
    order = plain.opens()[3]
    before = len(plain.placed_at(order))
    plain.bot.command("pause", ACCOUNT)
    plain.cancel_by_hand(order)
    until("the end of it", lambda: order["orderId"] in str(plain.state()["strategies"]) and "open")
    plain.venue.fault("frame_lost", target="order*", account=ACCOUNT)
    plain.venue.fault("reply_lost", target=CREATE, count=1, amount=300)
    mark = plain.mark()

    plain.bot.command("resume", ACCOUNT)
    doubt = plain.until_deed(mark, "PlaceUnknown")
    adopted = plain.until_deed(mark, "OrdersSnapshot", about=doubt.body["wire_id"])
    plain.rests()
    places = plain.since(mark, "PlaceOrder")
    heard = plain.since(mark, "OrderUpdate")
    (resting,) = plain.resting_like(order)

    assert heard == []
    assert 0 <= adopted.at - doubt.at <= 2 * SECOND_US
    assert len(places) == 1
    assert len(plain.placed_at(order)) == before + 1
    assert resting["orderLinkId"] == doubt.body["wire_id"]


def test_a_twin_is_cancelled_within_a_second_while_placements_are_latched(plain: Stage) -> None:
    """A17: by the simulator's stamps, in a market that trades."""
    order = plain.opens()[2]
    plain.bot.command("pause", ACCOUNT)
    twin_id = f"{order['orderLinkId'].split('-')[0]}-twin"

    plain.venue.post(
        "order",
        account=ACCOUNT,
        symbol=SYMBOL,
        side=order["side"],
        qty=order["qty"],
        position_idx=order["positionIdx"],
        price=order["price"],
        order_link_id=twin_id,
    )
    plain.trade_at(plain.state()["strategies"][0]["last"], "0.001", "Buy")
    (twin,) = [row for row in plain.placed_at(order) if row["orderLinkId"] == twin_id]
    until("its end", lambda: plain.order(twin["orderId"])["orderStatus"] == "New" and "rests")
    twin = plain.order(twin["orderId"])
    latched = plain.modes()
    plain.bot.command("resume", ACCOUNT)
    plain.rests()

    assert "operator" in latched
    assert twin["orderStatus"] == "Cancelled"
    assert int(twin["updatedTime"]) - int(twin["createdTime"]) <= 1000
    assert plain.order(order["orderId"])["orderStatus"] == "New"


def test_a_part_is_filled_and_the_rest_stays_tracked_alone_at_its_level(plain: Stage) -> None:
    """A09."""
    order = nearest(plain, "Buy")
    before = len(plain.placed_at(order))

    plain.trade_through(order)
    plain.rests()
    after = plain.order(order["orderId"])
    fills = [
        Decimal(row["execQty"])
        for row in plain.account()["executions"]
        if row["orderId"] == order["orderId"]
    ]

    assert after["orderStatus"] == "PartiallyFilled"
    assert 0 < Decimal(after["cumExecQty"]) < Decimal(order["qty"])
    assert sum(fills) == Decimal(after["cumExecQty"])
    assert Decimal(after["leavesQty"]) == Decimal(order["qty"]) - sum(fills)
    assert len(plain.placed_at(order)) == before


def test_a_part_is_filled_and_the_rest_cancelled_and_the_position_has_that_part(
    plain: Stage,
) -> None:
    """A10: closes that fill meanwhile take theirs."""
    order = nearest(plain, "Sell")
    leg, size_before = order["positionIdx"], plain.size(order["positionIdx"])
    known = {row["execId"] for row in plain.account()["executions"]}
    plain.trade_through(order)
    plain.rests()

    plain.cancel_by_hand(order)
    plain.rests()
    account, after = plain.account(), plain.order(order["orderId"])
    legs = {row["orderId"]: row["positionIdx"] for row in account["orders"]}
    news = [row for row in account["executions"] if row["execId"] not in known]
    closed = [Decimal(row["closedSize"]) for row in news if legs[row["orderId"]] == leg]
    filled = [Decimal(row["execQty"]) for row in news if row["orderId"] == order["orderId"]]

    assert after["orderStatus"] in ("Cancelled", "PartiallyFilledCanceled")
    assert 0 < sum(filled) < Decimal(order["qty"])
    assert Decimal(after["cumExecQty"]) == sum(filled)
    assert plain.size(leg) - size_before == sum(filled) - sum(closed)


def test_a_rate_limited_create_waits_for_the_reset_and_the_loop_goes_on(
    plain: Stage, second_hand: HTTP
) -> None:
    """A22: how long the loop was held up the daemon measures itself; 50 ms are too long.

    A busy machine holds up every loop now and then, and may be too slow to use up a second's
    placements: one refusal with a quiet loop shows that the pause holds up nothing.
    """
    quiet: list[float] = []
    for attempt in range(ATTEMPTS):
        order = plain.opens()[ATTEMPTS - attempt]
        mark, slow = plain.mark(), plain.bot.metric("gridbot_loop_slow_total")
        use_up(second_hand)
        used_up = plain.venue.asked(CREATE)
        plain.cancel_by_hand(order)
        accepted = plain.until_deed(mark, "PlaceAccepted", about=order["orderLinkId"][:16])
        held_up = plain.bot.metric("gridbot_loop_slow_total") - slow
        plain.rests()
        own = plain.venue.asked(CREATE, used_up[-1]["serial"])
        pauses = plain.since(mark, "PlaceRejected")
        if not pauses:
            continue
        passed = next(row for row in own if row["code"] == 0)
        meanwhile = [row for row in plain.since(mark, "Ticker") if row.at < accepted.at]

        assert {deed.body["code"] for deed in pauses} == {RATE_LIMITED}
        assert len(pauses) <= IN_FLIGHT
        assert passed["at_ms"] >= reset_ms(used_up, own[0]) - STAMPS_MS
        assert [row for row in meanwhile if row.at > pauses[-1].at]
        quiet.append(held_up)
        if held_up == 0:
            break

    assert 0 in quiet
