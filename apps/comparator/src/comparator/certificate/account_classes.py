"""Tests of the classes that the account or the recording explains, and what contradicts a fill.

They know the lives of orders, refusals and interruptions; not the market.
"""

import re

from comparator.certificate.cases import Case
from comparator.certificate.classes import Finding, failed, passed
from comparator.certificate.evidence import Ending, Interruption, Lost, OrderLife
from comparator.fills import Fill
from comparator.matching import CAP_US
from gridcore.clock import Instant
from gridcore.events import ExecType

FORCED = frozenset({ExecType.ADL, ExecType.BUST, ExecType.SETTLE, ExecType.DELIVERY})
"""Executions that the exchange made without an order of ours."""
_IDENTITY = re.compile(r"[0-9a-f]{16}")


def outside_window(case: Case) -> Finding | None:
    """A fill alone that lies outside the time that is judged."""
    if case.is_pair:
        return None
    window, at = case.evidence.window, case.fill.at
    facts = (("window_start", window.start), ("window_end", window.end), ("at", at))
    if at in window:
        return failed("it lies inside the window", *facts)
    return passed("it lies outside the window", *facts)


def adl_or_liquidation(case: Case) -> Finding | None:
    """A live fill alone, all of whose executions the exchange forced."""
    if case.is_pair or case.live is None:
        return None
    kinds = case.evidence.kinds_of(case.live.order_id)
    told = ", ".join(sorted(kind.value for kind in kinds)) or "none"
    facts = (("order_id", case.live.order_id), ("execution_kinds", told))
    if kinds and kinds <= FORCED:
        return passed(f"its executions are of the kind {told}", *facts)
    return failed(f"its executions are of the kind {told}", *facts)


def foreign(case: Case) -> Finding | None:
    """A live fill alone of an order whose id the bot cannot have written (L18)."""
    if case.is_pair or case.live is None:
        return None
    fill = case.live
    facts = (("client_order_id", fill.client_order_id), ("strat_id", fill.strat_id))
    if fill.strat_id is not None:
        return failed(f"its order is of strategy {fill.strat_id}", *facts)
    if _IDENTITY.fullmatch(fill.client_order_id):
        return failed(
            "its id has the bot's form, yet no strategy of the account makes it: another salt, "
            "another strategy's order, or a changed row",
            *facts,
        )
    return passed("its order bears no id of the bot's form", *facts)


def rejected_or_gated(case: Case) -> Finding | None:
    """A backtest fill alone whose order the exchange or the live session refused last."""
    if case.live is not None:
        return None
    fill = case.fill
    before = [life for life in case.lives if _known_at(life) <= fill.at]
    resting = [life for life in before if life.rests_at(fill.at)]
    if resting:
        return failed(f"order {resting[-1].order_id} was resting")
    last = max(before, key=_known_at, default=None)
    denials = case.evidence.denials(fill.symbol, fill.direction, fill.side, fill.price)
    denial = max((one for one in denials if one.at <= fill.at), key=lambda d: d.at, default=None)
    if denial is not None and (last is None or _known_at(last) <= denial.at):
        return passed(
            f"the live session denied the order: {denial.reason}",
            ("denied_at", denial.at),
            ("reason", denial.reason),
        )
    if last is not None and last.ending is Ending.REJECTED:
        return passed(
            f"the exchange rejected the order: {last.reason or 'no reason'}",
            ("order_id", last.order_id),
            ("reason", last.reason),
            ("at", _known_at(last)),
        )
    return failed("neither a rejection nor a denial of it was recorded")


def order_not_resting(case: Case) -> Finding | None:
    """A backtest fill alone while the bot was out and no live order of its id stood in the book."""
    if case.live is not None:
        return None
    resting = [life for life in case.lives if life.rests_at(case.fill.at)]
    if resting:
        return failed(f"order {resting[-1].order_id} was resting")
    outages = case.lost(Lost.BOT)
    if not outages:
        return failed("no order of its id was resting, and the bot was not out")
    return passed("no order of its id was resting while the bot was out", *_told(outages[0]))


def data_gap(case: Case) -> Finding | None:
    """A divergence wholly inside a time that was not recorded.

    The market's for either side, unless the trades that were recorded in it went through a live
    fill's price; the account's for a backtest fill alone, whose live execution may be lost.
    """
    if case.is_pair and case.distance_us <= case.allowances.time_us:
        return None
    kinds = (Lost.MARKET, Lost.ACCOUNT) if case.live is None else (Lost.MARKET,)
    gaps = case.lost(*kinds)
    if not gaps:
        return failed("the recording has no gap there")
    gap, fill = gaps[0], case.fill
    if case.live is not None and gap.span.start < case.first_at:
        begin = Instant(gap.span.start + 1)
        told = case.evidence.level(fill.symbol, fill.side, fill.price, begin, case.first_at)
        if told.beyond:
            return failed(
                f"trades through {fill.price} were recorded in the gap",
                *_told(gap),
                ("traded_beyond", told.beyond),
            )
    return passed(f"the {gap.lost} was not recorded: {gap.reason}", *_told(gap))


def contradiction(case: Case) -> Finding | None:
    """What the recording itself says against a fill; None: nothing. Only lost rows excuse it."""
    if case.live is not None:
        return _against_live(case, case.live)
    return _against_backtest(case)


def _against_live(case: Case, fill: Fill) -> Finding | None:
    life = case.life
    if life is None:
        return None
    window = case.evidence.window
    began_inside = life.placed_at is not None and life.placed_at >= window.start
    ended_inside = life.ended_at is not None and life.ended_at in window
    told = (
        ("id", life.client_order_id, fill.client_order_id),
        ("side", life.side.value, fill.side.value),
        ("symbol", life.symbol, fill.symbol),
    )
    for name, recorded, found in told:
        if recorded != found:
            return failed(
                f"its order was recorded with the {name} {recorded}, the fill has {found}",
                ("order_id", life.order_id),
            )
    if fill.is_maker and fill.notional != life.price * fill.qty:
        return failed(
            f"its order was recorded at {life.price}, the fill is at {fill.price}",
            ("order_id", life.order_id),
        )
    exact = began_inside and ended_inside
    if life.filled != fill.qty if exact else life.filled < fill.qty and ended_inside:
        return failed(
            f"its order was recorded as filled with {life.filled}, the fill has {fill.qty}",
            ("order_id", life.order_id),
        )
    return None


def _against_backtest(case: Case) -> Finding | None:
    window, at = case.evidence.window, case.fill.at
    for life in case.lives:
        ended = life.ended_at
        near = ended is not None and ended in window and abs(ended - at) <= CAP_US
        if life.filled and near and life.order_id not in case.kin.orders:
            return failed(
                f"order {life.order_id} was recorded as filled with {life.filled}, "
                "yet no execution of it was",
                ("order_id", life.order_id),
                ("ended_at", ended),
            )
    return None


def _known_at(life: OrderLife) -> int:
    """When the order was first heard of."""
    return life.placed_at or life.ended_at or 0


def _told(gap: Interruption) -> tuple[tuple[str, str | int], ...]:
    return (
        ("lost", gap.lost.value),
        ("gap_start", gap.span.start),
        ("gap_end", gap.span.end),
        ("gap_reason", gap.reason),
    )
