"""Decoding of publicTrade frames, in three ways over the same texts: what anybody would write, ours
in bulk, ours as events. It knows the ways and reads no clock."""

import json
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bybit_adapter.normalizer.decode import decode
from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.words import DeadLetter, Received, TradeColumns, TradeFrame
from gridcore.clock import Instant
from gridcore.instrument import Instrument

SYMBOL = "BTCUSDT"
SEED = 20_260_901
TRADES = 200_000
FRAME_SIZES = (1, 10, 100)
"""Trades to a frame: a quiet second, a busy one, a burst."""
BEGAN_MS = 1_788_220_800_000
NAIVE, BULK, EVENTS = "json + Decimal", "ours, in bulk", "ours, as events"
WAYS = (NAIVE, BULK, EVENTS)
INSTRUMENT = Instrument(
    symbol=SYMBOL,
    tick_size=Decimal("0.10"),
    qty_step=Decimal("0.001"),
    min_qty=Decimal("0.001"),
    max_qty=Decimal(1190),
    min_notional=Decimal(5),
)


@dataclass(frozen=True, slots=True)
class PlainTrade:
    """A trade as anybody would keep it: the exchange's words, numbers as Decimal."""

    symbol: str
    at_ms: int
    price: Decimal
    qty: Decimal
    side: str
    trade_id: str


def frames(trades: int, each: int, seed: int = SEED) -> list[bytes]:
    """Texts of frames as Bybit sends them (bybit.md B.3): a random walk of whole ticks."""
    dice = random.Random(seed)
    price = 785_417
    texts = []
    for start in range(0, trades, each):
        rows = []
        for number in range(start, min(start + each, trades)):
            price += dice.choice((-1, 0, 0, 0, 1))
            rows.append(
                {
                    "T": BEGAN_MS + number,
                    "s": SYMBOL,
                    "S": dice.choice(("Buy", "Sell")),
                    "v": f"{dice.randint(1, 900) / 1000:.3f}",
                    "p": f"{price / 10:.2f}",
                    "L": "ZeroPlusTick",
                    "i": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
                    "BT": False,
                    "RPI": False,
                    "seq": 1_783_284_617 + number,
                }
            )
        frame = {
            "topic": f"publicTrade.{SYMBOL}",
            "type": "snapshot",
            "ts": BEGAN_MS + start + each,
            "data": rows,
        }
        texts.append(json.dumps(frame, separators=(",", ":")).encode())
    return texts


def naive(texts: Sequence[bytes]) -> Iterator[list[PlainTrade]]:
    """json.loads, a Decimal for each number, an object for each trade."""
    for text in texts:
        yield [
            PlainTrade(row["s"], row["T"], Decimal(row["p"]), Decimal(row["v"]), row["S"], row["i"])
            for row in json.loads(text)["data"]
        ]


def in_bulk(texts: Sequence[bytes]) -> Iterator[TradeColumns]:
    """Ours for who keeps trades by the million: columns of exact ticks, steps and microseconds."""
    normalizer = _normalizer()
    for text in texts:
        frame = decode(text)
        assert isinstance(frame, TradeFrame), "the bench's frames are read directly"
        columns = normalizer.trade_columns(frame, Instant(0))
        assert columns is not None, "the bench's trades are of one symbol"
        yield columns


def as_events(texts: Sequence[bytes]) -> Iterator[list[Received]]:
    """Ours for who handles trades one by one: an event of the kernel for each."""
    normalizer = _normalizer()
    for text in texts:
        yield normalizer.text(text, Instant(0))


RUNS: dict[str, Callable[[Sequence[bytes]], Iterable[object]]] = {
    NAIVE: naive,
    BULK: in_bulk,
    EVENTS: as_events,
}


def play(way: str, texts: Sequence[bytes]) -> int:
    """Decode every frame in one way, keeping nothing; how many frames there were."""
    return sum(1 for _ in RUNS[way](texts))


def _normalizer() -> Normalizer:
    return Normalizer({SYMBOL: INSTRUMENT}, _refuse)


def _refuse(letter: DeadLetter) -> None:
    raise AssertionError(letter.text)
