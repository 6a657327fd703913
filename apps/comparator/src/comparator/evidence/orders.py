"""The life of one order as it was recorded: placed, filled, ended, and by what."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from comparator.grouping import client_order_id_of
from comparator.loading.live import LEGS
from comparator.loading.owners import Owners
from grid_db.records import OrderState
from grid_db.types import microseconds
from gridcore.clock import DAY_US, MINUTE_US, Instant
from gridcore.event_words import OrderStatus
from gridcore.intents import minted_number
from gridcore.sides import DirectionType, SideType

NO_REASON = frozenset({"", "EC_NoError", "UNKNOWN"})
"""How the exchange says that there is nothing to say."""
CANCELLED_BY_OWNER = "CancelByUser"
_RESTS = frozenset({OrderStatus.NEW.value, OrderStatus.PARTIALLY_FILLED.value})
_OPEN = _RESTS | {"Untriggered", "Triggered"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep:
    """One recorded state: `leaves` still rests, `filled` is executed."""

    at: Instant
    status: str
    leaves: Decimal
    filled: Decimal | None
    cancel_type: str | None
    reject_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLife:
    """One order and its states, the oldest first. `strat_id` None: of no strategy of the account.

    `price` and `qty` are those of its last state; `minted_at` is when our bot made its wire id.
    """

    order_id: str
    link_id: str | None
    client_order_id: str
    strat_id: str | None
    symbol: str
    side: SideType
    direction: DirectionType | None
    price: Decimal
    qty: Decimal
    reduce_only: bool
    minted_at: Instant | None
    steps: tuple[OrderStep, ...]

    @property
    def placed_at(self) -> Instant:
        """The exchange's time of its first recorded state."""
        return self.steps[0].at

    @property
    def last(self) -> OrderStep:
        """Its last recorded state."""
        return self.steps[-1]

    @property
    def ended_at(self) -> Instant | None:
        """When it ended; None: it rests, or its end was not recorded."""
        return None if self.last.status in _OPEN else self.last.at

    @property
    def is_rejected(self) -> bool:
        """Whether the exchange refused it: at once, or as post-only the moment it came."""
        if self.last.status == OrderStatus.REJECTED:
            return True
        nothing_filled = not any(step.filled for step in self.steps)
        came_to_nothing = nothing_filled and self.ended_at == self.placed_at
        return came_to_nothing and self.cancel_reason is not None

    @property
    def cancel_reason(self) -> str | None:
        """Why the exchange ended it; None: it is filled, rests, or its owner cancelled it."""
        last = self.last
        if last.status in _OPEN or last.status == OrderStatus.FILLED:
            return None
        if last.cancel_type == CANCELLED_BY_OWNER:
            return None
        reasons = (last.reject_reason or "", last.cancel_type or "")
        return next((reason for reason in reasons if reason not in NO_REASON), None)

    def rests_at(self, at: int) -> bool:
        """Whether something of it rested at an instant, its ends included."""
        ended = self.ended_at
        return self.placed_at <= at and (ended is None or at <= ended)


def lives_of(states: Iterable[OrderState], owners: Owners | None) -> Iterator[OrderLife]:
    """The orders of some states, in the order in which they were placed.

    Whose they are the owners say; without them, the recorder.
    """
    by_order: dict[str, list[OrderState]] = {}
    for state in states:
        by_order.setdefault(state.order_id, []).append(state)
    lives = [_life(sorted(found, key=_progress), owners) for found in by_order.values()]
    yield from sorted(lives, key=lambda life: (life.placed_at, life.order_id))


def _progress(state: OrderState) -> tuple[int, bool, Decimal]:
    """Of two states of one time the later one has ended or has less left."""
    ended = state.status not in _OPEN
    return microseconds(state.exchange_ts), ended, -state.leaves_qty


def _minted(link_id: str, placed_at: int) -> Instant | None:
    """When a wire id was minted; older bots wrote milliseconds, which read as another number."""
    number = minted_number(link_id)
    if number is None or not -MINUTE_US <= placed_at - number <= DAY_US:
        return None
    return Instant(number)


def _life(states: list[OrderState], owners: Owners | None) -> OrderLife:
    last = states[-1]
    direction = LEGS.get(last.position_idx)
    link_id = last.order_link_id or None
    minted = None if link_id is None else _minted(link_id, microseconds(states[0].exchange_ts))
    return OrderLife(
        order_id=last.order_id,
        link_id=link_id,
        client_order_id=client_order_id_of(link_id, last.order_id),
        strat_id=(
            last.strat_id
            if owners is None
            else owners.strategy_of(link_id, last.symbol, last.side, last.price, direction)
        ),
        symbol=last.symbol,
        side=last.side,
        direction=direction,
        price=last.price,
        qty=last.qty,
        reduce_only=last.reduce_only,
        minted_at=minted,
        steps=tuple(
            OrderStep(
                at=Instant(microseconds(state.exchange_ts)),
                status=state.status,
                leaves=state.leaves_qty,
                filled=state.cum_exec_qty,
                cancel_type=state.cancel_type,
                reject_reason=state.reject_reason,
            )
            for state in states
        ),
    )
