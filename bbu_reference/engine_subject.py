"""gridcore's engine under on_fill, driven by the events of the traces and read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbu_reference.engine_model import NOTHING, BookOrder, Wanted
from bbu_reference.grid_rules import GridState
from bbu_reference.grid_subject import LETTERS, TAGS, grid_config, price_in_ticks
from gridcore.clock import Instant
from gridcore.engine import GridEngine
from gridcore.events import Event, ExecType, Execution, OrderStatus, OrderUpdate, Ticker
from gridcore.grid import GridError
from gridcore.instrument import Steps
from gridcore.intents import CancelIntent, PlaceIntent
from gridcore.recorded import OnFillRules
from gridcore.saved import Saved, price_to_text
from gridcore.sides import BUY, LONG, SELL, SHORT, closes
from gridcore.working import OpenOrder, WorkingBook

ORIGIN_US = 1_735_689_600_000_000
DIRECTIONS = {"l": LONG, "s": SHORT}
SIDES = {"B": BUY, "S": SELL}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """The grid, the last price and the last execution after an event."""

    grid: GridState
    last: int | Fraction | None
    fill: int | Fraction | None


class EngineSubject:
    """One engine under test."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.tick: str = case["tick"]
        self.sequence = 0
        self.refused_anchor = False
        self.engine = self._engine(case)

    def _engine(self, case: dict[str, Any]) -> GridEngine:
        """Fresh where the saved grid or the anchor is refused, as a caller would go on."""
        rows = case["restored_grid"]
        if rows is not None:
            saved = [dict(zip(("side", "price"), row, strict=False)) for row in rows]
            try:
                return self._fresh(restored_grid=saved)
            except GridError:
                pass
        if case["anchor_price"] is not None:
            try:
                return self._fresh(anchor_price=Decimal(case["anchor_price"]))
            except ValueError:
                self.refused_anchor = True
        return self._fresh()

    def _fresh(self, **optional: Any) -> GridEngine:
        case = self.case
        return GridEngine(
            case["symbol"],
            Decimal(self.tick),
            grid_config(case["n"], case["step"], case["threshold"]),
            case["strat_id"],
            **optional,
        )

    @property
    def rules(self) -> OnFillRules:
        """The side policy that the traces were recorded with."""
        assert isinstance(self.engine.rules, OnFillRules)
        return self.engine.rules

    def state(self, *, raised: bool = False) -> EngineState:
        """The engine as it is."""
        rules = self.rules
        grid = GridState(
            raised=raised,
            sides="".join(LETTERS[side] for side in rules.grid.sides),
            levels=tuple(rules.grid.levels),
            anchor=rules.grid.anchor,
        )
        return EngineState(grid=grid, last=rules.last, fill=rules.last_fill)

    def adopt(self, state: EngineState) -> None:
        """Go on from a recorded state."""
        self.engine = self._fresh()
        levels = [int(level) for level in state.grid.levels]
        saved: dict[str, object] = {
            "levels": levels,
            "sides": [TAGS[letter].value for letter in state.grid.sides],
            "anchor": price_to_text(state.grid.anchor),
            "last": price_to_text(state.last),
            "last_fill": price_to_text(state.fill),
            "fill_pending": state.last is None and state.fill is not None,
            "crowded": False,
            "hold": None,
        }
        self.rules.restore(Saved(saved), WorkingBook(levels))

    def take(self, row: dict[str, Any], orders: Sequence[BookOrder]) -> tuple[Wanted, bool]:
        """Give one event; the intents, and whether it was refused."""
        self.sequence += 1
        resting: dict[Any, list[OpenOrder]] = {LONG: [], SHORT: []}
        for order in orders:
            direction = DIRECTIONS[order.direction]
            resting[direction].append(_open_order(order))
        try:
            event = self._event(row)
            intents = self.engine.on_event(event, None if row.get("nolimits") else resting)
        except ValueError:
            return NOTHING, True
        cancels = [
            (intent.order_id, intent.cause.value)
            for intent in intents
            if isinstance(intent, CancelIntent)
        ]
        places = [_placed(intent) for intent in intents if isinstance(intent, PlaceIntent)]
        return Wanted(cancels=tuple(cancels), places=tuple(places)), False

    def _event(self, row: dict[str, Any]) -> Event:
        symbol = self.case["symbol"]
        at = Instant(ORIGIN_US + row["t"] * 1000)
        if row["e"] == "O":
            return OrderUpdate(
                symbol=symbol,
                at=at,
                order_id=row["oid"],
                wire_id=row["link"],
                direction=LONG,
                side=BUY,
                price=1,
                qty=Steps(1),
                leaves=Steps(0),
                filled=Steps(0),
                status=OrderStatus.NEW,
                reduce_only=False,
            )
        price = price_in_ticks(row["x"], self.tick)
        assert price is not None
        if row["e"] == "T":
            return Ticker(symbol=symbol, at=at, last=price, mark=None)
        if row["e"] != "X":
            raise KeyError(f"unknown kind of event {row['e']!r}")
        return Execution(
            symbol=symbol,
            at=at,
            sequence=self.sequence,
            exec_id=str(self.sequence),
            order_id=row["oid"],
            wire_id=row["link"],
            direction=LONG,
            side=BUY if row["side"] == "Buy" else SELL,
            price=price,
            qty=Steps(1),
            leaves=Steps(0),
            closed=Steps(0),
            fee=Decimal(0),
            kind=ExecType.TRADE,
            is_maker=True,
        )


def _open_order(order: BookOrder) -> OpenOrder:
    price = order.price
    return OpenOrder(
        order_id=order.order_id,
        direction=DIRECTIONS[order.direction],
        side=SIDES[order.side],
        price=price.numerator if price.denominator == 1 else price,
        filled=int(order.filled),
    )


def _placed(intent: PlaceIntent) -> tuple[str, int, str, bool, int, str]:
    assert intent.reduce_only is closes(intent.direction, intent.side)
    return (
        "B" if intent.side is BUY else "S",
        intent.price,
        "l" if intent.direction is LONG else "s",
        intent.reduce_only,
        intent.level,
        intent.client_order_id,
    )
