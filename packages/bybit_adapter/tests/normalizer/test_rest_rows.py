"""Rows of REST answers become snapshots."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bybit_adapter.normalizer.rest_rows import RestRows
from bybit_adapter.normalizer.words import DeadLetter
from gridcore.clock import Instant
from gridcore.events import CashMoved, Execution, ExecutionsSnapshot, FundingPaid, OrderStatus
from gridcore.instrument import Instrument
from gridcore.session.ledger import Ledger
from gridcore.sides import LONG, SHORT

Make = Callable[..., dict[str, Any]]
ASKED = Instant(1_762_199_126_022_000)
RECORDED = Path(__file__).parents[4].parent / "shared" / "fixtures" / "bybit_messages"
SINCE = Instant(1_762_199_000_000_000)


class Rows:
    """Snapshot builders, and what they buried."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self.buried: list[DeadLetter] = []
        self.of = RestRows(instruments, self.buried.append)


@pytest.fixture
def rest(instruments: dict[str, Instrument]) -> Rows:
    return Rows(instruments)


def test_open_orders_of_one_symbol(rest: Rows, order_row: Make) -> None:
    """Rows of listings carry no category; market and conditional orders rest nowhere."""
    rows = [
        order_row(category=None, orderId="a"),
        order_row(symbol="ETHUSDT", orderId="b"),
        order_row(orderType="Market"),
        order_row(orderStatus="Untriggered"),
        order_row(category="spot"),
    ]

    snapshot = rest.of.orders("BTCUSDT", rows, asked_at=ASKED, complete=True)

    assert [order.order_id for order in snapshot.orders] == ["a"]
    assert (snapshot.symbol, snapshot.asked_at, snapshot.complete) == ("BTCUSDT", ASKED, True)
    assert rest.buried == []


def test_a_bad_row_makes_a_listing_incomplete_l30_l95(rest: Rows, order_row: Make) -> None:
    bad = order_row(price="")

    for build in (rest.of.orders, rest.of.history):
        snapshot = build("BTCUSDT", [bad, order_row()], asked_at=ASKED, complete=True)

        assert len(snapshot.orders) == 1
        assert not snapshot.complete
    assert [one.raw for one in rest.buried] == [bad, bad]
    assert [one.topic for one in rest.buried] == ["order/realtime", "order/history"]


@pytest.mark.parametrize("symbol", ["", None])
def test_a_row_of_nobody_knows_which_symbol_makes_a_listing_incomplete_l30(
    rest: Rows, order_row: Make, symbol: str | None
) -> None:
    """It may be the very order whose absence would be believed."""
    snapshot = rest.of.orders("BTCUSDT", [order_row(symbol=symbol)], asked_at=ASKED, complete=True)

    assert (snapshot.orders, snapshot.complete) == ((), False)
    assert len(rest.buried) == 1


def test_missing_pages_make_a_listing_incomplete_l30(rest: Rows, order_row: Make) -> None:
    assert not rest.of.orders("BTCUSDT", [order_row()], asked_at=ASKED, complete=False).complete
    assert not rest.of.history("BTCUSDT", [], asked_at=ASKED, complete=False).complete


def test_history_says_how_orders_ended(rest: Rows, order_row: Make) -> None:
    row = order_row(orderStatus="Cancelled", leavesQty="0", cumExecQty="0.004")

    snapshot = rest.of.history("BTCUSDT", [row], asked_at=ASKED, complete=True)

    (order,) = snapshot.orders
    assert (order.status, order.filled) == (OrderStatus.CANCELLED, 4)
    assert snapshot.complete


def test_a_symbol_that_is_not_traded_cannot_be_listed(rest: Rows, order_row: Make) -> None:
    row = order_row(symbol="XRPUSDT")

    snapshot = rest.of.orders("XRPUSDT", [row], asked_at=ASKED, complete=True)

    assert (snapshot.orders, snapshot.complete) == ((), False)


def test_one_order_asked_for_by_its_id(rest: Rows, order_row: Make) -> None:
    order = rest.of.order(order_row(), asked_at=ASKED)

    assert order is not None
    assert order.qty == 10
    for changes in ({"symbol": "XRPUSDT"}, {"symbol": None}, {"price": "x"}, {"symbol": 5}):
        assert rest.of.order(order_row(**changes), asked_at=ASKED) is None


