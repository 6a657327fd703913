"""What may be said of each kind of fault."""

from typing import Any

import pytest

from bybit_sim.faults.kinds import (
    AMOUNTS,
    FRAME_FAULTS,
    REQUEST_FAULTS,
    SOCKET_FAULTS,
    WHOLE_FAULTS,
    complaint,
)
from bybit_sim.faults.words import Fault, WireFault

W = WireFault


def fault(kind: WireFault, **changes: Any) -> Fault:
    return Fault(**{"kind": kind, "from_ms": 0, "until_ms": 1000, **changes})


def test_every_kind_has_a_rule_and_belongs_to_one_group() -> None:
    groups = [*REQUEST_FAULTS, *FRAME_FAULTS, *SOCKET_FAULTS, *WHOLE_FAULTS]

    assert set(AMOUNTS) == set(WireFault)
    assert sorted([*groups, W.ACK_REFUSED, W.AUTH_REFUSED]) == sorted(WireFault)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (fault(W.FRAME_LOST, until_ms=0), "expected 0 <= from_ms < until_ms, found the window [0,"),
        (fault(W.FRAME_LOST, from_ms=-1), "found the window [-1, 1000) ms"),
        (fault(W.FRAME_LOST, chance=0), "chance: expected 1 to 1000 per mille, found 0"),
        (fault(W.FRAME_LOST, chance=1001), "found 1001"),
        (fault(W.FRAME_LOST, count=0), "count: expected 1 or more"),
        (fault(W.FRAME_LOST, amount=5), "of frame_lost it is nothing: leave it out; found 5"),
        (fault(W.FRAME_DELAYED), "it is the delay in ms, 1 to 600000; found 0"),
        (fault(W.HTTP_STATUS, amount=200), "it is the HTTP status, 400 to 599; found 200"),
        (fault(W.RET_CODE), "it is the retCode, not 0"),
        (fault(W.ANSWER_STALE, amount=1901), "the age in ms, 1 to 1900; found 1901"),
        (fault(W.FRAME_REORDERED), "how many frames overtake it"),
        (fault(W.SOCKET_CLOSED, amount=999), "the close code, 1000 to 4999; found 999"),
        (fault(W.SOCKET_CLOSED, amount=1006), "the close code, 1000 to 4999; found 1006"),
        (fault(W.CLOCK_SKEWED), "how many ms ahead, not 0"),
        (fault(W.MAINTENANCE, uid=5), "concerns the whole server"),
        (fault(W.REFUSING, chance=500), "concerns the whole server"),
        (fault(W.REFUSING, count=1), "concerns the whole server"),
        (fault(W.REFUSING, target="private"), "concerns the whole server"),
        (fault(W.SOCKET_EOF, target="order"), "a socket's kind (public, private, trade, or *)"),
        (fault(W.AUTH_REFUSED, target="tickers.*"), "a socket's kind"),
        (fault(W.CONNECTION_RESET, target="order"), "a path such as /v5/order/*, found 'order'"),
        (fault(W.CONNECTION_RESET, target="/v5/*,"), "globs parted by commas"),
        (fault(W.FRAME_LOST, target="/v5/*"), "a topic such as execution*, found '/v5/*'"),
    ],
)
def test_what_makes_no_sense_is_told_with_what_was_expected(made: Fault, expected: str) -> None:
    assert expected in str(complaint(made))


@pytest.mark.parametrize(
    "made",
    [
        fault(W.REQUEST_LOST, target="/v5/order/create"),
        fault(W.RET_CODE, amount=-1),
        fault(W.CLOCK_SKEWED, amount=-7000),
        fault(W.SOCKET_CLOSED, amount=1001, target="private,trade", uid=7, count=1),
        fault(W.ACK_REFUSED, target="tickers.*"),
        fault(W.FRAME_REORDERED, amount=1, target="order,execution*", chance=1),
        fault(W.AUTH_REFUSED),
    ],
)
def test_a_sensible_fault_raises_no_complaint(made: Fault) -> None:
    assert complaint(made) is None
