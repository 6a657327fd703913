"""Lives of a session and the journals they leave, for the tests of every part that reads them."""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard

from appkit.account_setup import AccountSetup, write_setup
from appkit.journals.files import compressed_path, journal_path, setup_path
from gridcore.clock import SECOND_US, Instant
from gridcore.events import (
    NO_LIQUIDATION,
    CancelAccepted,
    Event,
    ExecutionsSnapshot,
    HistorySnapshot,
    OrdersSnapshot,
    OrderStatus,
    OrderUpdate,
    PlaceAccepted,
    PositionsSnapshot,
    PositionUpdate,
    SessionStarted,
    Ticker,
    TimerFired,
    WalletSnapshot,
    WalletUpdate,
)
from gridcore.instrument import Steps
from gridcore.session.account import AccountSession
from gridcore.session.codec import FORMAT, Header, Line, encode_line
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    Effects,
    PlaceOrder,
    Request,
    SnapshotKind,
)
from gridcore.sides import LONG, SHORT

START = Instant(1_767_229_200_000_000)  # 2026-01-01 01:00 UTC
CENTER = 10_000
"""Ticks of 0.1: a price of 1000."""


class Life:
    """One process of a session before an exchange that does all it is asked, and never fills.

    `step` handles one more event: an answer that waits, a timer that is due, else a ticker.
    """

    def __init__(self, session: AccountSession, now: Instant = START) -> None:
        self.session = session
        self.now = now
        self._waiting: deque[Event] = deque([SessionStarted(at=now)])
        self._book: dict[str, OrderUpdate] = {}
        self._ended: list[OrderUpdate] = []
        self._count = 0

    def go_on(self, session: AccountSession) -> None:
        """A new process takes over: answers on their way are lost, the exchange is the same."""
        self.session = session
        self._waiting = deque([SessionStarted(at=self.now)])

    def step(self) -> tuple[Event, Effects, Instant]:
        """Handle one more event; what was handled, what it caused, and when."""
        event = self._next()
        effects = self.session.handle(event, self.now)
        for request in effects.requests:
            self._answer(request)
        return event, effects, self.now

    def _next(self) -> Event:
        if self._waiting:
            return self._waiting.popleft()
        due = Instant(self.now + SECOND_US)
        deadline = self.session.next_deadline()
        if deadline is not None and deadline <= due:
            self.now = max(self.now, deadline)
            return TimerFired(at=deadline)
        self.now = due
        self._count += 1
        last = CENTER + self._count * 37 % 301 - 150
        return Ticker(symbol="BTCUSDT", at=due, last=last, mark=Decimal(last) / 10)

    def _answer(self, request: Request) -> None:
        if isinstance(request, Approved):
            self._place(request.request)
        elif isinstance(request, CancelOrder):
            self._cancel(request)
        else:
            self._waiting.append(self._listing(request))

    def _place(self, order: PlaceOrder) -> None:
        order_id = f"id of {order.wire_id}"
        self._book[order_id] = OrderUpdate(
            symbol=order.symbol,
            at=self.now,
            order_id=order_id,
            wire_id=order.wire_id,
            direction=order.direction,
            side=order.side,
            price=order.price,
            qty=order.qty,
            leaves=order.qty,
            filled=Steps(0),
            status=OrderStatus.NEW,
            reduce_only=order.reduce_only,
        )
        accepted = PlaceAccepted(
            symbol=order.symbol, at=self.now, wire_id=order.wire_id, order_id=order_id
        )
        self._waiting.extend([accepted, self._book[order_id]])

    def _cancel(self, order: CancelOrder) -> None:
        resting = self._book.pop(order.order_id)
        ended = OrderUpdate(
            symbol=resting.symbol,
            at=self.now,
            order_id=resting.order_id,
            wire_id=resting.wire_id,
            direction=resting.direction,
            side=resting.side,
            price=resting.price,
            qty=resting.qty,
            leaves=Steps(0),
            filled=Steps(0),
            status=OrderStatus.CANCELLED,
            reduce_only=resting.reduce_only,
        )
        self._ended.append(ended)
        accepted = CancelAccepted(symbol=order.symbol, at=self.now, order_id=order.order_id)
        self._waiting.extend([accepted, ended])

    def _listing(self, ask: AskSnapshot) -> Event:
        symbol, at = ask.symbol or "", self.now
        match ask.kind:
            case SnapshotKind.WALLET:
                wallet = WalletUpdate(at=at, balance=Decimal(10_000), available=Decimal(10_000))
                return WalletSnapshot(asked_at=at, wallet=wallet)
            case SnapshotKind.ORDERS:
                resting = tuple(row for row in self._book.values() if row.symbol == symbol)
                return OrdersSnapshot(symbol=symbol, asked_at=at, orders=resting, complete=True)
            case SnapshotKind.HISTORY:
                ended = tuple(row for row in self._ended if row.symbol == symbol)
                return HistorySnapshot(symbol=symbol, asked_at=at, orders=ended, complete=True)
            case SnapshotKind.EXECUTIONS:
                return ExecutionsSnapshot(
                    symbol=symbol,
                    asked_at=at,
                    since=Instant(0) if ask.since is None else ask.since,
                    executions=(),
                    complete=True,
                )
            case SnapshotKind.POSITIONS:
                legs = tuple(
                    PositionUpdate(
                        symbol=symbol,
                        at=at,
                        direction=direction,
                        size=Steps(0),
                        entry=None,
                        liquidation=NO_LIQUIDATION,
                        mark=None,
                    )
                    for direction in (LONG, SHORT)
                )
                return PositionsSnapshot(symbol=symbol, asked_at=at, legs=legs)


def journal_of(folder: Path, setup: AccountSetup, steps: int) -> Path:
    """The journal of a process of account "main" that handled so many events, as one writes it."""
    life = Life(setup.session())
    path = journal_path(folder, "main", 1, START)
    path.parent.mkdir(parents=True)
    header = Header(
        format=FORMAT,
        config_hash=setup.config_hash,
        code_version="gridbot test",
        snapshot=life.session.snapshot(),
    )
    bodies: list[tuple[Instant, Header | Event | Effects]] = [(START, header)]
    for _ in range(steps):
        event, effects, now = life.step()
        bodies.append((now, event))
        if effects:
            bodies.append((now, effects))
    path.write_text(
        "".join(
            encode_line(Line(seq=seq, now=now, body=body)) + "\n"
            for seq, (now, body) in enumerate(bodies, 1)
        ),
        encoding="ascii",
    )
    write_setup(setup_path(path), setup)
    return path


def pack_journal(path: Path) -> Path:
    """Replace a journal by its packed form, as a closed file's; where that lies."""
    packed = compressed_path(path)
    packed.write_bytes(zstandard.ZstdCompressor(write_checksum=True).compress(path.read_bytes()))
    path.unlink()
    return packed


@pytest.fixture(scope="session")
def packed() -> Callable[[Path], Path]:
    """Packs a journal: `packed(path)`."""
    return pack_journal


@pytest.fixture(scope="session")
def write_journal() -> Callable[..., Path]:
    """Plays a process and writes its journal: `write_journal(folder, setup, steps)`."""
    return journal_of
