"""The player: when rows are played, and in which order their frames go out (ARCHITECTURE 5)."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from bybit_sim.market.facts import BTCUSDT
from bybit_sim.market.feed import Feed
from bybit_sim.market.player import Player
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.words import TradeRow
from gridcore.clock import SECOND_US, Instant
from gridcore.sides import SideType
from tapes import Tape

MakeTape = Callable[..., Tape]
Play = Callable[..., None]
Make = Callable[..., Any]

TRADES = "publicTrade.BTCUSDT"
TICKERS = "tickers.BTCUSDT"
MS = 1_000


def trades(*seconds: float, price: int = 1000) -> list[tuple[int, ...]]:
    return [(int(at * SECOND_US), price + place, 1, 1) for place, at in enumerate(seconds)]


def prices(outlet: Any) -> list[str]:
    return [element["p"] for frame in outlet.of(TRADES) for element in frame["data"]]


def paused_first(
    speed: str, exchange: Any, feed: Feed, outlet: Any
) -> tuple[Player, Callable[[Callable[[Player], Awaitable[None]]], None]]:
    player = Player(exchange, feed, outlet, speed)
    player.pause()

    def run(during: Callable[[Player], Awaitable[None]]) -> None:
        async def both() -> None:
            task = asyncio.ensure_future(player.run())
            await during(player)
            task.cancel()

        asyncio.run(both())

    return player, run


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("speed", "rate"), [("1x", 1), ("60x", 60), ("0.5x", 0.5)])
def test_trades_are_told_when_their_time_has_come(
    speed: str,
    rate: float,
    tape: MakeTape,
    market: SymbolMarket,
    exchange: Make,
    outlet: Make,
    play: Play,
) -> None:
    sent = outlet({TRADES})
    feed = Feed([(BTCUSDT, tape(trades(0, 0.4, 30, 31)))])

    play(Player(exchange({"BTCUSDT": market}), feed, sent, speed))

    assert prices(sent) == ["100.00", "100.10", "100.20", "100.30"]
    assert sent.at_s == pytest.approx([0, 0.4 / rate, 30 / rate, 31 / rate], abs=0.002)


@pytest.mark.parametrize(("speed", "patience_s"), [("60x", 0.005), ("max", None)])
def test_slow_clients_hold_a_timed_market_up_for_a_moment_only(
    speed: str,
    patience_s: float | None,
    tape: MakeTape,
    market: SymbolMarket,
    exchange: Make,
    outlet: Make,
    play: Play,
) -> None:
    sent = outlet({TRADES})

    play(Player(exchange({"BTCUSDT": market}), Feed([(BTCUSDT, tape(trades(0, 1)))]), sent, speed))

    assert sent.patience_s == patience_s


def test_market_time_goes_on_between_rows_and_timers_fire_without_one(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    sent = outlet(set())
    played = exchange({"BTCUSDT": market}, deadlines=[10 * SECOND_US])
    feed = Feed([(BTCUSDT, tape(trades(0, 30)))])

    play(Player(played, feed, sent, "1x"))

    assert sent.order == ["push wallet"]
    assert sent.at_s[0] == pytest.approx(10, abs=0.06)


def test_tickers_are_conflated_to_one_in_100_ms(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    sent = outlet({TICKERS})
    recorded = tape(trades(*(step / 100 for step in range(101))))

    play(Player(exchange({"BTCUSDT": market}), Feed([(BTCUSDT, recorded)]), sent, "1x"))

    kinds = [frame["type"] for frame in sent.of(TICKERS)]
    gaps = [later - earlier for earlier, later in pairwise(sent.at_s[:-1])]
    assert kinds[0] == "snapshot"
    assert set(kinds[1:]) == {"delta"}
    assert 9 <= len(kinds) <= 13
    assert min(gaps) > 0.099
    assert sent.of(TICKERS)[-1]["data"]["lastPrice"] == "110.00"


def test_at_max_speed_every_trade_is_told_and_only_what_matters_reaches_the_venues_alone(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    """Before a row that matters, the newest skipped one is delivered (ARCHITECTURE 4)."""
    count = 3_000
    rows = [(step * MS, 1000 + step % 7, 1, 1) for step in range(count)]
    rows[2_000] = (2_000 * MS, 1050, 1, 1)
    played = exchange({"BTCUSDT": market}, band=(None, 1050))
    sent = outlet({TRADES})

    play(Player(played, Feed([(BTCUSDT, tape(rows))]), sent, "max"))

    sequence = [element["seq"] for frame in sent.of(TRADES) for element in frame["data"]]
    assert sequence == list(range(sequence[0], sequence[0] + count))
    assert max(len(frame["data"]) for frame in sent.of(TRADES)) == 1_024
    at = [(step.at - rows[0][0]) // MS - 1_767_571_200_000 for step in played.played]
    assert at == [1023, 1999, 2000, 2999]
    assert [push.topic.value for push in sent.pushes] == ["order"]


def test_at_max_speed_the_market_ends_as_step_by_step(
    tape: MakeTape, start: Instant, exchange: Make, outlet: Make, play: Play
) -> None:
    rows = [(step * 217 * MS, 1000 + (step * step) % 37, 1 + step % 5, 1) for step in range(2_000)]
    recorded = tape(rows)
    found: list[object] = []
    for speed in ("max", "lockstep"):
        market = SymbolMarket(BTCUSDT, start)
        play(
            Player(
                exchange({"BTCUSDT": market}),
                Feed([(BTCUSDT, recorded)]),
                outlet(set()),
                speed,
            )
        )
        market.literal = False
        found.append((market.ticker_fields(), market.trade_rows(1_000)))
        found.append((market.kline_rows("5", None, None, 9), market.now))

    assert found[:2] == found[2:]


def test_runs_stop_at_a_deadline(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    played = exchange({"BTCUSDT": market}, deadlines=[2 * SECOND_US])
    feed = Feed([(BTCUSDT, tape(trades(0, 1, 3, 4)))])

    play(Player(played, feed, outlet(), "max"))

    assert played.fired == [2 * SECOND_US]
    assert [step.at - 1_767_571_200 * SECOND_US for step in played.played] == [
        1 * SECOND_US,
        3 * SECOND_US,
        4 * SECOND_US,
    ]


def test_lockstep_releases_timers_then_private_then_public_frames(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    played = exchange({"BTCUSDT": market}, band=(None, 1001), deadlines=[500_000, 1_000_000])
    sent = outlet({TRADES, TICKERS})
    feed = Feed([(BTCUSDT, tape(trades(0, 1)))])

    play(Player(played, feed, sent, "lockstep"))

    assert sent.order == [
        TRADES,
        TICKERS,
        "push wallet",
        "push wallet",
        "push order",
        TRADES,
        TICKERS,
    ]
    assert [push.rows[0]["at"] for push in sent.pushes] == [500_000, 1_000_000, 1_000_000]


def test_lockstep_tells_a_ticker_for_each_recorded_one_changed_or_not_and_for_no_other_row(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    recorded = tape(
        [(0, 1000, 1, 1, 1), (3 * MS, 1010, 1, 1, 4)],
        [
            (1 * MS, 2, 1000, 999, 1001, 10_000, 1),
            (2 * MS, 3, 1000, 999, 1001, 10_000, 1),
            (4 * MS, 5, 1002, None, None, 10_000, 1),
        ],
    )
    sent = outlet({TICKERS})

    play(Player(exchange({"BTCUSDT": market}), Feed([(BTCUSDT, recorded)]), sent, "lockstep"))

    first, second, third = (frame["data"] for frame in sent.of(TICKERS))
    assert (first["lastPrice"], first["bid1Price"]) == ("100.00", "99.90")
    assert second == {"symbol": "BTCUSDT"}
    assert (third["lastPrice"], third["bid1Price"], third["ask1Size"]) == ("100.20", "", "")


def test_a_trade_only_tape_in_lockstep_has_a_ticker_for_every_step_without_quotes(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    sent = outlet({TICKERS})
    feed = Feed([(BTCUSDT, tape(trades(0, 0, 1, 2)))])

    play(Player(exchange({"BTCUSDT": market}), feed, sent, "lockstep"))

    told = [frame["data"] for frame in sent.of(TICKERS)]
    assert [data["lastPrice"] for data in told] == ["100.10", "100.20", "100.30"]
    assert told[0]["bid1Price"] == told[0]["ask1Price"] == ""


def test_two_lockstep_runs_tell_the_same_bytes(
    tape: MakeTape, start: Instant, exchange: Make, outlet: Make, play: Play
) -> None:
    recorded = tape(trades(0, 1, 70, 71, 300))
    frames = []
    for _ in range(2):
        sent = outlet()
        market = SymbolMarket(BTCUSDT, start, seed=4)
        feed = Feed([(BTCUSDT, recorded)])
        play(Player(exchange({"BTCUSDT": market}), feed, sent, "lockstep"))
        frames.append(sent.frames)

    assert frames[0] == frames[1]
    assert {frame["topic"].split(".")[0] for frame in frames[0]} == {
        "tickers",
        "publicTrade",
        "orderbook",
        "kline",
    }


def test_a_paused_player_plays_the_steps_that_are_asked_for(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make
) -> None:
    sent = outlet({TRADES})
    feed = Feed([(BTCUSDT, tape(trades(0, 10, 20, 30)))])
    player, run = paused_first("1x", exchange({"BTCUSDT": market}), feed, sent)
    seen = []

    async def act(player: Player) -> None:
        await turns()
        seen.append(prices(sent))
        player.step(2)
        await turns()
        seen.append(prices(sent))

    run(act)

    assert seen == [[], ["100.00", "100.10"]]
    assert player.paused
    assert not player.ended


def test_a_resumed_player_goes_on_at_the_speed_set_meanwhile(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    sent = outlet({TRADES})
    feed = Feed([(BTCUSDT, tape(trades(0, 100, 200)))])
    player = Player(exchange({"BTCUSDT": market}), feed, sent, "1x")
    player.pause()

    async def act(player: Player) -> None:
        await asyncio.sleep(50)
        player.step(1)
        await asyncio.sleep(50)
        player.set_speed("10x")
        player.resume()

    play(player, act)

    assert sent.at_s == pytest.approx([50, 110, 120], abs=0.01)
    assert player.ended
    assert (player.speed, player.paused) == ("10x", False)


def test_an_injected_trade_is_told_at_once(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make
) -> None:
    played = exchange({"BTCUSDT": market}, band=(None, 1100))
    sent = outlet()
    player = Player(played, Feed([(BTCUSDT, tape(trades(0, 1)))]), sent, "1x")

    player.inject_trade("BTCUSDT", Decimal("110.0"), Decimal("0.003"), SideType.SELL)

    (frame,) = sent.of(TRADES)
    assert frame["data"][0] | {"S": "Sell", "v": "0.003", "p": "110.00"} == frame["data"][0]
    assert sent.order[0] == "push order"
    assert sent.of(TICKERS)[0]["data"]["lastPrice"] == "110.00"


def test_a_moved_price_stays_moved(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make, play: Play
) -> None:
    played = exchange({"BTCUSDT": market})
    player = Player(played, Feed([(BTCUSDT, tape(trades(0, 1, 2)))]), outlet({TRADES}), "1x")

    async def act(player: Player) -> None:
        await asyncio.sleep(0.5)
        player.move_price("BTCUSDT", Decimal("200.0"))

    play(player, act)

    rows = [row for step in played.played for row in step.rows if isinstance(row, TradeRow)]
    assert [row.price for row in rows] == [1000, 2000, 2001, 2002]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda player: player.step(1), "pause it before"),
        (lambda player: player.set_speed("soon"), "found 'soon'"),
        (
            lambda player: player.move_price("XRPUSDT", Decimal(1)),
            "one of the symbols BTCUSDT, found 'XRPUSDT'",
        ),
    ],
)
def test_a_control_that_makes_no_sense_is_refused_with_the_reason(
    act: Callable[[Player], None],
    message: str,
    tape: MakeTape,
    market: SymbolMarket,
    exchange: Make,
    outlet: Make,
) -> None:
    feed = Feed([(BTCUSDT, tape(trades(0)))])
    player = Player(exchange({"BTCUSDT": market}), feed, outlet(), "1x")

    with pytest.raises(ValueError, match=message):
        act(player)


def test_a_lockstep_market_has_prices_before_the_programs_that_it_waits_for(
    tape: MakeTape, market: SymbolMarket, exchange: Make, outlet: Make
) -> None:
    """A bot asks for the last price before it starts; the market begins when the bot is ready."""
    seen: list[Decimal | None] = []
    sent = outlet({TICKERS})

    async def settled(request: web.Request) -> web.Response:
        if not sent.order:
            seen.append(market.last_price)
        return web.json_response({"handled_through_us": 4_000_000_000_000_000, "in_flight": 0})

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/settled", settled)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/settled"
        feed = Feed([(BTCUSDT, tape(trades(0, 1, 2)))])
        player = Player(exchange({"BTCUSDT": market}), feed, sent, "lockstep", [url])
        await player.run()
        await runner.cleanup()

    asyncio.run(run())

    assert seen
    assert None not in seen
    assert sent.order == [TICKERS, TICKERS]


def test_lockstep_releases_the_next_part_only_when_the_program_has_settled(
    tape: MakeTape, market: SymbolMarket, start: Instant, exchange: Make, outlet: Make
) -> None:
    sent = outlet({TICKERS})
    played = exchange({"BTCUSDT": market}, band=(None, 1001), deadlines=[SECOND_US])
    asked: list[tuple[str, ...]] = []

    async def settled(request: web.Request) -> web.Response:
        """Handles what was sent only when asked for the second time."""
        seen = tuple(sent.order)
        handled = start + SECOND_US * (1 + seen.count(TICKERS) - (seen[-1:] == (TICKERS,)))
        late = seen not in asked
        asked.append(seen)
        return web.json_response(
            {"handled_through_us": 0 if late else int(handled), "in_flight": 0}
        )

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/settled", settled)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/settled"
        feed = Feed([(BTCUSDT, tape(trades(0, 1, 2)))])
        await Player(played, feed, sent, "lockstep", [url]).run()
        await runner.cleanup()

    asyncio.run(run())

    released = ("push wallet", "push order", TICKERS, "push order", TICKERS)
    parts = [released[:count] for count in range(len(released) + 1)]
    assert list(dict.fromkeys(asked)) == parts
    assert all(asked.count(part) == 2 for part in parts[1:])
