"""What the whole daemon makes of streams that lie, hang, fall silent or are refused to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bench.gridbot.bot import until
from bench.gridbot.stage import ACCOUNT, SYMBOL
from bench.gridbot.trial import Trial, trial
from bench.gridbot.venue import Row
from gridcore.clock import MINUTE_US, SECOND_US

AUDITS = "safety: {audit_positions_s: 10, audit_wallet_s: 20}"
NOTICED_US_MAX = 45 * SECOND_US
STOP_S_MAX = 15.0
LONG, SHORT = 1, 2
NAMES = ("USDT", "UNIFIED")


@contextmanager
def trading(folder: Path, *more: str, speed: int = 10) -> Iterator[Trial]:
    """A daemon whose grid stands."""
    with trial(folder, *more, speed=speed) as one:
        one.begin()
        yield one


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Trial]:
    """A daemon that often compares its positions and its wallet."""
    with trading(tmp_path, AUDITS) as one:
        yield one


def open_by_hand(one: Trial, position_idx: int, qty: str) -> None:
    """The account's owner opens at the market."""
    one.venue.post(
        "order",
        account=ACCOUNT,
        symbol=SYMBOL,
        side="Buy" if position_idx == LONG else "Sell",
        qty=qty,
        position_idx=position_idx,
    )


def position_rows(text: str, position_idx: int) -> list[Row]:
    """What a frame tells of a leg; nothing if it is no frame of positions."""
    frame = json.loads(text)
    if not str(frame.get("topic")).startswith("position"):
        return []
    return [row for row in frame["data"] if row["positionIdx"] == position_idx]


def nearest(one: Trial, side: str) -> Row:
    """The nearest opening order of a side."""
    return next(row for row in one.opens() if row["side"] == side)


def leg(one: Trial, direction: str) -> Row:
    """What the daemon believes of a leg."""
    (found,) = [
        row for row in one.state()["strategies"][0]["positions"] if row["direction"] == direction
    ]
    row: Row = found
    return row


def asked(one: Trial, since: int) -> set[str]:
    """The paths of what was answered after a request of the simulator's log."""
    return {row["path"] for row in one.venue.get(f"requests?since={since}")["requests"]}


def last_request(one: Trial) -> int:
    """The number of the newest request."""
    return max(int(row["serial"]) for row in one.venue.get("requests")["requests"])


def emptied(text: str) -> str:
    """A wallet's frame with "" for everything but whose it is; any other as it is."""
    frame = json.loads(text)
    if frame.get("topic") != "wallet":
        return text
    return json.dumps({**frame, "data": _blank(frame["data"])})


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: one if one in NAMES else _blank(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_blank(one) for one in value]
    return ""


def test_a_position_told_late_never_wins_over_what_was_asked_since(audited: Trial) -> None:
    """A25: a push of the size that was, long after the answer of the size that is."""
    heard: list[Decimal] = []

    def hear(text: str) -> str:
        heard.extend(Decimal(row["size"]) for row in position_rows(text, LONG))
        return text

    audited.between.rewrite = hear
    delayed = audited.venue.fault("frame_delayed", target="position*", amount=5000)
    open_by_hand(audited, LONG, "0.05")
    until("a delay", lambda: not audited.venue.acted(delayed) and "none")
    audited.rests()
    audited.venue.calm()
    open_by_hand(audited, LONG, "0.05")
    audited.rests()
    asked_since = last_request(audited)
    until("an answer", lambda: "/v5/position/list" not in asked(audited, asked_since) and "none")
    early = list(heard)
    believed: set[str] = set()

    def late() -> str:
        believed.add(leg(audited, "long")["qty"])
        return "" if Decimal("0.05") in heard else f"heard {heard}"

    until("the late push", late)
    end_us = audited.now_us() + 5 * SECOND_US
    while audited.now_us() < end_us:
        late()

    assert Decimal("0.05") not in early
    assert believed == {"0.1"}


