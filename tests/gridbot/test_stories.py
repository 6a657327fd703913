"""Scenarios of live.md section 8 against the whole process: bybit_sim and gridbot, both real.

One pair of processes plays them all, at ten times speed; the market stands still unless a story
moves it.
"""

from decimal import Decimal

from bench.gridbot.agreement import repeated_ids, twins
from bench.gridbot.bot import until
from bench.gridbot.journals import differing
from bench.gridbot.stage import ACCOUNT, LEVELS, SYMBOL, Stage
from gridcore.intents import decode_wire_id

CREATE, CANCEL = "/v5/order/create", "/v5/order/cancel"
WIRE_ID_LENGTH_MAX = 36


def modes(stage: Stage) -> set[str]:
    """The causes that ask for less trading now."""
    return {mode["cause"] for mode in stage.state()["modes"]}


def by_hand(stage: Stage) -> frozenset[str]:
    """The orders of another hand that rest."""
    resting = stage.venue.resting(ACCOUNT)
    return frozenset(row["orderId"] for row in resting if row["orderLinkId"] == "by-hand")


def standing_again(stage: Stage, order_price: str) -> bool:
    """Whether exactly one order rests at a price."""
    resting = [row for row in stage.venue.resting(ACCOUNT) if row["price"] == order_price]
    return len(resting) == 1


def test_every_level_of_a_cold_start_is_placed_once_under_a_decodable_id_of_its_own(
    stage: Stage,
) -> None:
    """A01."""
    orders = stage.opens()
    ids = [row["orderLinkId"] for row in orders]

    assert len(orders) == LEVELS
    assert len(set(ids)) == LEVELS
    assert all(len(one) <= WIRE_ID_LENGTH_MAX and decode_wire_id(one) for one in ids)
    assert twins(stage.account()) == repeated_ids(stage.account()) == []


def test_an_order_of_another_hand_is_left_alone_with_an_alert(stage: Stage) -> None:
    """A03."""
    stage.venue.post(
        "order",
        account=ACCOUNT,
        symbol=SYMBOL,
        side="Buy",
        qty="0.002",
        position_idx=1,
        price="90000",
        order_link_id="by-hand",
    )
    stage.foreign = by_hand(stage)
    until("an alert", lambda: "foreign" not in str(stage.state()["alerts"]) and "none", 20)
    stage.rests()

    left = by_hand(stage)
    stage.venue.post("cancel", account=ACCOUNT, symbol=SYMBOL, order_link_id="by-hand")

    assert len(stage.foreign) == 1
    assert left == stage.foreign


def test_a_create_whose_reply_is_lost_is_adopted_and_nothing_joins_it(stage: Stage) -> None:
    """A06."""
    order = stage.opens()[3]
    before = len(stage.placed_at(order))
    stage.venue.fault("reply_lost", target=CREATE, count=1, amount=100)

    stage.cancel_by_hand(order)
    until("its level again", lambda: len(stage.placed_at(order)) == before and "none")
    stage.rests()

    assert len(stage.placed_at(order)) == before + 1
    assert standing_again(stage, order["price"])


def test_a_create_that_never_arrives_is_sent_once_more(stage: Stage) -> None:
    """A07."""
    order = stage.opens()[4]
    before = len(stage.placed_at(order))
    lost = stage.venue.fault("request_lost", target=CREATE, count=1, amount=100)

    stage.cancel_by_hand(order)
    until("its level again", lambda: len(stage.placed_at(order)) == before and "none")
    stage.rests()

    assert stage.venue.acted(lost) == 1
    assert len(stage.placed_at(order)) == before + 1
    assert standing_again(stage, order["price"])


def test_a_rate_limited_create_is_tried_again(stage: Stage) -> None:
    """A22."""
    order = stage.opens()[5]
    stage.venue.fault("ret_code", target=CREATE, count=1, amount=10006)

    stage.cancel_by_hand(order)
    until("an answer", lambda: len(stage.placed_at(order)) < 2 and "none")
    stage.rests()

    assert standing_again(stage, order["price"])