def test_executions_come_oldest_first(rest: Rows, execution_row: Make) -> None:
    """Pages are newest first, and unstable within one time (bybit.md A.4)."""
    rows = [
        execution_row(execId="d", execTime="1762199125999", seq=9),
        execution_row(execId="c", seq=8),
        execution_row(execId="a", seq=7),
        execution_row(execId="b", seq=7),
        execution_row(execId="f", execType="Funding", execTime="1762185600000", side="Buy"),
    ]

    snapshot = rest.of.executions("BTCUSDT", rows, asked_at=ASKED, since=SINCE, complete=True)

    assert isinstance(snapshot, ExecutionsSnapshot)
    assert [one.exec_id for one in snapshot.executions] == ["f", "a", "b", "c", "d"]
    assert isinstance(snapshot.executions[0], FundingPaid)
    assert (snapshot.since, snapshot.complete) == (SINCE, True)


def test_a_bad_execution_makes_them_incomplete(rest: Rows, execution_row: Make) -> None:
    rows = [execution_row(), execution_row(execFee="")]

    snapshot = rest.of.executions("BTCUSDT", rows, asked_at=ASKED, since=SINCE, complete=True)

    assert len(snapshot.executions) == 1
    assert not snapshot.complete


def test_positions_list_both_legs_and_a_bad_leg_stays_unknown_l48(
    rest: Rows, position_row: Make
) -> None:
    flat = position_row(positionIdx=2, side="", size="0", entryPrice=None, avgPrice="0")

    both = rest.of.positions("BTCUSDT", [position_row(), flat], asked_at=ASKED)
    one = rest.of.positions("BTCUSDT", [position_row(), {**flat, "size": ""}], asked_at=ASKED)

    assert [leg.direction for leg in both.legs] == [LONG, SHORT]
    assert [leg.direction for leg in one.legs] == [LONG]


def test_the_wallet_with_its_movements(rest: Rows, wallet_row: Make) -> None:
    cash = rest.of.movements([log_row("TRANSFER_IN", "7")], asked_at=ASKED)
    movements = [one for one in cash if isinstance(one, CashMoved)]

    snapshot = rest.of.wallet(
        [{"coin": None}, wallet_row()], asked_at=ASKED, at=Instant(ASKED + 5), movements=movements
    )

    assert snapshot is not None
    assert snapshot.wallet.balance == Decimal("9647.75537647")
    assert (snapshot.asked_at, snapshot.wallet.at) == (ASKED, ASKED + 5)
    assert [one.amount for one in snapshot.movements] == [7]
    assert len(rest.buried) == 1


def test_a_wallet_without_our_coin_is_none(rest: Rows) -> None:
    assert rest.of.wallet([{"coin": []}], asked_at=ASKED) is None


def test_the_wallets_time_is_when_we_asked_unless_the_answer_has_one(
    rest: Rows, wallet_row: Make
) -> None:
    snapshot = rest.of.wallet([wallet_row()], asked_at=ASKED)

    assert snapshot is not None
    assert snapshot.wallet.at == ASKED


def log_row(kind: str, change: str, at: str = "1762185600000") -> dict[str, Any]:
    return {
        "id": f"{kind}-{at}",
        "type": kind,
        "change": change,
        "currency": "USDT",
        "transactionTime": at,
        "symbol": "BTCUSDT",
    }


def test_movements_come_oldest_first_and_unknown_ones_are_buried(rest: Rows) -> None:
    rows = [
        log_row("DEPOSIT", "3", "1762185600002"),
        log_row("NOVEL", "1"),
        log_row("TRADE", "1"),
        log_row("INTEREST", "-1", "1762185600001"),
    ]

    found = rest.of.movements(rows, asked_at=ASKED)

    assert [one.amount for one in found] == [-1, 3]
    assert [one.topic for one in rest.buried] == ["account/transaction-log"]


