"""Scenarios with waits of minutes, against the whole process: a minute is a second here."""

from contextlib import suppress

from requests import HTTPError

from bench.gridbot.bot import until
from bench.gridbot.deeds import Deed
from bench.gridbot.stage import ACCOUNT, Stage
from gridcore.clock import MINUTE_US

CREATE, CANCEL = "/v5/order/create", "/v5/order/cancel"
EVERYTHING, WALLET = "/v5/*", "/v5/account/wallet-balance"
KEY_INVALID, NOTHING_TO_REDUCE, NO_MONEY = 10003, 110017, 110007


def pass_minutes(stage: Stage, minutes: int) -> None:
    """Wait until so much market time is over."""
    end_us = now_us(stage) + minutes * MINUTE_US
    until(f"{minutes} minutes", lambda: now_us(stage) < end_us and "not yet")


def now_us(stage: Stage) -> int:
    """The market's time."""
    return int(stage.venue.get("state")["now_us"])


def hold_a_leg(stage: Stage) -> None:
    """Have an order filled, so that a close rests."""
    if not stage.closes():
        stage.fill(stage.opens()[0])
        until("a close", lambda: not stage.closes() and "none")
    stage.rests()


def cancel_a_close(stage: Stage) -> None:
    """The account's owner cancels a close; seconds fly, and the daemon may be faster with it."""

    def still_there() -> str:
        for close in stage.closes():
            with suppress(HTTPError):
                stage.cancel_by_hand(close)
                return ""
        return "none was there"

    until("a cancelled close", still_there)


def unconfirmed(stage: Stage, mark: int) -> list[Deed]:
    """Closes that left after a refusal of their direction and before a newer position was told."""
    directions: dict[str, str] = {}
    refused_at: dict[str, int] = {}
    found: list[Deed] = []
    for deed in stage.since(mark):
        body = deed.body
        match deed.kind:
            case "PlaceOrder" if body["reduce_only"]:
                directions[body["wire_id"]] = body["direction"]
                if body["direction"] in refused_at:
                    found.append(deed)
            case "PlaceRejected" if body["wire_id"] in directions:
                refused_at[directions[body["wire_id"]]] = body["at"]
            case "PositionsSnapshot":
                told = body["asked_at"]
                refused_at = {one: at for one, at in refused_at.items() if at >= told}
            case "PositionUpdate" if refused_at.get(body["direction"], body["at"]) < body["at"]:
                del refused_at[body["direction"]]
    return found


def test_a_cancel_that_fails_for_a_minute_is_asked_for_six_times_at_most(hurried: Stage) -> None:
    """A14: the connection breaks at every cancel."""
    orders = hurried.opens()
    broken = hurried.venue.fault("connection_reset", target=f"{CANCEL}*", account=ACCOUNT)
    mark = hurried.mark()

    hurried.bot.command("close-only", ACCOUNT)
    until("cancels", lambda: hurried.venue.acted(broken) < len(orders) and "too few")
    pass_minutes(hurried, 1)
    hurried.venue.calm()
    asked = hurried.since(mark, "CancelOrder")
    until("an empty book", lambda: bool(hurried.opens()) and "some rest")
    hurried.bot.command("resume", ACCOUNT)
    hurried.rests()
    counts = {
        row["orderId"]: sum(
            deed.body["order_id"] == row["orderId"] and deed.at < asked[0].at + MINUTE_US
            for deed in asked
        )
        for row in orders
    }

    assert all(1 <= count <= 6 for count in counts.values())
    assert all(hurried.order(row["orderId"])["orderStatus"] == "Cancelled" for row in orders)


def test_a_close_refused_with_110017_for_ten_minutes_makes_no_storm(hurried: Stage) -> None:
    """A20."""
    hold_a_leg(hurried)
    mark = hurried.mark()
    refusing = hurried.venue.fault(
        "ret_code", target=CREATE, account=ACCOUNT, amount=NOTHING_TO_REDUCE
    )

    cancel_a_close(hurried)
    pass_minutes(hurried, 10)
    refusals = hurried.venue.acted(refusing)
    hurried.venue.calm()
    hurried.rests()
    until("the close again", lambda: not hurried.closes() and "none")
    sent = [deed for deed in hurried.since(mark, "PlaceOrder") if deed.body["reduce_only"]]
    levels = {(deed.body["direction"], deed.body["price"]) for deed in sent}

    assert refusals >= 1
    assert unconfirmed(hurried, mark) == []
    for level in levels:
        times = [deed.at for deed in sent if (deed.body["direction"], deed.body["price"]) == level]
        assert all(late - early >= MINUTE_US for early, late in zip(times, times[3:], strict=False))


def test_opens_refused_for_want_of_money_wait_for_a_newer_wallet_and_closes_do_not(
    hurried: Stage,
) -> None:
    """A21."""
    hold_a_leg(hurried)
    lost = hurried.opens()[3]
    mark = hurried.mark()
    refusing = hurried.venue.fault(
        "ret_code", target=CREATE, account=ACCOUNT, amount=NO_MONEY, count=1
    )
    hurried.venue.fault("http_status", target=WALLET, account=ACCOUNT, amount=502, detail="down")

    hurried.cancel_by_hand(lost)
    until("no money", lambda: "balance" not in hurried.modes() and "all may open")
    cancel_a_close(hurried)
    until("the close again", lambda: not hurried.closes() and "none")
    pass_minutes(hurried, 2)
    held = hurried.modes()
    opens_meanwhile = hurried.resting_like(lost)
    (refused,) = hurried.since(mark, "PlaceRejected")
    placed = hurried.since(refused.seq, "PlaceOrder")
    hurried.venue.calm()
    hurried.rests()
    again = [
        deed for deed in hurried.since(refused.seq, "PlaceOrder") if not deed.body["reduce_only"]
    ]

    assert hurried.venue.acted(refusing) == 1
    assert "balance" in held
    assert opens_meanwhile == []
    assert placed
    assert all(deed.body["reduce_only"] for deed in placed)
    assert again[0].at - refused.at >= MINUTE_US
    assert "balance" not in hurried.modes()


def test_a_key_refused_five_times_rests_for_half_an_hour_and_then_one_probe_is_sent(
    hurried: Stage,
) -> None:
    """A23: meanwhile the halt cancels what rests; nothing is placed, nothing is asked."""
    mark = hurried.mark()
    refusing = hurried.venue.fault(
        "ret_code", target=EVERYTHING, account=ACCOUNT, amount=KEY_INVALID
    )

    halt = hurried.until_deed(mark, "key_refused")
    hurried.venue.calm()
    until("the end of it", lambda: "authentication" in hurried.modes() and "it stands", 120)
    hurried.rests()
    later = [
        deed for deed in hurried.since(halt.seq, "AskSnapshot", "PlaceOrder") if deed.seq > halt.seq
    ]
    refused = [
        deed
        for deed in hurried.since(mark, "QuestionRefused", "PlaceRejected", "CancelRejected")
        if deed.seq <= halt.seq
    ]

    assert len(refused) == 5
    assert hurried.venue.acted(refusing) >= 5
    assert later[0].at - halt.at >= 30 * MINUTE_US
    assert (later[0].kind, later[0].body["kind"]) == ("AskSnapshot", "wallet")
    assert later[1].seq > later[0].seq
