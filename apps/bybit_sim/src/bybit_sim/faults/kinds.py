"""What each kind of fault means: what it befalls, and which amounts and targets make sense.

It refuses to know windows and sources of chance.
"""

from dataclasses import dataclass

from bybit_sim.faults.matching import matcher
from bybit_sim.faults.words import Fault, WireFault

W = WireFault

REQUEST_FAULTS = frozenset(
    {
        W.REQUEST_LOST,
        W.REPLY_LOST,
        W.REPLY_DELAYED,
        W.REQUEST_DELAYED,
        W.HTTP_STATUS,
        W.RET_CODE,
        W.RET_CODE_AFTER,
        W.CONNECTION_RESET,
        W.ANSWER_STALE,
    }
)
FRAME_FAULTS = frozenset(
    {W.FRAME_LOST, W.FRAME_DELAYED, W.FRAME_REPEATED, W.FRAME_REORDERED, W.FRAME_MANGLED}
)
SOCKET_FAULTS = frozenset({W.SOCKET_HALF_OPEN, W.SOCKET_RESET, W.SOCKET_EOF, W.SOCKET_CLOSED})
WHOLE_FAULTS = frozenset({W.REFUSING, W.MAINTENANCE, W.CLOCK_SKEWED})
"""They are the server's state while their window lasts: no target, no chance, no count."""

SOCKET_KINDS = ("public", "private", "trade")

DELAY_MS_MAX = 600_000
STALE_MS_MAX = 1900
"""Listings are kept no longer than that; and a client may trust one after 2 s."""

SKEW_MS_MAX = 86_400_000

NEVER_SENT = (1004, 1005, 1006, 1015)
"""Close codes that RFC 6455 (7.4.1) keeps from the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountRule:
    """What `amount` is for a kind, its bounds, and the numbers between them that make no sense."""

    meaning: str
    least: int
    most: int
    never: tuple[int, ...] = ()


_NOTHING = AmountRule(meaning="nothing: leave it out", least=0, most=0)
_HANGING = AmountRule(
    meaning="how many ms the connection hangs, 0 for ever", least=0, most=DELAY_MS_MAX
)
_DELAY = AmountRule(meaning="the delay in ms", least=1, most=DELAY_MS_MAX)
_CODE = AmountRule(meaning="the retCode, not 0", least=-9_999_999, most=9_999_999, never=(0,))

AMOUNTS: dict[WireFault, AmountRule] = {
    W.REQUEST_LOST: _HANGING,
    W.REPLY_LOST: _HANGING,
    W.REPLY_DELAYED: _DELAY,
    W.REQUEST_DELAYED: _DELAY,
    W.HTTP_STATUS: AmountRule(meaning="the HTTP status", least=400, most=599),
    W.RET_CODE: _CODE,
    W.RET_CODE_AFTER: _CODE,
    W.CONNECTION_RESET: _NOTHING,
    W.ANSWER_STALE: AmountRule(meaning="the age in ms", least=1, most=STALE_MS_MAX),
    W.FRAME_LOST: _NOTHING,
    W.FRAME_DELAYED: _DELAY,
    W.FRAME_REPEATED: _NOTHING,
    W.FRAME_REORDERED: AmountRule(meaning="how many frames overtake it", least=1, most=1000),
    W.FRAME_MANGLED: _NOTHING,
    W.SOCKET_HALF_OPEN: _NOTHING,
    W.SOCKET_RESET: _NOTHING,
    W.SOCKET_EOF: _NOTHING,
    W.SOCKET_CLOSED: AmountRule(meaning="the close code", least=1000, most=4999, never=NEVER_SENT),
    W.ACK_REFUSED: _NOTHING,
    W.AUTH_REFUSED: _NOTHING,
    W.REFUSING: _NOTHING,
    W.MAINTENANCE: _NOTHING,
    W.CLOCK_SKEWED: AmountRule(
        meaning="how many ms ahead, not 0", least=-SKEW_MS_MAX, most=SKEW_MS_MAX, never=(0,)
    ),
}


def complaint(fault: Fault) -> str | None:
    """Why a fault makes no sense, with what was expected and found; None: it does."""
    kind = fault.kind.value
    if fault.from_ms < 0 or fault.until_ms <= fault.from_ms:
        window = f"[{fault.from_ms}, {fault.until_ms})"
        return f"expected 0 <= from_ms < until_ms, found the window {window} ms"
    if not 1 <= fault.chance <= 1000:
        return f"chance: expected 1 to 1000 per mille, found {fault.chance}"
    if fault.count is not None and fault.count < 1:
        return f"count: expected 1 or more, or no count at all, found {fault.count}"
    rule = AMOUNTS[fault.kind]
    if not rule.least <= fault.amount <= rule.most or fault.amount in rule.never:
        bounds = f", {rule.least} to {rule.most}" if rule.most > rule.least else ""
        return f"amount: of {kind} it is {rule.meaning}{bounds}; found {fault.amount}"
    if fault.kind in WHOLE_FAULTS:
        return _complaint_of_whole(fault)
    return _complaint_of_target(fault)


def _complaint_of_whole(fault: Fault) -> str | None:
    chosen = (fault.target != "*", fault.uid is not None, fault.chance != 1000)
    if any(chosen) or fault.count is not None:
        kind = fault.kind.value
        return f"{kind} concerns the whole server: leave out target, uid, chance and count"
    return None


def _complaint_of_target(fault: Fault) -> str | None:
    target, kind = fault.target, fault.kind.value
    if not all(part.strip() for part in target.split(",")):
        return f"target: expected globs parted by commas, found {target!r}"
    if fault.kind in SOCKET_FAULTS or fault.kind is W.AUTH_REFUSED:
        if not any(map(matcher(target), SOCKET_KINDS)):
            kinds = ", ".join(SOCKET_KINDS)
            return f"target: of {kind} it is a socket's kind ({kinds}, or *), found {target!r}"
    elif fault.kind in REQUEST_FAULTS and not all(
        part.strip().startswith(("/", "*")) for part in target.split(",")
    ):
        return f"target: of {kind} it is a path such as /v5/order/*, found {target!r}"
    elif target.strip().startswith("/") and fault.kind not in REQUEST_FAULTS:
        return f"target: of {kind} it is a topic such as execution*, found {target!r}"
    return None
