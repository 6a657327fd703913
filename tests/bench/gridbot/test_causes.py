"""Placements and the tickers that caused them, as a journal tells."""

from decimal import Decimal
from pathlib import Path

from appkit.journals.files import journal_path
from bench.gridbot.causes import tickers_of_placements
from gridcore.clock import Instant
from gridcore.events import Event, Ticker, TimerFired
from gridcore.instrument import Steps, Ticks
from gridcore.session.codec import Line, encode_line
from gridcore.session.effects import Approved, Effects, PlaceOrder, TimeInForce
from gridcore.sides import LONG, SideType

AT = Instant(1_767_225_600_123_000)


def placing(wire_id: str) -> Effects:
    order = PlaceOrder(
        symbol="BTCUSDT",
        strat_id="grid",
        client_order_id="0123456789abcdef",
        wire_id=wire_id,
        direction=LONG,
        side=SideType.BUY,
        price=Ticks(990_000),
        qty=Steps(4),
        reduce_only=False,
        time_in_force=TimeInForce.POST_ONLY,
        level=3,
    )
    return Effects(records=(), requests=(Approved(order),), notices=())


def test_a_placement_belongs_to_the_ticker_right_before_its_effects(tmp_path: Path) -> None:
    bodies: list[Event | Effects] = [
        Ticker(symbol="BTCUSDT", at=AT, last=Ticks(1_000_000), mark=Decimal(100_000)),
        placing("0123456789abcdef-1"),
        TimerFired(at=AT),
        placing("0123456789abcdef-2"),
    ]
    file = journal_path(tmp_path, "main", 1, AT)
    file.parent.mkdir(parents=True)
    lines = [encode_line(Line(seq=seq, now=AT, body=body)) for seq, body in enumerate(bodies, 1)]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")

    assert tickers_of_placements(tmp_path) == {"0123456789abcdef-1": ("BTCUSDT", 1_767_225_600_123)}