def test_recent_trades_come_oldest_first(rest: Rows) -> None:
    rows = [
        {"execId": name, "symbol": "BTCUSDT", "price": "54000.4", "size": "0.010", "time": at}
        for name, at in (("c", "1762185600002"), ("b", "1762185600001"), ("a", "1762185600001"))
    ]

    found = rest.of.recent_trades("BTCUSDT", [*rows, {"symbol": "BTCUSDT"}], asked_at=ASKED)

    assert [one.trade_id for one in found] == ["a", "b", "c"]
    assert len(rest.buried) == 1


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("http_get_orders_realtime.json", "orders"),
        ("http_get_orders_history.json", "history"),
        ("http_get_order_partially_filled_rejected.json", "history"),
        ("http_get_positions.json", "positions"),
        ("http_get_executions.json", "executions"),
        ("http_get_trades_recent.json", "recent_trades"),
    ],
)
def test_recorded_listings_are_read_whole(name: str, build: str) -> None:
    """Rows that others recorded; each on a tick and step fine enough for every symbol."""
    path = RECORDED / "nautilus" / name
    if not path.is_file():
        pytest.skip("no ../shared/fixtures beside the project")
    rows = json.loads(path.read_text(encoding="utf-8"))["result"]["list"]
    fine = Decimal("0.00000001")
    symbols = {row["symbol"] for row in rows}
    rest = Rows(
        {
            symbol: Instrument(
                symbol=symbol,
                tick_size=fine,
                qty_step=fine,
                min_qty=fine,
                max_qty=1 / fine,
                min_notional=Decimal(0),
            )
            for symbol in symbols
        }
    )
    more: dict[str, Any] = {"asked_at": ASKED}
    if build in ("orders", "history", "executions"):
        more["complete"] = True
    if build == "executions":
        more["since"] = SINCE

    for symbol in sorted(symbols):
        getattr(rest.of, build)(symbol, rows, **more)

    assert symbols
    assert rest.buried == []


def test_listings_of_our_simulator_say_what_its_streams_said(rest: Rows) -> None:
    """Recorded from bybit_sim after the frames of test_frame.py."""
    folder = Path(__file__).parent / "recorded"
    rows = json.loads((folder / "bybit_sim_rest.json").read_text(encoding="utf-8"))

    orders = rest.of.orders("BTCUSDT", rows["orders_before"], asked_at=ASKED, complete=True)
    history = rest.of.history("BTCUSDT", rows["history"], asked_at=ASKED, complete=True)
    executions = rest.of.executions(
        "BTCUSDT", rows["executions"], asked_at=ASKED, since=SINCE, complete=True
    )
    before = rest.of.positions("BTCUSDT", rows["positions_before"], asked_at=ASKED)
    after = rest.of.positions("BTCUSDT", rows["positions"], asked_at=ASKED)
    movements = rest.of.movements(rows["movements"], asked_at=ASKED)
    wallet = rest.of.wallet(rows["wallet"], asked_at=ASKED)
    trades = rest.of.recent_trades("BTCUSDT", rows["recent_trades"], asked_at=ASKED)

    assert rest.buried == []
    assert (len(orders.orders), len(history.orders), len(executions.executions)) == (1, 10, 15)
    assert [leg.size for leg in before.legs] == [337, 15]
    assert [leg.size for leg in after.legs] == [0, 15]
    assert wallet is not None
    assert wallet.wallet.balance == Decimal("10112.63377854")
    assert len(trades) == 20
    cash = [one.amount for one in movements if isinstance(one, CashMoved)]
    assert cash == [Decimal("250.5"), -100]
    funding = [one for one in movements if isinstance(one, FundingPaid)]
    assert funding == [one for one in executions.executions if isinstance(one, FundingPaid)]


def test_what_our_simulator_booked_is_what_the_wallet_has(
    rest: Rows, instruments: dict[str, Instrument]
) -> None:
    """Profit, fees, funding and cash of the events, by the kernel's own ledger, to 1e-8."""
    folder = Path(__file__).parent / "recorded"
    rows = json.loads((folder / "bybit_sim_rest.json").read_text(encoding="utf-8"))
    instrument = instruments["BTCUSDT"]
    ledger = Ledger()
    ledger.open(Decimal(10_000), Instant(1), 0)
    for direction in (LONG, SHORT):
        ledger.seed_leg("BTCUSDT", direction, Decimal(0), None, Instant(1), 0)

    snapshot = rest.of.executions(
        "BTCUSDT", rows["executions"], asked_at=ASKED, since=SINCE, complete=True
    )
    for one in snapshot.executions:
        if isinstance(one, Execution):
            ledger.execution(one, instrument, None)
        else:
            ledger.funding(one)
    for moved in rest.of.movements(rows["movements"], asked_at=ASKED):
        if isinstance(moved, CashMoved):
            ledger.cash(moved)

    wallet = rest.of.wallet(rows["wallet"], asked_at=ASKED)
    assert wallet is not None
    assert ledger.balance == wallet.wallet.balance
