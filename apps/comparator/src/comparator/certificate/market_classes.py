"""Tests of the classes that the market explains: queue, latency, partial fills.

They know recorded trades and the lives of orders; not whose orders those are.
"""

from appkit.decimals import plain_text as _text
from comparator.certificate.cases import Case
from comparator.certificate.classes import Finding, failed, passed
from comparator.certificate.evidence import Ending, OrderLife
from comparator.fills import Fill
from gridcore.clock import Instant


def queue(case: Case) -> Finding | None:
    """Touched, not traded through, and less traded at the level than may stand in the queue (18.1).

    Of a pair the time up to the later fill counts, of a fill alone the time up to it.
    """
    if case.is_pair and case.distance_us <= case.allowances.time_us:
        return None
    life = _queueing(case)
    if life is None:
        return failed("no order of this id is known to have stood in the queue")
    if life.placed_at is None:
        return failed(f"when order {life.order_id} was placed was not recorded")
    end = _market_until(case, life)
    told = case.evidence.level(life.symbol, life.side, life.price, life.placed_at, end)
    limit = case.queue + case.qty
    facts = (
        ("order_id", life.order_id),
        ("from", life.placed_at),
        ("to", end),
        ("traded_at_price", told.against),
        ("traded_beyond", told.beyond),
        ("queue_bound", case.queue),
        ("qty", case.qty),
    )
    if told.beyond:
        return failed(f"the market traded {_text(told.beyond)} through {_text(life.price)}", *facts)
    if not told.against:
        return failed(f"nothing was traded at {_text(life.price)}", *facts)
    volume = f"{_text(told.against)} traded at {_text(life.price)}"
    if told.against > limit:
        return failed(f"{volume}, more than the {_text(limit)} of queue and order", *facts)
    return passed(f"{volume} and none through, at most {_text(limit)} may", *facts)


def _queueing(case: Case) -> OrderLife | None:
    """The live order whose place in the queue is the question."""
    if case.live is not None:
        return case.life
    at = case.fill.at
    resting = [life for life in case.lives if life.rests_at(at)]
    if resting:
        return resting[-1]
    earlier = [life for life in case.lives if life.ended_at is not None and life.ended_at <= at]
    if not earlier:
        return None
    last = max(earlier, key=lambda life: life.ended_at or 0)
    # It was served first live; the fill that it got there must be without a partner.
    served = last.ending is Ending.FILLED and last.order_id in case.kin.unpaired_orders
    return last if served else None


def _market_until(case: Case, life: OrderLife) -> Instant:
    """The last instant that counts: a later fill may come of the very trade that went through."""
    served_before = case.live is None and not life.rests_at(case.fill.at)
    if case.is_pair or served_before:
        return Instant(case.last_at - 1)
    return case.last_at


def latency(case: Case) -> Finding | None:
    """The two differ in time by no more than the measured delay between bot and exchange.

    A live fill alone came that soon after its placement; a backtest fill alone came that soon
    before the live order was placed, or after it was cancelled.
    """
    if case.is_pair:
        if case.distance_us <= case.allowances.time_us:
            return None
        return _within(case, case.distance_us, "the two are apart")
    distances = list(_edges(case))
    if not distances:
        return failed("no order of this id was placed or cancelled near it")
    return _within(case, min(distances), "its order's placement or end is away")


def _within(case: Case, distance_us: int, what: str) -> Finding:
    bound = case.bounds.latency_us
    facts = (("distance_us", distance_us), ("latency_bound_us", bound))
    if bound is None:
        return failed("no latency was measured", *facts)
    if distance_us > bound:
        return failed(f"{what} by {distance_us} us, more than the {bound} us measured", *facts)
    return passed(f"{what} by {distance_us} us of at most {bound} us measured", *facts)


def _edges(case: Case) -> list[int]:
    """Distances in time between a fill alone and the moments at which a delay matters."""
    at = case.fill.at
    if case.live is not None:
        placed_at = case.life.placed_at if case.life is not None else None
        return [at - placed_at] if placed_at is not None and placed_at <= at else []
    edges = []
    window_end = case.evidence.window.end
    for life in case.lives:
        if life.ending is Ending.REJECTED:
            continue
        if life.placed_at is not None and life.placed_at > at:
            edges.append(life.placed_at - at)
        if life.ended_at is None:
            continue
        if life.ending is Ending.CANCELLED and life.ended_at <= at:
            edges.append(at - life.ended_at)
        if life.ending is Ending.FILLED and life.ended_at >= window_end:
            edges.append(life.ended_at - at)
    return edges


def partial_fill(case: Case) -> Finding | None:
    """One side filled a part of the order, or one order there is several here.

    Of a pair: the order is at least as large as both fills, and its recorded quantity is that of
    the live fill. Otherwise all fills of the id near it come to the same quantity on both sides.
    """
    if case.is_pair and not _differs(case):
        return None
    live, backtest = case.kin.live_qty, case.kin.backtest_qty
    facts = (("live_qty_of_id", live), ("backtest_qty_of_id", backtest))
    if live == backtest:
        return passed(f"all fills of the id near it come to {_text(live)} on both sides", *facts)
    if not case.is_pair:
        return failed(
            f"the fills of the id near it come to {_text(live)} and {_text(backtest)}", *facts
        )
    return _part_of_order(case, *case.both)


def _differs(case: Case) -> bool:
    live, backtest = case.both
    return abs(live.qty - backtest.qty) > case.allowances.qty


def _part_of_order(case: Case, live: Fill, backtest: Fill) -> Finding:
    life = case.life
    if life is None:
        return failed(f"no state of order {live.order_id} was recorded")
    facts = (
        ("order_id", life.order_id),
        ("order_qty", life.qty),
        ("recorded_filled", life.filled),
        ("live_qty", live.qty),
        ("backtest_qty", backtest.qty),
    )
    if max(live.qty, backtest.qty) > life.qty:
        return failed(f"more was filled than the order's {_text(life.qty)}", *facts)
    if live.qty < backtest.qty and life.ending is Ending.FILLED:
        return failed("the recorded order was filled whole", *facts)
    return passed(f"a part of the order's {_text(life.qty)} was filled on one side", *facts)
