"""A strategy's memory as plain values, and back. The orders are the tracker's."""

from collections.abc import Iterable

from gridcore.clock import Instant
from gridcore.events import Ticker
from gridcore.policy import Hold
from gridcore.saved import Saved, decimal_to_text, price_to_text
from gridcore.session.orders import TrackedOrder
from gridcore.session.strategy import Strategy
from gridcore.working import WorkingBook


def strategy_snapshot(strategy: Strategy) -> dict[str, object]:
    """All memory except the orders, serialisable."""
    ticker = strategy.last_ticker
    return {
        "rules": strategy.engine.rules.snapshot(),
        "legs": [leg.snapshot() for leg in strategy.pair.legs],
        "held_for": list(strategy.reserved.held_for),
        "denials": strategy.denials.snapshot(),
        "brakes": strategy.brakes.snapshot(),
        "crossing": strategy.crossing.snapshot(),
        "guard": strategy.guard.snapshot(),
        "risk": strategy.risk.snapshot(),
        "listed_asked_at": strategy.listed_asked_at,
        "listed_at": strategy.listed_at,
        "stirred": strategy.stirred,
        "told_hold": None if strategy.told_hold is None else strategy.told_hold.value,
        "ticker": None
        if ticker is None
        else {
            "at": ticker.at,
            "last": price_to_text(ticker.last),
            "mark": decimal_to_text(ticker.mark),
        },
    }


def restore_strategy(strategy: Strategy, saved: Saved, orders: Iterable[TrackedOrder]) -> None:
    """The inverse of strategy_snapshot, with the orders that are not terminal."""
    strategy.book = WorkingBook(())
    strategy.engine.rules.restore(saved.part("rules"), strategy.book)
    for leg, part in zip(strategy.pair.legs, saved.parts("legs"), strict=True):
        leg.restore(part)
    strategy.pair.version += 1
    strategy.reserved.clear()
    strategy.crossing.clear()
    strategy.live = 0
    for order in orders:
        strategy.book.add(order)
        strategy.reserved.add(order)
        strategy.crossing.add(order)
        strategy.live += 1
    long, short = saved.list_of("held_for")
    strategy.reserved.held_for = [_whole(long), _whole(short)]
    strategy.denials.restore(saved.part("denials"))
    strategy.brakes.restore(saved.part("brakes"))
    strategy.crossing.restore(saved.part("crossing"))
    strategy.guard.restore(saved.part("guard"))
    strategy.risk.restore(saved.part("risk"))
    strategy.listed_asked_at = saved.instant_or_none("listed_asked_at")
    strategy.listed_at = saved.instant_or_none("listed_at")
    strategy.stirred = saved.flag("stirred")
    told = saved.raw("told_hold")
    strategy.told_hold = None if told is None else Hold(str(told))
    strategy.last_ticker = _ticker(strategy.symbol, saved)


def _ticker(symbol: str, saved: Saved) -> Ticker | None:
    if saved.raw("ticker") is None:
        return None
    part = saved.part("ticker")
    last = part.price_or_none("last")
    assert last is not None, "a saved ticker has a last price"
    return Ticker(
        symbol=symbol,
        at=Instant(part.whole("at")),
        last=last,
        mark=part.decimal_or_none("mark"),
    )


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int) else None
