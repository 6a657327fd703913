"""Draws a plan of faults from a seed: which kinds, when, how often and how hard.

It knows what each kind's amount means; it refuses to know how a fault acts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bybit_sim.faults.words import Fault, WireFault

W = WireFault

HOUR_MS = 3_600_000
FEWEST = 3
MEAN_GAP_MS = 20_000
"""A long plan has one fault for so much time."""
MOST = 2000
SHORTEST_PLAN_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a kind is drawn: bounds of its window in ms, of its chance per mille, of its amount.

    `amounts` names the values to choose from instead of `amount`'s bounds.
    """

    window_ms: tuple[int, int]
    targets: tuple[str, ...]
    chance: tuple[int, int] = (1000, 1000)
    amount: tuple[int, int] = (0, 0)
    amounts: tuple[int, ...] = ()
    count: int | None = None


_MOMENT = (500, 3_000)
_WHILE = (2_000, 30_000)
_RARE = (20, 300)
_OFTEN = (200, 1000)
_LATE_MS = (50, 6_000)
_HANGS = (0, 50, 2_000, 15_000)
"""A lost connection is noticed after so long; 0: only by the client's own time-out."""

_ORDERS = ("/v5/order/create*", "/v5/order/cancel*", "/v5/order/*", "/v5/order/amend")
_LISTINGS = ("/v5/order/realtime", "/v5/order/history", "/v5/position/list", "/v5/execution/list")
_CALLS = (*_ORDERS, *_LISTINGS, "/v5/account/*", "/v5/*")
PRIVATE_FRAMES = "order,execution,execution.fast,position,wallet"
_PRIVATE = ("order", "execution,execution.fast", "position", "wallet", PRIVATE_FRAMES)
_FRAMES = (*_PRIVATE, "tickers.*", "publicTrade.*", "orderbook.*", "kline.*", "*")
_SOCKETS = ("private", "public", "trade", "*")

PASSING_CODES = (10002, 10006, 10018)
AMBIGUOUS_CODES = (10000, 10016)
FINAL_CODES = (110007, 110003, 110017, 10001, 110079, 110001)

SPREADS: dict[WireFault, Spread] = {
    W.REQUEST_LOST: Spread(window_ms=_WHILE, targets=_CALLS, chance=_RARE, amounts=_HANGS),
    W.REPLY_LOST: Spread(window_ms=_WHILE, targets=_CALLS, chance=_RARE, amounts=_HANGS),
    W.REPLY_DELAYED: Spread(window_ms=_WHILE, targets=_CALLS, chance=_OFTEN, amount=_LATE_MS),
    W.REQUEST_DELAYED: Spread(window_ms=_WHILE, targets=_CALLS, chance=_OFTEN, amount=_LATE_MS),
    W.HTTP_STATUS: Spread(
        window_ms=_WHILE, targets=_CALLS, chance=_RARE, amounts=(429, 500, 502, 503, 504)
    ),
    W.RET_CODE: Spread(
        window_ms=_WHILE, targets=_ORDERS, chance=_RARE, amounts=PASSING_CODES + FINAL_CODES
    ),
    W.RET_CODE_AFTER: Spread(
        window_ms=_WHILE, targets=_ORDERS, chance=_RARE, amounts=AMBIGUOUS_CODES
    ),
    W.CONNECTION_RESET: Spread(window_ms=_WHILE, targets=_CALLS, chance=_RARE),
    W.ANSWER_STALE: Spread(window_ms=_WHILE, targets=_LISTINGS, chance=_OFTEN, amount=(200, 1900)),
    W.FRAME_LOST: Spread(window_ms=_WHILE, targets=_FRAMES, chance=_OFTEN),
    W.FRAME_DELAYED: Spread(window_ms=_WHILE, targets=_FRAMES, chance=_OFTEN, amount=_LATE_MS),
    W.FRAME_REPEATED: Spread(window_ms=_WHILE, targets=_FRAMES, chance=_OFTEN),
    W.FRAME_REORDERED: Spread(window_ms=_WHILE, targets=_FRAMES, chance=_OFTEN, amount=(1, 5)),
    W.FRAME_MANGLED: Spread(window_ms=_WHILE, targets=_FRAMES, chance=_RARE),
    W.SOCKET_HALF_OPEN: Spread(window_ms=_MOMENT, targets=_SOCKETS, count=3),
    W.SOCKET_RESET: Spread(window_ms=_MOMENT, targets=_SOCKETS, count=3),
    W.SOCKET_EOF: Spread(window_ms=_MOMENT, targets=_SOCKETS, count=3),
    W.SOCKET_CLOSED: Spread(
        window_ms=_MOMENT, targets=_SOCKETS, amounts=(1000, 1001, 1011), count=3
    ),
    W.ACK_REFUSED: Spread(window_ms=_WHILE, targets=_FRAMES, chance=_OFTEN),
    W.AUTH_REFUSED: Spread(window_ms=_WHILE, targets=("private", "trade"), chance=_OFTEN),
    W.REFUSING: Spread(window_ms=(1_000, 15_000), targets=("*",)),
    W.MAINTENANCE: Spread(window_ms=(1_000, 15_000), targets=("*",)),
    W.CLOCK_SKEWED: Spread(
        window_ms=_WHILE, targets=("*",), amounts=(-7_000, -1_500, 900, 1_500, 7_000)
    ),
}


def draw_faults(
    seed: int, duration_ms: int = HOUR_MS, kinds: Sequence[WireFault] = tuple(WireFault)
) -> tuple[Fault, ...]:
    """The faults of a seed, all over before `duration_ms` (at least 10 s), in order of time."""
    if duration_ms < SHORTEST_PLAN_MS:
        raise ValueError(f"expected a plan of {SHORTEST_PLAN_MS} ms or more, found {duration_ms}")
    draw = Random(f"wire|{seed}")
    number = min(max(FEWEST, duration_ms // MEAN_GAP_MS), MOST)
    faults = [_fault(draw, draw.choice(kinds), duration_ms) for _ in range(number)]
    return tuple(sorted(faults, key=lambda fault: (fault.from_ms, fault.kind, fault.until_ms)))


def _fault(draw: Random, kind: WireFault, duration_ms: int) -> Fault:
    spread = SPREADS[kind]
    length = min(draw.randint(*spread.window_ms), duration_ms // 2)
    begin = draw.randrange(duration_ms - length)
    return Fault(
        kind=kind,
        from_ms=begin,
        until_ms=begin + length,
        target=draw.choice(spread.targets),
        chance=draw.randint(*spread.chance),
        amount=draw.choice(spread.amounts) if spread.amounts else draw.randint(*spread.amount),
        count=spread.count,
    )
