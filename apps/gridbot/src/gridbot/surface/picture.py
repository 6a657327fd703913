"""The state of all accounts as plain rows: what `/api/state` answers and the page draws.

Numbers are exact texts, times are microseconds. It reads sessions and changes nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from appkit.decimals import plain_text
from gridbot.surface.history import History
from gridbot.surface.valuation import (
    LegValue,
    equity_of,
    legs_of,
    nearest_liquidation_pct,
    unrealised_of,
)
from gridbot.surface.views import AccountView, RunFacts
from gridbot.words import StreamAge
from gridcore.clock import Instant
from gridcore.instrument import Instrument, Price
from gridcore.policy import DIRECTIONS, SIDES
from gridcore.session.account import AccountSession
from gridcore.session.gates import DenyReason
from gridcore.session.modes import Mode, ModeCause, ModeRequest
from gridcore.session.orders import TrackedOrder
from gridcore.session.strategy import Strategy

FILLS_SHOWN = 60
ALERTS_SHOWN = 60

Row = dict[str, object]


class Health(StrEnum):
    """How an account is, from good to bad."""

    TRADING = "trading"
    STARTING = "starting"
    RESTRICTED = "restricted"
    """Something asks for less trading, or a stream is down."""
    PAUSED = "paused"
    """The operator asked for less trading."""
    HALTED = "halted"
    """Only cancels leave, or not even they."""


_ORDER_OF_HEALTH = list(Health)


def health_of(view: AccountView) -> Health:
    """How an account is; the worst of what can be said of it."""
    requests = view.session.standing_modes()
    if any(request.mode >= Mode.HALT for request in requests):
        return Health.HALTED
    if any(request.cause is ModeCause.OPERATOR for request in requests):
        return Health.PAUSED
    if not view.settled().ready:
        return Health.STARTING
    if requests or not all(stream.up for stream in view.streams()):
        return Health.RESTRICTED
    return Health.TRADING


def health_together(views: Sequence[AccountView]) -> Health:
    """The worst of all accounts; an account that is starting is better than one that is held."""
    return max(
        (health_of(view) for view in views), key=_ORDER_OF_HEALTH.index, default=Health.STARTING
    )


def faulty(views: Sequence[AccountView]) -> list[str]:
    """Which accounts are halted by anything but the operator, and by what."""
    return [
        f"{view.name}: {request.cause.value}"
        for view in views
        for request in view.session.standing_modes()
        if request.mode >= Mode.HALT and request.cause is not ModeCause.OPERATOR
    ]


def age_us(stream: StreamAge, now: Instant) -> int | None:
    """How long ago a stream was heard; None: never. Other machines' clocks do not make it < 0."""
    return None if stream.heard_at is None else max(now - stream.heard_at, 0)


class Picture:
    """Draws the state of a run."""

    def __init__(
        self, accounts: Mapping[str, AccountView], facts: RunFacts, history: History
    ) -> None:
        self._accounts = accounts
        self._facts = facts
        self._environments = dict(facts.environments)
        self._history = history

    def state(self, now: Instant) -> Row:
        """Everything as of now."""
        views = self._in_order()
        return {
            "now_us": now,
            "started_us": self._facts.started_at,
            "version": self._facts.version,
            "shadow": self._facts.shadow,
            "health": health_together(views).value,
            "accounts": [self._account(view, now) for view in views],
        }

    def _in_order(self) -> list[AccountView]:
        """As configured, whichever account was ready first."""
        configured = list(self._environments)
        return sorted(
            self._accounts.values(),
            key=lambda view: configured.index(view.name) if view.name in configured else -1,
        )

    def lines(self) -> Row:
        """Prices and equity of every account over time."""
        return {name: self._history.of(name).lines() for name in self._accounts}

    def _account(self, view: AccountView, now: Instant) -> Row:
        session = view.session
        history = self._history.of(view.name)
        settled = view.settled()
        return {
            "name": view.name,
            "environment": self._environments.get(view.name, "unknown"),
            "health": health_of(view).value,
            "ready": settled.ready,
            "in_flight": settled.in_flight,
            "handled_through_us": settled.handled_through_us,
            "streams": [
                {"name": stream.name, "up": stream.up, "age_us": age_us(stream, now)}
                for stream in view.streams()
            ],
            "modes": [_mode_row(request, now) for request in session.standing_modes()],
            **_money(session),
            "profit_today": _text(history.profit_today(now)),
            "open_orders": session.open_orders,
            "denials": session.denials(),
            "strategies": [
                _strategy(strategy, session) for strategy in session.strategies.values()
            ],
            **history.recent(FILLS_SHOWN, ALERTS_SHOWN),
        }


