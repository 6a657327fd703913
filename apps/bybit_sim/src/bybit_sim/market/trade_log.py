"""The newest public trades of one symbol, and those that still have to be told.

It knows ids, tick directions and the text of a trade; it refuses to know who listens.
"""

import hashlib
from collections import deque
from collections.abc import Sequence
from itertools import islice

import numpy as np

from bybit_sim.exchange.words import PublicFrame, Row
from bybit_sim.market.facts import SymbolFacts
from bybit_sim.market.run import Column
from bybit_sim.market.texts import Scale
from gridcore.clock import Instant

KEPT = 1_000
"""recent-trade gives no more (bybit.md A.3)."""
TRADES_PER_FRAME = 1_024
"""publicTrade puts no more into one frame (bybit.md B.3)."""
FIRST_SEQ = 100_000_000

Logged = tuple[int, int, int, bool, str, int]
"""(time in us, price in ticks, size in steps, whether the taker bought, tick direction, number)."""

# One %-format per trade: the bulk path lives on its cost.
_WIRE = (
    '{"T":%d,"s":"%s","S":"%s","v":"%s","p":"%s","L":"%s","i":"%s%012x",'
    '"BT":false,"RPI":false,"seq":%d}'
)

_DIRECTIONS = np.array(["PlusTick", "ZeroPlusTick", "MinusTick", "ZeroMinusTick"], dtype=object)


class TradeLog:
    """Trades in the order they happened. `number` counts them; `seq` grows with them."""

    __slots__ = (
        "_direction",
        "_id_prefix",
        "_kept",
        "_pending",
        "_prices",
        "_sizes",
        "followed",
        "last_price",
        "number",
        "symbol",
        "topic",
    )

    def __init__(self, facts: SymbolFacts, seed: int) -> None:
        self.symbol = facts.symbol
        self.topic = f"publicTrade.{facts.symbol}"
        self.number = 0
        self.last_price = 0
        self.followed = False
        """Whether trades are kept until `take_frames`; else nobody listens."""
        self._direction = "PlusTick"
        self._kept: deque[Logged] = deque(maxlen=KEPT)
        self._pending: list[Logged] = []
        self._prices = Scale(facts.instrument.tick_size)
        self._sizes = Scale(facts.instrument.qty_step)
        digest = hashlib.sha256(f"trade {seed} {facts.symbol}".encode()).hexdigest()
        self._id_prefix = f"{digest[:8]}-{digest[8:12]}-5{digest[12:15]}-8{digest[15:18]}-"

    @property
    def seq(self) -> int:
        """The sequence number of the newest trade."""
        return FIRST_SEQ + self.number

    @property
    def direction(self) -> str:
        """The tick direction of the newest trade."""
        return self._direction

    @property
    def waiting(self) -> int:
        """How many trades wait for `take_frames`."""
        return len(self._pending)

    def add(self, at: Instant, price: int, qty: int, side: int) -> None:
        """Log one trade (`side` 0: a rise counts as bought). A size of 0 only moves the price."""
        before, self.last_price = self.last_price, price
        if price > before:
            self._direction = "PlusTick"
        elif price < before:
            self._direction = "MinusTick"
        elif not self._direction.startswith("Zero"):
            self._direction = f"Zero{self._direction}"
        if not qty:
            return
        self.number += 1
        bought = side > 0 if side else self._direction.endswith("PlusTick")
        logged = (int(at), price, qty, bought, self._direction, self.number)
        self._kept.append(logged)
        if self.followed:
            self._pending.append(logged)

    def add_many(self, times: Column, prices: Column, qtys: Column, sides: Column) -> None:
        """Log a run of one or more trades, as `add` would one by one."""
        rises = np.diff(prices, prepend=self.last_price)
        self.last_price = int(prices[-1])
        # The place of the newest trade that moved the price, at each trade; -1 before the first.
        moved = np.maximum.accumulate(np.where(rises != 0, np.arange(len(rises)), -1))
        fell = np.where(moved < 0, self._direction.endswith("MinusTick"), rises[moved] < 0)
        names = _DIRECTIONS[2 * fell + (rises == 0)]
        self._direction = names[-1]
        bought = np.where(sides == 0, ~fell, sides > 0)
        columns = (times, prices, qtys, bought, names)
        if not qtys.all():
            columns = tuple(column[qtys != 0] for column in columns)
        first = self.number + 1
        self.number += len(columns[0])
        numbers = range(first, self.number + 1)
        logged = list(zip(*(column.tolist() for column in columns), numbers, strict=True))
        self._kept.extend(logged)
        if self.followed:
            self._pending.extend(logged)

    def rows(self, limit: int) -> list[Row]:
        """The rows of recent-trade, newest first."""
        return [self._row(logged) for logged in islice(reversed(self._kept), limit)]

    def take_frames(self, now: Instant) -> list[PublicFrame]:
        """The trades not told yet, ascending, at most 1,024 to a frame."""
        pending, self._pending = self._pending, []
        return [
            self._frame(pending[first : first + TRADES_PER_FRAME], now)
            for first in range(0, len(pending), TRADES_PER_FRAME)
        ]

    def _frame(self, trades: Sequence[Logged], now: Instant) -> PublicFrame:
        symbol, prefix = self.symbol, self._id_prefix
        price_text, size_text = self._prices.text, self._sizes.text
        elements = ",".join(
            [
                _WIRE
                % (
                    at // 1000,
                    symbol,
                    "Buy" if bought else "Sell",
                    size_text(qty),
                    price_text(price),
                    direction,
                    prefix,
                    number,
                    FIRST_SEQ + number,
                )
                for at, price, qty, bought, direction, number in trades
            ]
        )
        text = (
            f'{{"topic":"{self.topic}","type":"snapshot","ts":{now // 1000},"data":[{elements}]}}'
        )
        return PublicFrame(topic=self.topic, body=text.encode())

    def _row(self, logged: Logged) -> Row:
        at, price, qty, bought, _, number = logged
        return {
            "execId": f"{self._id_prefix}{number:012x}",
            "symbol": self.symbol,
            "price": self._prices.text(price),
            "size": self._sizes.text(qty),
            "side": "Buy" if bought else "Sell",
            "time": str(at // 1000),
            "isBlockTrade": False,
            "isRPITrade": False,
            "seq": str(FIRST_SEQ + number),
        }
