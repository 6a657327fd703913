"""Scenarios of live.md section 8 against the whole process: bybit_sim and gridbot, both real.

One pair of processes plays them all, at ten times speed; the market stands still unless a story
moves it.
"""

from bench.gridbot.bot import until
from bench.gridbot.journals import differing
from bench.gridbot.stage import ACCOUNT, SYMBOL, Stage

CANCEL = "/v5/order/cancel"


def by_hand(stage: Stage) -> frozenset[str]:
    """The orders of another hand that rest."""
    resting = stage.venue.resting(ACCOUNT)
    return frozenset(row["orderId"] for row in resting if row["orderLinkId"] == "by-hand")


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
    until("an alert", lambda: "foreign" not in str(stage.state()["alerts"]) and "none")
    stage.rests()

    left = by_hand(stage)
    stage.venue.post("cancel", account=ACCOUNT, symbol=SYMBOL, order_link_id="by-hand")

    assert len(stage.foreign) == 1
    assert left == stage.foreign


def test_without_tickers_nothing_opens_until_they_come_back(stage: Stage) -> None:
    """A28."""
    order = stage.opens()[1]
    before = len(stage.account()["orders"])
    stage.venue.fault("frame_lost", target="tickers*")

    until("a stale ticker", lambda: "stale_ticker" not in stage.modes() and "it is fresh")
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
    until("an empty book", lambda: stage.venue.resting(ACCOUNT))
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