def _money(session: AccountSession) -> Row:
    """Nothing of it is known before the books are open: then it is null, not 0."""
    ledger = session.ledger
    wallet = next((one.wallet for one in session.strategies.values()), None)
    return {
        "balance": plain_text(ledger.balance) if ledger.opened else None,
        "equity": plain_text(equity_of(session)) if ledger.opened else None,
        "unrealised": plain_text(unrealised_of(session)) if ledger.opened else None,
        "wallet": None if wallet is None else _text(wallet.balance),
        "available": None if wallet is None else _text(wallet.available),
        "wallet_seen_us": None if wallet is None else wallet.seen,
        "ledger": {kind.value: plain_text(total) for kind, total in ledger.totals.items()},
        "liquidation_distance_pct": _text(nearest_liquidation_pct(session)),
    }


def _mode_row(request: ModeRequest, now: Instant) -> Row:
    return {
        "scope": request.scope,
        "cause": request.cause.value,
        "mode": request.mode.name,
        "ended_by": request.ended_by,
        # What stands since before the start has no age of its own.
        "since_us": request.since or None,
        "age_us": now - request.since if request.since else None,
    }


def _strategy(strategy: Strategy, session: AccountSession) -> Row:
    instrument = strategy.instrument
    ticker = strategy.last_ticker
    rules = strategy.engine.rules
    anchor = strategy.engine.get_anchor_price()
    return {
        "strat_id": strategy.setup.strat_id,
        "symbol": strategy.symbol,
        "tick_size": plain_text(instrument.tick_size),
        "qty_step": plain_text(instrument.qty_step),
        "ticker_us": None if ticker is None else ticker.at,
        "last": None if ticker is None else _price(instrument, ticker.last),
        "mark": None if ticker is None else _text(ticker.mark),
        "bid": None if ticker is None else _price(instrument, ticker.bid),
        "ask": None if ticker is None else _price(instrument, ticker.ask),
        "funding_rate": None if ticker is None else _text(ticker.funding_rate),
        "modes": dict(
            zip((one.value for one in DIRECTIONS), (m.name for m in strategy.modes), strict=True)
        ),
        "severity": dict(
            zip(
                (one.value for one in DIRECTIONS),
                (severity.name.lower() for severity in strategy.risk.severity),
                strict=True,
            )
        ),
        "hold": None if rules.hold is None else rules.hold.value,
        "anchor": _text(anchor),
        "levels": [
            [plain_text(instrument.price(level)), tag.value]
            for level, tag in zip(strategy.engine.levels, strategy.engine.side_tags(), strict=True)
        ],
        "orders": [
            _order(order, instrument)
            for order in session.live_orders()
            if order.symbol == strategy.symbol
        ],
        "orders_max": strategy.means.caps.open_orders,
        "denied": _denied(strategy),
        "positions": [_leg(leg) for leg in legs_of(strategy)],
    }


def _order(order: TrackedOrder, instrument: Instrument) -> Row:
    return {
        "price": _price(instrument, order.price),
        "direction": order.direction.value,
        "side": order.side.value,
        "opens": order.opens,
        "qty": plain_text(instrument.qty(order.qty)),
        "leaves": plain_text(instrument.qty(order.leaves)),
        "filled": plain_text(instrument.qty(order.filled)),
        "state": order.state.name.lower(),
        "sent_us": order.sent_at,
        "order_id": order.order_id,
        "link_id": order.wire_id,
    }


def _denied(strategy: Strategy) -> list[Row]:
    """Opens that a gate holds back from some level on.

    A close without a position is no news, and what a mode forbids stands among the modes.
    """
    rows: list[Row] = []
    for index, (direction, side) in enumerate(zip(DIRECTIONS, SIDES, strict=True)):
        reason = strategy.denials.reason(index, index)
        if reason is not None and reason is not DenyReason.MODE:
            rows.append(
                {
                    "direction": direction.value,
                    "side": side.value,
                    "price": _price(strategy.instrument, strategy.limits.at[index][index]),
                    "reason": reason.value,
                }
            )
    return rows


def _leg(value: LegValue) -> Row:
    leg = value.leg
    known = leg.at is not None
    return {
        "direction": value.direction.value,
        "known": known,
        "qty": plain_text(leg.qty) if known else None,
        "entry": _text(leg.entry),
        "value": plain_text(value.value) if known else None,
        "unrealised": plain_text(value.unrealised) if known else None,
        "liquidation": value.liquidation_text if known else None,
        "distance_pct": _text(value.distance_pct),
        "seen_us": leg.seen,
    }


def _price(instrument: Instrument, price: Price | None) -> str | None:
    if price is None:
        return None
    return plain_text(instrument.price(price))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain_text(value)
