"""Draws the faults of a scenario: which kinds, when, how often and how hard.

It knows what each kind's number means; it refuses to know how a fault acts.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from gridcore.clock import SECOND_US, Instant
from gridcore.events import OperatorAction
from gridcore.message import message
from simvenue.campaign.words import Fault, FaultKind

K = FaultKind

FEWEST, MOST = 3, 12
"""Faults of one scenario."""

WINDOW_S = (5, 120)
"""Shortest and longest window of a fault that lasts."""

PLACE_CODES = (
    *(10002, 10006, 10018, 429, 403),  # passing: sent again
    *(10016, 110072, 110079),  # ambiguous: looked up
    *(110007, 110012, 110017, 110020, 30228),  # wait for wallet or position, or less of it
    *(110003, 110094, 10001),  # final
)
NOTHING_TO_REDUCE = 110017
CANCEL_CODES = (10006, 10016, 10002, 110001, 110079)
AUTHENTICATION_CODES = (10003, 10004, 10005, 33004)


@message
class FaultRange:
    """How a kind is drawn: `lasting` ones have a window, the others act once.

    `chance` per mille, `number` as the kind means it: a range, or one of `numbers`.
    """

    lasting: bool
    chance: tuple[int, int] = (1000, 1000)
    number: tuple[int, int] = (0, 0)
    numbers: tuple[int, ...] = ()
    details: tuple[str, ...] = ("",)
    per_symbol: bool = False


_LOSS = (50, 400)
_OFTEN = (200, 1000)
_LATE = (SECOND_US // 10, 9 * SECOND_US)
_ABOUT_RECV_WINDOW = (SECOND_US, 6 * SECOND_US)
_WITHIN_RECV_WINDOW = (2 * SECOND_US, 49 * SECOND_US // 10)
_BROKEN_AFTER = (0, 50_000, 400_000, 2 * SECOND_US)
"""A lost connection is noticed after so long; 0: only when the wait for the reply is over."""
_HANDS = ("long", "short")
_ORDERS = ("long", "short", "long orphan", "short orphan")

RANGES: dict[FaultKind, FaultRange] = {
    K.REQUEST_LOST: FaultRange(lasting=True, chance=_LOSS, numbers=_BROKEN_AFTER),
    K.REQUEST_DELAYED: FaultRange(lasting=True, chance=_OFTEN, number=_ABOUT_RECV_WINDOW),
    K.REQUEST_REPEATED: FaultRange(lasting=True, chance=_OFTEN, number=_WITHIN_RECV_WINDOW),
    K.REPLY_LOST: FaultRange(lasting=True, chance=_LOSS, numbers=_BROKEN_AFTER),
    K.REPLY_DELAYED: FaultRange(lasting=True, chance=_OFTEN, number=_LATE),
    K.REPLY_REPEATED: FaultRange(lasting=True, chance=_OFTEN),
    K.PUSH_LOST: FaultRange(lasting=True, chance=_LOSS),
    K.PUSH_DELAYED: FaultRange(lasting=True, chance=_OFTEN, number=_LATE),
    K.PUSH_REORDERED: FaultRange(lasting=True, chance=_OFTEN, number=_LATE),
    K.PUSH_REPEATED: FaultRange(lasting=True, chance=_OFTEN),
    K.END_CONTRADICTED: FaultRange(lasting=True, chance=_OFTEN),
    K.PLACE_REFUSED: FaultRange(lasting=True, chance=_OFTEN, numbers=PLACE_CODES),
    K.CANCEL_REFUSED: FaultRange(lasting=True, chance=_OFTEN, numbers=CANCEL_CODES),
    K.SNAPSHOT_LOST: FaultRange(lasting=True, chance=_OFTEN),
    K.SNAPSHOT_DELAYED: FaultRange(lasting=True, chance=_OFTEN, number=_LATE),
    K.SNAPSHOT_STALE: FaultRange(lasting=True, chance=_OFTEN, number=(SECOND_US, 2 * SECOND_US)),
    K.SNAPSHOT_INCOMPLETE: FaultRange(lasting=True, chance=_OFTEN),
    K.PRIVATE_STREAM_LOST: FaultRange(lasting=True),
    K.PRIVATE_STREAM_SILENT: FaultRange(lasting=True),
    K.PUBLIC_STREAM_LOST: FaultRange(lasting=True, per_symbol=True),
    K.LOOP_PAUSED: FaultRange(lasting=True),
    K.AUTHENTICATION_REFUSED: FaultRange(lasting=True, numbers=AUTHENTICATION_CODES),
    K.MANUAL_TRADE: FaultRange(lasting=False, number=(-20, 20), details=_HANDS, per_symbol=True),
    K.MANUAL_ORDER: FaultRange(lasting=True, number=(1, 10), details=_ORDERS, per_symbol=True),
    K.MANUAL_CANCEL: FaultRange(lasting=False, number=(1, 3), per_symbol=True),
    K.TWIN_ORDER: FaultRange(lasting=False, details=_HANDS, per_symbol=True),
    K.DELEVERAGED: FaultRange(lasting=False, number=(1, 40), details=_HANDS, per_symbol=True),
    K.LIQUIDATED: FaultRange(lasting=True),
    K.DEPOSIT: FaultRange(lasting=False, number=(100, 200_000)),
    K.WITHDRAWAL: FaultRange(lasting=False, number=(100, 200_000)),
    K.SYMBOL_CHANGED: FaultRange(
        lasting=True, details=("tick_size", "leverage", "hedge_mode", "trading"), per_symbol=True
    ),
    K.CRASH: FaultRange(lasting=True, number=(0, 12)),
    K.OPERATOR: FaultRange(
        lasting=False, details=tuple(action.value for action in OperatorAction), per_symbol=True
    ),
}

RESUME = OperatorAction.RESUME.value
RELEASED_PER_MILLE = 750
"""So often the operator takes back, later on, what limits trading."""

OFTEN_DRAWN: Sequence[FaultKind] = (
    *FaultKind,
    *(kind for kind in FaultKind if kind not in (K.LIQUIDATED, K.AUTHENTICATION_REFUSED)),
)
"""Kinds that end trading for a long time are drawn half as often as the others."""


_OVERTAKEN = (K.REPLY_DELAYED, K.PUSH_LOST, K.PUSH_REORDERED)
"""Fills overtake what tells of the order."""
_UNHEARD = (K.REQUEST_DELAYED, K.REPLY_LOST, K.PUSH_LOST, K.SNAPSHOT_LOST)
"""Nobody hears of what landed."""
_HALF_HEARD = (K.REPLY_LOST, K.PUSH_LOST, K.SNAPSHOT_LOST)
"""The connection breaks after the request landed; no answer comes, the first word is a fill."""
_TWOFOLD = (K.REQUEST_REPEATED, K.REQUEST_LOST, K.PLACE_REFUSED, K.PUSH_LOST)
"""The connection breaks, and the copy of the request is answered after all."""
_UNCOVERED = (K.PLACE_REFUSED, K.SNAPSHOT_LOST, K.SNAPSHOT_DELAYED, K.PUSH_LOST)
"""The exchange has nothing to reduce, and the position that would tell more is long in coming."""
_RACING = (K.CANCEL_REFUSED, K.REQUEST_DELAYED, K.REPLY_DELAYED, K.PUSH_REORDERED)
"""Cancels race with fills."""

_DYING = (K.CRASH, K.REQUEST_DELAYED, K.REPLY_LOST)
"""A process dies while its requests are on their way."""

THEMES: tuple[tuple[FaultKind, ...], ...] = (
    *(_OVERTAKEN, _OVERTAKEN, _OVERTAKEN, _OVERTAKEN),
    *(_UNHEARD, _UNHEARD, _UNHEARD, _UNHEARD),
    *(_HALF_HEARD, _HALF_HEARD, _HALF_HEARD),
    *(_TWOFOLD, _TWOFOLD, _TWOFOLD, _TWOFOLD),
    *(_RACING, _RACING),
    *(_UNCOVERED, _UNCOVERED),
    (K.REPLY_LOST, K.PUSH_LOST, K.MANUAL_CANCEL, K.MANUAL_CANCEL, K.SNAPSHOT_DELAYED),
    *(_DYING, _DYING),
    (K.PRIVATE_STREAM_SILENT, K.SNAPSHOT_STALE, K.SNAPSHOT_INCOMPLETE),
    (K.TWIN_ORDER, K.TWIN_ORDER, K.PUSH_LOST),
    (K.MANUAL_TRADE, K.DELEVERAGED, K.PUSH_DELAYED, K.SNAPSHOT_STALE),
)
"""Kinds that act together: what they do to one order at once is rare otherwise."""

THEME_CHANCE = (300, 700)

BLIND_START: tuple[FaultKind, ...] = (K.PRIVATE_STREAM_LOST, K.SNAPSHOT_LOST, K.MANUAL_TRADE)
"""Positions that come before the wallet is known."""


def draw_faults(
    draw: Random, symbols: Sequence[str], start: Instant, until: Instant
) -> tuple[Fault, ...]:
    """Three to twelve faults, all over before `until`, in order of time.

    The operator's second thoughts come on top of that number.
    """
    faults = _together(draw, symbols, start, until)
    for _ in range(draw.randint(FEWEST, MOST) - len(faults)):
        fault = _fault(draw, draw.choice(OFTEN_DRAWN), symbols, start, until)
        faults.append(fault)
        if fault.kind is K.OPERATOR and draw.randrange(1000) < RELEASED_PER_MILLE:
            later = Instant(draw.randrange(fault.at, until))
            faults.append(replace(fault, at=later, until=later, detail=RESUME))
    return tuple(sorted(faults, key=_order))


def _together(draw: Random, symbols: Sequence[str], start: Instant, until: Instant) -> list[Fault]:
    """The faults of a theme in one window, in two scenarios of three."""
    if draw.randrange(3) == 0:
        return []
    kinds = draw.choice(THEMES)
    begin = draw.randrange(start, until - 10 * SECOND_US)
    if draw.randrange(8) == 0:
        kinds, begin = BLIND_START, start
    end = Instant(min(begin + draw.randint(20, 180) * SECOND_US, until))
    faults = []
    for position, kind in enumerate(kinds):
        fault = _fault(draw, kind, symbols, start, until)
        if kinds is _UNCOVERED and position == 0:
            fault = replace(fault, number=NOTHING_TO_REDUCE)
        if (kinds is _TWOFOLD and position == 1) or (kinds is _HALF_HEARD and position == 0):
            fault = replace(fault, number=draw.choice(_BROKEN_AFTER[1:]))
        # Once-only faults come anywhere in the window, so that the lasting ones surround them.
        if fault.until > fault.at:
            chance = draw.randint(*THEME_CHANCE) if fault.chance < 1000 else 1000
            if kinds is _HALF_HEARD and kind is K.SNAPSHOT_LOST:
                chance = 1000
            faults.append(replace(fault, at=Instant(begin), until=end, chance=chance))
        else:
            at = Instant(draw.randrange(begin, end))
            faults.append(replace(fault, at=at, until=at))
    return faults


def _order(fault: Fault) -> tuple[Instant, str, int]:
    return fault.at, fault.kind.value, fault.number


def _fault(
    draw: Random, kind: FaultKind, symbols: Sequence[str], start: Instant, until: Instant
) -> Fault:
    spread = RANGES[kind]
    at = Instant(draw.randrange(start, until - SECOND_US))
    end = at
    if spread.lasting:
        length = draw.randint(*WINDOW_S) * SECOND_US
        end = Instant(min(at + length, until))
    symbol = None
    if spread.per_symbol and draw.randrange(4):
        symbol = draw.choice(symbols)
    return Fault(
        kind=kind,
        at=at,
        until=end,
        chance=draw.randint(*spread.chance),
        number=draw.choice(spread.numbers) if spread.numbers else draw.randint(*spread.number),
        symbol=symbol,
        detail=draw.choice(spread.details),
    )
