"""Plays a feed through the exchange and sends what comes of it, at a speed of the wall clock.

It knows pacing and the order of release; it refuses to know sockets and accounts.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import aiohttp

from bybit_sim.exchange.words import PublicFrame, Push
from bybit_sim.market.bulk import play_quiet
from bybit_sim.market.controls import injected_trade, moved_rows
from bybit_sim.market.feed import Feed
from bybit_sim.market.pace import Pace, Pacing, parse_speed
from bybit_sim.market.ports import Outlet, PlayedExchange
from bybit_sim.market.settling import Settling, parse_target, released_names
from bybit_sim.market.symbols import SymbolMarket
from bybit_sim.market.topics import PublicTopics
from bybit_sim.market.trade_log import TRADES_PER_FRAME
from bybit_sim.market.words import Step
from gridcore.clock import MINUTE_US, Instant
from gridcore.sides import SideType

_REST_S_MAX = 0.05
"""Market time is never older than this while it is timed."""
_REST_S_MIN = 0.0001
_OPENING_US_MAX = MINUTE_US
"""A market without a row for so long opens without a price."""
_TURN_S = 0.005
"""Requests are answered between turns, at every speed."""


class Player:
    """The one source of market time. Its controls act at once; `run` does the rest.

    Timed and at max speed trades go out as they happen, at max up to 1,024 in a frame; tickers,
    books and candles once in `ticker_interval_ms` of the wall clock. In lockstep every step goes
    out in two settled parts (see `_release`), and markets are literal.
    """

    def __init__(
        self,
        exchange: PlayedExchange,
        feed: Feed,
        hub: Outlet,
        speed: str,
        settle_urls: Sequence[str] = (),
        ticker_interval_ms: int = 100,
    ) -> None:
        self._exchange = exchange
        self._feed = feed
        self._hub = hub
        self._topics = PublicTopics(exchange.markets)
        self._targets = tuple(parse_target(url) for url in settle_urls)
        self._interval_s = ticker_interval_ms / 1000
        self._told_at_s = 0.0
        self._pace: Pace | None = None
        self._settling: Settling | None = None
        self._paused = False
        self._ended = False
        self._begun = False
        self._steps_asked = 0
        self._wake = asyncio.Event()
        for symbol in feed.symbols:
            exchange.markets[symbol].records_tickers = feed.has_tickers(symbol)
        self._speed = parse_speed(speed)
        self.set_speed(speed)

    # Controls

    @property
    def speed(self) -> str:
        """The speed as `set_speed` takes it."""
        return self._speed.text

    @property
    def paused(self) -> bool:
        """Whether it waits for `resume` or `step`."""
        return self._paused

    @property
    def ended(self) -> bool:
        """Whether the feed is over."""
        return self._ended

    def pause(self) -> None:
        """Stop before the next step; market time stands still."""
        self._paused = True
        self._wake.set()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._paused = False
        self._steps_asked = 0
        self._pace = None
        self._wake.set()

    def step(self, count: int) -> None:
        """Play so many steps and stay paused; ValueError when not paused or below 1."""
        if not self._paused:
            raise ValueError("expected a paused player: pause it before you step")
        if count < 1:
            raise ValueError(f"expected a number of steps of 1 or more, found {count}")
        self._steps_asked += count
        self._wake.set()

    def set_speed(self, text: str) -> None:
        """Change the speed from the next step on; ValueError says which there are."""
        self._speed = parse_speed(text)
        self._pace = None
        literal = self._speed.pacing is Pacing.LOCKSTEP
        for market in self._exchange.markets.values():
            market.literal = literal
        self._wake.set()

    def inject_trade(self, symbol: str, price: Decimal, qty: Decimal, side: SideType) -> None:
        """Play a trade of now that is on no tape; ValueError says what is wrong with it."""
        self._topics.listen(self._hub.wanted)
        now = self._exchange.now
        trade = injected_trade(self._market(symbol), now, price, qty, side)
        self._play(Step(now, (trade,)))
        self._hub.publish(self._everything())

    def move_price(self, symbol: str, price: Decimal) -> None:
        """Shift this symbol's market to go on from `price`; ValueError when it cannot."""
        self._topics.listen(self._hub.wanted)
        now = self._exchange.now
        distance, rows = moved_rows(self._market(symbol), now, price)
        self._feed.shift(symbol, distance)
        self._play(Step(now, tuple(rows)))
        self._hub.publish(self._everything())

    # The run

    async def run(self) -> None:
        """Play to the end of the feed; RunFailed when a settle URL does not settle (lockstep)."""
        async with aiohttp.ClientSession() as session:
            self._settling = Settling(self._targets, self._hub, session)
            while self._feed.next_at() is not None:
                await self._turn()
            self._hub.publish(self._everything())
            self._ended = True

    async def _turn(self) -> None:
        self._topics.listen(self._hub.wanted)
        if self._paused and not self._steps_asked:
            await self._sleep(None)
        elif self._speed.pacing is Pacing.LOCKSTEP:
            self._steps_asked = max(0, self._steps_asked - 1)
            await self._release()
        elif self._paused:
            self._steps_asked -= 1
            self._play_next()
            self._hub.publish(self._everything())
            await self._hub.drain()
        elif self._speed.pacing is Pacing.MAX:
            await self._play_fast()
        else:
            await self._play_timed()

    async def _release(self) -> None:
        """One step in settled parts: timers due, each at its own deadline, then the private frames
        that the step causes, then its trades and tickers."""
        if not self._begun:
            await self._begin()
        at = self._feed.next_at()
        assert at is not None, "a step is released while there is one"
        while (due := self._exchange.next_deadline()) is not None and due <= at:
            await self._push_settled(self._exchange.advance(due), due)
        step = self._feed.next_step()
        assert step is not None, "a step is released while there is one"
        await self._push_settled(self._exchange.play(step), at)
        frames = self._everything()
        self._hub.publish(frames)
        await self._settled(at, released_names(frame.topic for frame in frames))

    async def _begin(self) -> None:
        """Wait for the programs that follow, if any, in a market that has prices: a program that
        is starting asks for them."""
        self._begun = True
        if not self._targets:
            return
        first = self._feed.next_at()
        while (
            (at := self._feed.next_at()) is not None
            and first is not None
            and at <= first + _OPENING_US_MAX
            and any(market.last is None for market in self._exchange.markets.values())
        ):
            self._play_next()
        self._everything()
        await self._settling_of_run().begin(self._anybody)

    async def _push_settled(self, pushes: Sequence[Push], at: Instant) -> None:
        sent = self._hub.sent
        self._hub.push(pushes)
        if self._hub.sent != sent:
            await self._settled(at, {str(push.uid) for push in pushes})

    async def _settled(self, at: Instant, released: set[str]) -> None:
        await self._settling_of_run().until(at, released)

    def _settling_of_run(self) -> Settling:
        assert self._settling is not None, "settling belongs to a run"
        return self._settling

    def _anybody(self) -> bool:
        kinds = ("tickers", "publicTrade")
        symbols = self._feed.symbols
        return any(self._hub.wanted(f"{kind}.{symbol}") for kind in kinds for symbol in symbols)

    async def _play_timed(self) -> None:
        wall_s = self._wall_s()
        if self._pace is None:
            self._pace = Pace(self._speed.rate, self._market_start(), wall_s)
        now = self._pace.market_at(wall_s)
        while (at := self._feed.next_at()) is not None and at <= now:
            self._play_next()
            if self._wall_s() - wall_s > _TURN_S:
                break
        else:
            self._hub.push(self._exchange.advance(now))
        self._hub.publish(self._topics.trade_frames())
        self._tell_state_if_due()
        # A slow client is its own trouble, not the market's: its queue overflows.
        await self._hub.drain(_TURN_S)
        wait_s = 0.0 if at is None else self._pace.wall_until(at, self._wall_s())
        await self._sleep(min(max(wait_s, _REST_S_MIN), self._interval_s, _REST_S_MAX))

    async def _play_fast(self) -> None:
        began_s = self._wall_s()
        while self._feed.next_at() is not None and self._wall_s() - began_s < _TURN_S:
            self._play_many()
        if self._full_frames() or self._state_due():
            self._hub.publish(self._topics.trade_frames())
        self._tell_state_if_due()
        await self._hub.drain()
        await asyncio.sleep(0)

    # Inside

    def _play(self, step: Step) -> None:
        self._hub.push(self._exchange.play(step))

    def _play_next(self) -> None:
        step = self._feed.next_step()
        if step is not None:
            self._play(step)

    def _play_many(self) -> None:
        """Play the rows that change nothing at once, or the next step when it may."""
        pushes = play_quiet(self._exchange, self._feed, TRADES_PER_FRAME)
        if pushes is None:
            self._play_next()
        else:
            self._hub.push(pushes)

    def _everything(self) -> list[PublicFrame]:
        frames = self._topics.trade_frames()
        return frames + self._topics.state_frames(self._hub.wanted)

    def _full_frames(self) -> bool:
        markets = self._exchange.markets.values()
        return any(market.log.waiting >= TRADES_PER_FRAME for market in markets)

    def _state_due(self) -> bool:
        return self._wall_s() - self._told_at_s >= self._interval_s

    def _tell_state_if_due(self) -> None:
        if not self._state_due():
            return
        self._told_at_s = self._wall_s()
        wanted = self._hub.wanted
        self._hub.publish(self._topics.state_frames(wanted))
        self._hub.publish(self._topics.repeated_frames(wanted, self._told_at_s))

    def _market(self, symbol: str) -> SymbolMarket:
        market = self._exchange.markets.get(symbol)
        if market is None:
            known = ", ".join(self._exchange.markets)
            raise ValueError(f"expected one of the symbols {known}, found {symbol!r}")
        return market

    def _market_start(self) -> Instant:
        """Where timed play begins: now, or at the first row when nothing was played yet."""
        at = self._feed.next_at()
        now = self._exchange.now
        return at if at is not None and self._never_played() else now

    def _never_played(self) -> bool:
        return all(market.last is None for market in self._exchange.markets.values())

    @staticmethod
    def _wall_s() -> float:
        return asyncio.get_running_loop().time()

    async def _sleep(self, wait_s: float | None) -> None:
        """Wait, or until a control was used."""
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), wait_s)
        except TimeoutError:
            return