def test_executions_told_twice_and_out_of_order_count_once(stage: Stage) -> None:
    """A15, A16."""
    order = stage.opens()[0]
    before = len(stage.account()["executions"])
    stage.venue.fault("frame_repeated", target="execution*", chance=1000)
    stage.venue.fault("frame_reordered", target="execution*,order*", chance=500, amount=2)
    beyond = Decimal(order["price"]) + (-1 if order["side"] == "Buy" else 1)

    stage.trade_at(str(beyond), "1", "Sell" if order["side"] == "Buy" else "Buy")
    until("a fill", lambda: len(stage.account()["executions"]) == before and "none")
    stage.venue.calm()
    stage.rests()

    assert len(stage.account()["executions"]) > before
    assert stage.unrest() == []


def test_an_order_filled_while_the_private_stream_is_down_is_seen(stage: Stage) -> None:
    """A11."""
    order = stage.opens()[0]
    before = len(stage.account()["executions"])
    beyond = Decimal(order["price"]) + (-1 if order["side"] == "Buy" else 1)
    stage.venue.post("disconnect", kind="private", account=ACCOUNT)

    stage.trade_at(str(beyond), "1", "Sell" if order["side"] == "Buy" else "Buy")
    until("a fill", lambda: len(stage.account()["executions"]) == before and "none")
    stage.rests()

    assert not [row for row in stage.venue.resting(ACCOUNT) if row["orderId"] == order["orderId"]]


def test_an_order_cancelled_by_hand_while_the_stream_is_down_is_placed_again_once(
    stage: Stage,
) -> None:
    """A12."""
    order = stage.opens()[2]
    before = len(stage.placed_at(order))
    stage.venue.post("disconnect", kind="private", account=ACCOUNT)

    stage.cancel_by_hand(order)
    until("its level again", lambda: len(stage.placed_at(order)) == before and "none")
    stage.rests()

    assert len(stage.placed_at(order)) == before + 1


def test_without_tickers_nothing_opens_until_they_come_back(stage: Stage) -> None:
    """A28."""
    order = stage.opens()[1]
    before = len(stage.account()["orders"])
    stage.venue.fault("frame_lost", target="tickers*")

    until("a stale ticker", lambda: "stale_ticker" not in modes(stage) and "it is fresh", 20)
    stage.cancel_by_hand(order)
    until("the end of it", lambda: order["orderId"] in str(stage.state()["strategies"]) and "open")
    placed = len(stage.account()["orders"])
    stage.venue.calm()
    stage.rests()

    assert placed == before
    assert len(stage.account()["orders"]) == before + 1


def test_a_halted_account_is_emptied_until_none_rests_although_cancels_fail(
    stage: Stage,
) -> None:
    """A33, A50."""
    stage.venue.fault("ret_code", target=f"{CANCEL}*", chance=500, amount=10016)

    stage.bot.command("halt", ACCOUNT)
    stage.bot.command("cancel-all", ACCOUNT)
    until("an empty book", lambda: stage.venue.resting(ACCOUNT), 20)
    (latch,) = [mode for mode in stage.state()["modes"] if mode["cause"] == "operator"]
    stage.venue.calm()
    stage.bot.command("resume", ACCOUNT)
    stage.rests()

    assert latch["mode"] == "HALT"
    assert latch["age_us"] > 0


def test_no_secret_stands_in_any_file_or_page_and_the_journal_replays(stage: Stage) -> None:
    """A49."""
    secrets = [b"main-secret-of-the-bench", b"main-key-0123456789", b"a-token-of-the-bench"]
    found = [
        str(file)
        for file in stage.bot.folder.rglob("*")
        if file.is_file() and any(secret in file.read_bytes() for secret in secrets)
    ]
    page = str(stage.bot.get("api/state")).encode()

    assert found == []
    assert not any(secret in page for secret in secrets)
    assert differing(stage.bot.journals)[1] == []
