"""Scenarios of fills and of a private stream that is down, against the whole process."""

from decimal import Decimal

from bench.gridbot.bot import until
from bench.gridbot.stage import ACCOUNT, SYMBOL, Stage
from bench.gridbot.venue import Row
from gridcore.clock import SECOND_US

CANCEL = "/v5/order/cancel"
OUTAGE_MS, OUTAGE_US = 4000, 30 * SECOND_US


def test_executions_told_twice_and_out_of_order_count_once(stage: Stage) -> None:
    """A15, A16."""
    order = stage.opens()[0]
    before = len(stage.account()["executions"])
    mark = stage.mark()
    repeated = stage.venue.fault("frame_repeated", target="execution*", chance=1000)
    stage.venue.fault("frame_reordered", target="execution*,order*", chance=500, amount=2)

    stage.trade_through(order)
    until("a fill", lambda: len(stage.account()["executions"]) == before and "none")
    stage.until_deed(mark, "Execution")
    stage.venue.calm()
    stage.rests()

    assert stage.venue.acted(repeated) >= 1
    assert len(stage.account()["executions"]) > before


def test_what_happens_in_a_long_outage_of_the_private_stream_is_seen_after_it(
    stage: Stage,
) -> None:
    """A11, A12: for half a minute; one order is filled, one cancelled by hand."""
    filled, cancelled = stage.opens()[0], stage.opens()[4]
    had_filled, had_cancelled = len(stage.placed_at(filled)), len(stage.placed_at(cancelled))
    mark = stage.mark()

    stage.venue.fault("refusing", for_ms=OUTAGE_MS)
    stage.venue.post("disconnect", kind="private", account=ACCOUNT)
    lost = stage.until_deed(mark, "StreamLost")
    stage.fill(filled)
    stage.cancel_by_hand(cancelled)
    back = stage.until_deed(mark, "StreamRestored")
    stage.rests()
    stage.until_rests_like(cancelled)
    stage.rests()
    told = stage.since(mark, "OrderUpdate", "Execution")

    assert back.at - lost.at >= OUTAGE_US
    assert all(not lost.seq < deed.seq < back.seq for deed in told), [
        d for d in told if d.at < back.at
    ]
    assert len(stage.placed_at(filled)) == had_filled
    assert tag_of(stage, filled) == "Wait"
    assert len(stage.placed_at(cancelled)) == had_cancelled + 1


def tag_of(stage: Stage, order: Row) -> str:
    """What an order's level is now."""
    levels = stage.state()["strategies"][0]["levels"]
    (tag,) = [tag for price, tag in levels if Decimal(price) == Decimal(order["price"])]
    return str(tag)


def test_orders_of_one_level_that_fill_one_after_the_other_halt_nothing(stage: Stage) -> None:
    """A18: the same level twice, seconds apart."""
    mark = stage.mark()
    first = stage.opens()[0]
    stage.fill(first)
    stage.rests()
    other = next(row for row in stage.opens() if row["price"] != first["price"])
    stage.fill(other)
    second = stage.until_rests_like(first)

    stage.fill(second)
    stage.rests()
    ends = [int(stage.order(row["orderId"])["updatedTime"]) for row in (first, second)]

    assert ends[1] - ends[0] >= 1000
    assert latches(stage, mark) == 0


def test_fills_of_orders_that_rested_together_at_a_level_halt(stage: Stage) -> None:
    """A18: a twin whose cancel does not arrive in time."""
    order = stage.opens()[0]
    mark = stage.mark()
    stage.venue.fault("request_delayed", target=f"{CANCEL}*", account=ACCOUNT, amount=1500)
    twin_id = f"{order['orderLinkId'].split('-')[0]}-twin"

    stage.venue.post(
        "order",
        account=ACCOUNT,
        symbol=SYMBOL,
        side=order["side"],
        qty=order["qty"],
        position_idx=order["positionIdx"],
        price=order["price"],
        order_link_id=twin_id,
    )
    twin = stage.placed_at(order)[-1]
    stage.until_deed(mark, "CancelOrder")
    stage.fill(order)
    until("a latch", lambda: not latches(stage, mark) and "none")
    stage.venue.calm()
    stage.rests()

    assert stage.order(twin["orderId"])["orderStatus"] == "Filled"
    assert latches(stage, mark) == 1


def latches(stage: Stage, mark: int) -> int:
    """How often two fills of one level have halted the account."""
    asked = stage.since(mark, "mode_asked")
    return sum(["cause", "duplicate_fills"] in deed.body["fields"] for deed in asked)