def test_a_push_of_one_leg_leaves_the_other_as_it_was(audited: Trial) -> None:
    """A26: of every push of both legs one is left."""
    pushed: list[Row] = []

    def of_the_long_leg(text: str) -> str:
        rows = position_rows(text, LONG)
        pushed.extend(rows)
        return json.dumps({**json.loads(text), "data": rows}) if rows else text

    open_by_hand(audited, SHORT, "0.1")
    audited.rests()
    before = leg(audited, "short")
    audited.between.rewrite = of_the_long_leg

    open_by_hand(audited, LONG, "0.05")
    audited.rests()
    after = leg(audited, "short")

    assert pushed != []
    assert (before["known"], before["qty"]) == (True, "0.1")
    assert (after["known"], after["qty"], after["entry"]) == (True, "0.1", before["entry"])


def test_a_wallet_of_empty_texts_is_no_wallet_of_nothing(audited: Trial) -> None:
    """A46: trading goes on, and what is asked is believed."""
    emptied_frames: list[str] = []

    def rewrite(text: str) -> str:
        new = emptied(text)
        emptied_frames.extend([new] if new != text else [])
        return new

    audited.between.rewrite = rewrite
    before = audited.state()

    audited.fill(nearest(audited, "Buy"))
    until("an empty wallet", lambda: not emptied_frames and "none")
    told = audited.state()
    audited.rests()
    after = audited.state()

    assert Decimal(told["wallet"]) > 0
    assert told["wallet_seen_us"] >= before["wallet_seen_us"] > 50 * 365 * 24 * 60 * MINUTE_US
    assert after["wallet_seen_us"] > before["wallet_seen_us"]
    assert audited.modes() == set()


def test_a_reset_that_hangs_stops_neither_closes_nor_the_end(tmp_path: Path) -> None:
    """A37: five minutes of the market without a private stream, and SIGTERM meanwhile."""
    with trading(tmp_path, speed=20) as one:
        one.between.holds_handshakes = True
        one.venue.post("disconnect", kind="private", account=ACCOUNT)
        until("a handshake that hangs", lambda: not one.between.held and "none")
        ticked_us = one.state()["strategies"][0]["ticker_us"]

        one.fill(nearest(one, "Buy"))
        until("a close", lambda: not one.closes() and "none")
        one.pass_us(5 * MINUTE_US)
        state = one.state()
        code = one.bot.stop()

    assert "stream_lost" in {mode["cause"] for mode in state["modes"]}
    assert state["strategies"][0]["ticker_us"] > ticked_us + 4 * MINUTE_US
    assert code == 0


def test_a_half_open_private_socket_is_noticed_replaced_and_everything_compared(
    tmp_path: Path,
) -> None:
    """A35: within 45 s of the market, which runs as fast as the machine's clock."""
    with trading(tmp_path, speed=1) as one:
        order = one.opens()[2]
        since = last_request(one)
        one.venue.post("disconnect", kind="private", account=ACCOUNT, how="socket_half_open")
        began_us = one.now_us()
        one.cancel_by_hand(order)

        until("its loss", lambda: "stream_lost" not in one.modes() and "unnoticed")
        noticed_us = one.now_us() - began_us
        one.rests()
        compared = asked(one, since)
        placed = len(one.placed_at(order))

    assert noticed_us < NOTICED_US_MAX
    assert compared >= {
        "/v5/order/realtime",
        "/v5/order/history",
        "/v5/execution/list",
        "/v5/position/list",
        "/v5/account/wallet-balance",
    }
    assert placed == 2


def test_a_key_refused_at_the_stream_halts_with_an_alert_until_a_probe_is_answered(
    tmp_path: Path,
) -> None:
    """A38: nothing rests while nothing is heard, and after 30 min of the market all goes on."""
    with trading(tmp_path, speed=120) as one:
        placed = len(one.account()["orders"])
        one.venue.fault("auth_refused", target="private")
        one.venue.post("disconnect", kind="private", account=ACCOUNT)

        until("a halt", lambda: not one.latch("authentication") and "trading")
        latch = one.latch("authentication")
        until("an alert", lambda: "key_refused" not in str(one.state()["alerts"]) and "none")
        until("an empty book", lambda: one.venue.resting(ACCOUNT))
        placed_since = len(one.account()["orders"]) - placed
        one.venue.calm()
        one.rests()
        back = one.modes()

    assert latch is not None
    assert latch["mode"] == "HALT"
    assert placed_since == 0
    assert back == set()
