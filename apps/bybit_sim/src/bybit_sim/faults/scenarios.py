"""The fault campaign's scenarios over the wire: which of simvenue's faults a socket can suffer.

It knows both vocabularies; it refuses to know how either acts.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bybit_sim.faults.draw import PRIVATE_FRAMES
from bybit_sim.faults.kinds import DELAY_MS_MAX, STALE_MS_MAX
from bybit_sim.faults.words import Fault, WireFault
from gridcore.clock import Instant
from simvenue.campaign.words import Fault as VenueFault
from simvenue.campaign.words import FaultKind, Scenario

K, W = FaultKind, WireFault

ORDER_CALLS = "/v5/order/create*,/v5/order/amend*,/v5/order/cancel*"
PLACEMENTS = "/v5/order/create*"
CANCELS = "/v5/order/cancel*"
LISTINGS = (
    "/v5/order/realtime,/v5/order/history,/v5/execution/list,/v5/position/list,"
    "/v5/account/wallet-balance"
)
SIGNED_CALLS = "/v5/order/*,/v5/execution/*,/v5/position/*,/v5/account/*,/v5/user/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A scenario's faults on the wire, and the kinds that have no likeness there.

    Left out are what the account's owner or the exchange does (the admin endpoints do that), what
    happens inside the bot, and what TCP rules out.
    """

    faults: tuple[Fault, ...]
    left_out: tuple[FaultKind, ...]


def from_scenario(scenario: Scenario) -> Mapped:
    """The wire's version of a scenario; its start is the simulator's beginning, 1 s is 1 s."""
    faults: list[Fault] = []
    left_out: list[FaultKind] = []
    for fault in scenario.faults:
        made = _MAPPING.get(fault.kind)
        if made is None:
            left_out.append(fault.kind)
        else:
            faults.extend(made(fault, scenario.start))
    return Mapped(faults=tuple(faults), left_out=tuple(left_out))


def _on(
    kind: WireFault, target: str, amount: Callable[[int], int] = lambda _number: 0
) -> Callable[[VenueFault, Instant], list[Fault]]:
    def made(fault: VenueFault, start: Instant) -> list[Fault]:
        return [_wire(fault, start, kind, target, amount(fault.number))]

    return made


def _wire(
    fault: VenueFault, start: Instant, kind: WireFault, target: str, amount: int, detail: str = ""
) -> Fault:
    begin = max(0, (fault.at - start) // 1000)
    return Fault(
        kind=kind,
        from_ms=begin,
        until_ms=max(begin + 1, (fault.until - start) // 1000),
        target=target,
        chance=fault.chance,
        amount=amount,
        detail=detail,
    )


def _refused(target: str) -> Callable[[VenueFault, Instant], list[Fault]]:
    """Refusal codes of three digits are HTTP's own."""

    def made(fault: VenueFault, start: Instant) -> list[Fault]:
        kind = W.HTTP_STATUS if 400 <= fault.number <= 599 else W.RET_CODE
        return [_wire(fault, start, kind, target, fault.number, fault.detail)]

    return made


def _public_lost(fault: VenueFault, start: Instant) -> list[Fault]:
    """One symbol's stream is lost by silence, since a connection carries many symbols."""
    if fault.symbol is None:
        return [_wire(fault, start, W.SOCKET_RESET, "public", 0)]
    return [_wire(fault, start, W.FRAME_LOST, f"*.{fault.symbol}", 0)]


def _login_refused(fault: VenueFault, start: Instant) -> list[Fault]:
    return [
        _wire(fault, start, W.RET_CODE, SIGNED_CALLS, fault.number),
        _wire(fault, start, W.AUTH_REFUSED, "private,trade", 0),
    ]


def _hang_ms(number_us: int) -> int:
    return min(-(-number_us // 1000), DELAY_MS_MAX)


def _delay_ms(number_us: int) -> int:
    return max(1, _hang_ms(number_us))


def _stale_ms(number_us: int) -> int:
    return min(_delay_ms(number_us), STALE_MS_MAX)


_MAPPING: dict[FaultKind, Callable[[VenueFault, Instant], list[Fault]]] = {
    K.REQUEST_LOST: _on(W.REQUEST_LOST, ORDER_CALLS, _hang_ms),
    K.REQUEST_DELAYED: _on(W.REQUEST_DELAYED, ORDER_CALLS, _delay_ms),
    K.REPLY_LOST: _on(W.REPLY_LOST, ORDER_CALLS, _hang_ms),
    K.REPLY_DELAYED: _on(W.REPLY_DELAYED, ORDER_CALLS, _delay_ms),
    K.PUSH_LOST: _on(W.FRAME_LOST, PRIVATE_FRAMES),
    K.PUSH_DELAYED: _on(W.FRAME_DELAYED, PRIVATE_FRAMES, _delay_ms),
    K.PUSH_REORDERED: _on(W.FRAME_REORDERED, PRIVATE_FRAMES, lambda _number: 1),
    K.PUSH_REPEATED: _on(W.FRAME_REPEATED, PRIVATE_FRAMES),
    K.PLACE_REFUSED: _refused(PLACEMENTS),
    K.CANCEL_REFUSED: _refused(CANCELS),
    K.SNAPSHOT_LOST: _on(W.REQUEST_LOST, LISTINGS),
    K.SNAPSHOT_DELAYED: _on(W.REPLY_DELAYED, LISTINGS, _delay_ms),
    K.SNAPSHOT_STALE: _on(W.ANSWER_STALE, LISTINGS, _stale_ms),
    K.PRIVATE_STREAM_LOST: _on(W.SOCKET_RESET, "private"),
    K.PRIVATE_STREAM_SILENT: _on(W.FRAME_LOST, PRIVATE_FRAMES),
    K.PUBLIC_STREAM_LOST: _public_lost,
    K.AUTHENTICATION_REFUSED: _login_refused,
}
