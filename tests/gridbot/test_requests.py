"""Scenarios of requests whose outcome is unknown or refused, against the whole process."""

from decimal import Decimal

from bench.gridbot.bot import until
from bench.gridbot.stage import ACCOUNT, SYMBOL, Stage
from bench.gridbot.venue import Row

CREATE = "/v5/order/create"
ID_REPEATED, ORDER_UNKNOWN, RATE_LIMITED = 110072, 110001, 10006
POST_ONLY = "EC_PostOnlyWillTakeLiquidity"
BENEATH = 40
"""How far the market goes below a level, in quote currency: less than half a step."""


def emptied(stage: Stage, order: Row) -> int:
    """Have a level emptied by hand while nothing may open; how many orders it has had."""
    stage.bot.command("pause", ACCOUNT)
    stage.cancel_by_hand(order)
    until("its end", lambda: order["orderId"] in str(stage.state()["strategies"]) and "it rests")
    return len(stage.placed_at(order))


def test_a_create_whose_reply_is_lost_is_adopted_and_nothing_joins_it(stage: Stage) -> None:
    """A06."""
    order = stage.opens()[3]
    before = len(stage.placed_at(order))
    stage.venue.fault("reply_lost", target=CREATE, count=1, amount=100)

    stage.cancel_by_hand(order)
    until("its level again", lambda: len(stage.placed_at(order)) == before and "none")
    stage.rests()

    assert len(stage.placed_at(order)) == before + 1
    assert len(stage.resting_like(order)) == 1


def test_a_create_that_never_arrives_is_sent_once_more_with_the_same_id(stage: Stage) -> None:
    """A07."""
    order = stage.opens()[4]
    before = emptied(stage, order)
    lost = stage.venue.fault("request_lost", target=CREATE, count=1, amount=100)
    mark = stage.mark()

    stage.bot.command("resume", ACCOUNT)
    placed = stage.until_rests_like(order)
    stage.rests()
    sent = [deed.body["wire_id"] for deed in stage.since(mark, "PlaceOrder")]

    assert stage.venue.acted(lost) == 1
    assert len(stage.placed_at(order)) == before + 1
    assert sent == [placed["orderLinkId"]] * 2


def test_110072_on_a_repetition_is_looked_up_and_no_new_id_is_used(stage: Stage) -> None:
    """A08: the repetition lands, is refused as one that has landed, and no frame tells of it."""
    order = stage.opens()[5]
    before = emptied(stage, order)
    stage.venue.fault("frame_lost", target="order*", account=ACCOUNT)
    lost = stage.venue.fault("request_lost", target=CREATE, count=1, amount=2000)
    mark = stage.mark()

    stage.bot.command("resume", ACCOUNT)
    until("a loss", lambda: not stage.venue.acted(lost) and "none")
    repeated = stage.venue.fault("ret_code_after", target=CREATE, count=1, amount=ID_REPEATED)
    until("a repetition", lambda: not stage.venue.acted(repeated) and "none")
    refused = stage.until_deed(mark, "PlaceRejected")
    stage.rests()
    sent = [deed.body["wire_id"] for deed in stage.since(mark, "PlaceOrder")]
    asked = [
        deed.body["kind"]
        for deed in stage.since(refused.seq, "AskSnapshot")
        if deed.at >= refused.at
    ]
    (placed,) = stage.resting_like(order)

    assert refused.body["code"] == ID_REPEATED
    assert "orders" in asked
    assert sent == [placed["orderLinkId"]] * 2
    assert len(stage.placed_at(order)) == before + 1


def test_a_cancel_of_an_order_that_is_gone_is_settled_by_its_history(stage: Stage) -> None:
    """A13: nobody told of its end."""
    order = stage.opens()[4]
    silent = stage.venue.fault("frame_lost", target="order*", account=ACCOUNT, count=1)
    stage.cancel_by_hand(order)
    until("a lost frame", lambda: not stage.venue.acted(silent) and "none")
    mark = stage.mark()

    stage.bot.command("close-only", ACCOUNT)
    until("an empty book", lambda: bool(stage.opens()) and "some rest")
    until("its end", lambda: order["orderId"] in str(stage.state()["strategies"]) and "it rests")
    stage.until_deed(mark, "HistorySnapshot", about=order["orderId"])
    about = [
        deed
        for deed in stage.since(mark, "CancelOrder", "CancelRejected")
        if deed.body["order_id"] == order["orderId"]
    ]
    stage.bot.command("resume", ACCOUNT)
    stage.rests()

    assert 1 <= sum(deed.kind == "CancelOrder" for deed in about) <= 2
    assert {deed.body["code"] for deed in about if deed.kind == "CancelRejected"} == {ORDER_UNKNOWN}
    assert len(stage.resting_like(order)) == 1


def test_a_create_that_is_refused_for_the_address_is_tried_again(stage: Stage) -> None:
    """A22: 10006 without the headers of the account's budget."""
    order = stage.opens()[5]
    before = len(stage.placed_at(order))
    stage.venue.fault("ret_code", target=CREATE, count=1, amount=RATE_LIMITED)

    stage.cancel_by_hand(order)
    until("its level again", lambda: len(stage.placed_at(order)) == before and "none")
    stage.rests()

    assert len(stage.resting_like(order)) == 1


def test_an_order_that_would_take_is_refused_later_on_and_its_level_planned_again(
    stage: Stage,
) -> None:
    """A24: the market passes the level while the order travels."""
    order = next(row for row in stage.opens() if row["side"] == "Buy")
    last = stage.state()["strategies"][0]["last"]
    before = emptied(stage, order)
    late = stage.venue.fault("request_delayed", target=CREATE, count=1, amount=700)

    stage.bot.command("resume", ACCOUNT)
    until("an order under way", lambda: not stage.venue.acted(late) and "none")
    stage.venue.post("price", symbol=SYMBOL, price=str(Decimal(order["price"]) - BENEATH))
    until("its arrival", lambda: len(stage.placed_at(order)) == before and "none")
    stage.venue.post("price", symbol=SYMBOL, price=last)
    stage.until_rests_like(order)
    stage.rests()
    (refused, *_, placed) = stage.placed_at(order)[before:]

    assert (refused["orderStatus"], refused["rejectReason"]) == ("Cancelled", POST_ONLY)
    assert placed["orderStatus"] == "New"
