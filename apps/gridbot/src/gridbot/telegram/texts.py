"""How notices, accounts and days read in a chat: plain text, the most important first.

It reads sessions and changes nothing.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from appkit.dates import instant_text
from appkit.decimals import plain_text
from gridbot.surface.history import AccountHistory
from gridbot.surface.picture import health_of
from gridbot.surface.valuation import (
    LegValue,
    equity_of,
    legs_of,
    market_price,
    nearest_liquidation_pct,
)
from gridbot.surface.views import AccountView
from gridcore.clock import SECOND_US, Instant
from gridcore.session.effects import LedgerKind, Notice, Severity
from gridcore.session.modes import ModeRequest
from gridcore.session.strategy import Strategy

ORDERS_SHOWN = 5
"""Of each side, the nearest to the market."""
_MARKS = {Severity.INFO: "ℹ️", Severity.WARNING: "⚠️", Severity.ALERT: "🚨"}
_PARTS = (LedgerKind.REALISED, LedgerKind.FEE, LedgerKind.FUNDING, LedgerKind.CASH)


def notice_text(account: str, notice: Notice) -> str:
    """A notice with its fields."""
    return "\n".join(
        [
            f"{_MARKS[notice.severity]} {account}: {_words(notice.event)}",
            *_fields(notice.fields),
            f"{instant_text(notice.at // SECOND_US * SECOND_US)} UTC",
        ]
    )


def repeated_text(account: str, event: str, fields: tuple[tuple[str, str], ...], times: int) -> str:
    """That a notice came again while it was not told."""
    often = "once" if times == 1 else f"{times} times"
    return "\n".join([f"🔁 {account}: {_words(event)}, {often} more", *_fields(fields)])


def status_text(view: AccountView, history: AccountHistory, now: Instant) -> str:
    """How an account is."""
    session = view.session
    lines = [f"{view.name}: {health_of(view).value}"]
    lines += [_mode(one, now) for one in session.standing_modes()]
    down = [one.name for one in view.streams() if not one.up]
    if down:
        lines.append(f"streams down: {', '.join(down)}")
    equity = plain_text(equity_of(session)) if session.ledger.opened else "unknown"
    lines.append(f"equity {equity}, today {_signed(history.profit_today(now))}")
    lines.append(f"{session.open_orders} orders rest")
    distance = nearest_liquidation_pct(session)
    if distance is not None:
        lines.append(f"nearest liquidation {plain_text(distance)} % away")
    for strategy in session.strategies.values():
        price = market_price(strategy)
        lines.append(f"{strategy.symbol} at {'unknown' if price is None else plain_text(price)}")
    return "\n".join(lines)


def orders_text(view: AccountView) -> str:
    """The resting orders nearest to the market, and how many there are."""
    lines = [f"{view.name}: {view.session.open_orders} orders rest"]
    for strategy in view.session.strategies.values():
        lines += _orders(view, strategy)
    return "\n".join(lines)


def profit_text(view: AccountView, history: AccountHistory, now: Instant) -> str:
    """Profit of the day and all that the books hold."""
    ledger = view.session.ledger
    if not ledger.opened:
        return f"{view.name}: the books are not open yet"
    totals = {kind.value: plain_text(total) for kind, total in ledger.totals.items()}
    return "\n".join(
        [
            f"{view.name}: today {_signed(history.profit_today(now))}",
            f"balance {plain_text(ledger.balance)}, equity {plain_text(equity_of(view.session))}",
            f"since the books began: {_sums(totals)}",
        ]
    )


def positions_text(view: AccountView) -> str:
    """Every leg that is not flat."""
    lines = [f"{view.name}:"]
    for strategy in view.session.strategies.values():
        lines += [_leg(strategy, leg) for leg in legs_of(strategy) if leg.leg.size]
    return "\n".join(lines) if len(lines) > 1 else f"{view.name}: no positions"


def day_text(view: AccountView, history: AccountHistory, midnight: Instant) -> str:
    """The day that began at that midnight."""
    row = history.day(midnight)
    if row is None:
        return f"{view.name}: nothing was booked"
    return "\n".join(
        [
            f"{view.name}: profit {_signed(Decimal(str(row['profit'])))}, equity {row['equity']}",
            _sums(row),
            f"{history.fills_of(midnight)} fills",
            *(f"{one.mode.name} by {one.cause.value}" for one in view.session.standing_modes()),
        ]
    )


def _orders(view: AccountView, strategy: Strategy) -> Iterable[str]:
    instrument = strategy.instrument
    price = market_price(strategy)
    yield f"{strategy.symbol} at {'unknown' if price is None else plain_text(price)}"
    resting = [one for one in view.session.live_orders() if one.symbol == strategy.symbol]
    center = Decimal(0) if price is None else price
    resting.sort(key=lambda one: (abs(instrument.price(one.price) - center), one.wire_id))
    for side in ("Buy", "Sell"):
        of_side = [one for one in resting if one.side.value == side]
        for order in of_side[:ORDERS_SHOWN]:
            yield (
                f"  {side} {plain_text(instrument.qty(order.leaves))} at "
                f"{plain_text(instrument.price(order.price))} "
                f"({'opens' if order.opens else 'closes'} {order.direction.value})"
            )
        if len(of_side) > ORDERS_SHOWN:
            yield f"  and {len(of_side) - ORDERS_SHOWN} more to {side.lower()}"


def _leg(strategy: Strategy, value: LegValue) -> str:
    leg = value.leg
    entry = "unknown" if leg.entry is None else plain_text(leg.entry)
    liquidation = value.liquidation_text or "unknown"
    away = "" if value.distance_pct is None else f" ({plain_text(value.distance_pct)} % away)"
    return (
        f"{strategy.symbol} {value.direction.value} {plain_text(leg.qty)} from {entry}, open "
        f"profit {_signed(value.unrealised)}, liquidation {liquidation}{away}"
    )


def _mode(request: ModeRequest, now: Instant) -> str:
    age = f", {(now - request.since) // SECOND_US} s" if request.since else ""
    return f"{request.mode.name} {request.scope or 'account'}: {request.cause.value}{age}"


def _fields(fields: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{_words(name)}: {value}" for name, value in fields]


def _sums(row: Mapping[str, object]) -> str:
    return ", ".join(f"{kind.value} {_signed(Decimal(str(row[kind.value])))}" for kind in _PARTS)


def _signed(amount: Decimal | None) -> str:
    if amount is None:
        return "unknown"
    return f"+{plain_text(amount)}" if amount > 0 else plain_text(amount)


def _words(name: str) -> str:
    return name.replace("_", " ")
