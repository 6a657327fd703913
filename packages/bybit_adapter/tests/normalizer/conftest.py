"""Rows and frames as Bybit sends them, and a normalizer whose leftovers can be read."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.normalizer.frame import Normalizer
from bybit_adapter.normalizer.numbers import Scale
from bybit_adapter.normalizer.words import DeadLetter, Received, SetAside
from gridcore.clock import Instant
from gridcore.instrument import Instrument

NOW = Instant(1_762_199_126_500_000)
FRAME_MS = 1_762_199_126_022


def instrument(symbol: str, tick: str, step: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        tick_size=Decimal(tick),
        qty_step=Decimal(step),
        min_qty=Decimal(step),
        max_qty=Decimal(1190),
        min_notional=Decimal(5),
    )


@pytest.fixture(scope="session")
def instruments() -> dict[str, Instrument]:
    """Two symbols: BTCUSDT in ticks of 0.10 and steps of 0.001, ETHUSDT in 0.01 and 0.01."""
    rows = (("BTCUSDT", "0.10", "0.001"), ("ETHUSDT", "0.01", "0.01"))
    return {symbol: instrument(symbol, tick, step) for symbol, tick, step in rows}


@pytest.fixture
def scale(instruments: dict[str, Instrument]) -> Scale:
    """The scale of BTCUSDT."""
    return Scale(instruments["BTCUSDT"])


class Desk:
    """A normalizer, what it buried and what it put aside."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self.buried: list[DeadLetter] = []
        self.aside: list[SetAside] = []
        self.normalizer = Normalizer(instruments, self.buried.append, self.aside.append)

    def frame(self, decoded: object, at: Instant = NOW) -> list[Received]:
        return self.normalizer.frame(decoded, at)

    def text(self, frame: str | bytes) -> list[Received]:
        return self.normalizer.text(frame, NOW)

    @property
    def reasons(self) -> list[str]:
        return [one.reason.name for one in self.aside]


@pytest.fixture
def desk(instruments: dict[str, Instrument]) -> Desk:
    """A new normalizer."""
    return Desk(instruments)


Row = dict[str, Any]
Make = Callable[..., Row]


@pytest.fixture(scope="session")
def order_row() -> Make:
    """A resting buy of 0.010 at 54123.40 that opens the long, changed as named; None removes."""
    row = {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "5cf98598-39a7-459e-97bf-76ca765ee020",
        "orderLinkId": "0123456789abcdef-k3x",
        "side": "Buy",
        "orderType": "Limit",
        "positionIdx": 1,
        "price": "54123.40",
        "qty": "0.010",
        "leavesQty": "0.010",
        "cumExecQty": "0",
        "orderStatus": "New",
        "reduceOnly": False,
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "createdTime": "1762199125000",
        "updatedTime": "1762199125472",
    }
    return lambda **changes: changed(row, changes)


@pytest.fixture(scope="session")
def execution_row() -> Make:
    """A maker's sell of 0.004 at 54200.10 that closes a part of the long."""
    row = {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "9aac161b-8ed6-450d-9cab-c5cc67c21784",
        "orderLinkId": "0123456789abcdef-k3y",
        "side": "Sell",
        "execId": "0ab1bdf7-4219-438b-b30a-32ec863018f7",
        "execPrice": "54200.10",
        "execQty": "0.004",
        "execFee": "0.04336008",
        "execType": "Trade",
        "execTime": "1762199125353",
        "leavesQty": "0.006",
        "closedSize": "0.004",
        "feeRate": "0.0002",
        "isMaker": True,
        "execPnl": "0.31",
        "seq": 140612148849382,
    }
    return lambda **changes: changed(row, changes)


@pytest.fixture(scope="session")
def position_row() -> Make:
    """A long of 0.020 entered at 54000.5, as the stream says it."""
    row = {
        "category": "linear",
        "symbol": "BTCUSDT",
        "positionIdx": 1,
        "side": "Buy",
        "size": "0.020",
        "entryPrice": "54000.5",
        "markPrice": "54100.02",
        "liqPrice": "",
        "curRealisedPnl": "1.5",
        "cumRealisedPnl": "120.75",
        "updatedTime": "1762199125472",
        "seq": 325852190774,
    }
    return lambda **changes: changed(row, changes)


@pytest.fixture(scope="session")
def wallet_row() -> Make:
    """A unified account with USDT and BTC."""
    row = {
        "accountType": "UNIFIED",
        "totalEquity": "10262.9",
        "totalAvailableBalance": "9556.6",
        "coin": [
            {"coin": "BTC", "walletBalance": "0.00102964", "availableToWithdraw": ""},
            {"coin": "USDT", "walletBalance": "9647.75537647", "availableToWithdraw": "9519.9"},
        ],
    }
    return lambda **changes: changed(row, changes)


def changed(row: Row, changes: Row) -> Row:
    merged = {**row, **changes}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.fixture(scope="session")
def private() -> Callable[..., Row]:
    """A frame of a private topic around rows."""

    def frame(topic: str, *rows: object) -> Row:
        return {"id": "m1", "topic": topic, "creationTime": FRAME_MS, "data": list(rows)}

    return frame
