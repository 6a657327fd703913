"""The guard's hands: they take what is ours and what the policy names, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from appkit.exits import UserError
from gridbot.config.blocks import GuardPolicy
from gridbot.config.strategy import StrategyConfig
from gridbot.guard.sweep import Sweep

STRATEGY = StrategyConfig(strat_id="grid", account="main", symbol="BTCUSDT")
Make = Callable[..., Sweep]


def test_opens_of_ours_go_and_closes_and_orders_of_others_stay(book: Any, sweep: Make) -> None:
    opens, close = book.grid()
    others = [book.place("96000", strat_id=None), book.place("95000", strat_id="another-grid")]
    guard = sweep()
    guard.check()

    first, second = guard.step(), guard.step()

    assert (first.found, first.cancelled, first.whole, first.trouble) == (4, 4, True, None)
    assert (second.found, second.cancelled, second.whole) == (0, 0, True)
    assert book.resting() == sorted([close, *others])
    assert len(opens) == 4


def test_by_policy_the_closes_go_too(book: Any, sweep: Make) -> None:
    book.grid()
    guard = sweep(GuardPolicy.CANCEL_ALL)
    guard.check()

    assert (guard.step().cancelled, guard.step().found) == (5, 0)
    assert book.resting() == []


def test_one_step_is_a_second_of_cancels(book: Any, sweep: Make) -> None:
    for number in range(12):
        book.place(str(99_000 - 100 * number))
    guard = sweep()
    guard.check()

    found = [guard.step() for _ in range(3)]

    assert [(one.found, one.cancelled) for one in found] == [(12, 10), (2, 2), (0, 0)]


def test_a_key_that_is_refused_stops_the_guard_before_it_is_needed(sweep: Make) -> None:
    guard = sweep(key="nobody", secret="nothing")

    with pytest.raises(UserError, match="guard of main: key"):
        guard.check()
    assert "guard of main: key" in str(guard.probe())


def test_without_an_answer_nothing_is_proved(canned: Callable[..., str], client: Any) -> None:
    """An exchange that lists no orders: absence is not evidence (L30)."""
    url = canned()
    guard = Sweep("main", client(url), [STRATEGY], GuardPolicy.CANCEL_ALL, measures_clock=False)
    guard.check()

    found = guard.step()

    assert (found.found, found.cancelled, found.whole) == (0, 0, False)
    assert "BTCUSDT: open orders: no such thing" in str(found.trouble)


def test_an_order_that_cannot_be_read_leaves_it_open_whether_any_is_ours(
    canned: Callable[..., str], client: Any
) -> None:
    listed = {"list": [{"symbol": "BTCUSDT", "orderId": "1"}], "nextPageCursor": ""}
    url = canned({"/v5/order/realtime": lambda found: found.update(listed)})
    guard = Sweep("main", client(url), [STRATEGY], GuardPolicy.CANCEL_ALL, measures_clock=False)
    guard.check()

    found = guard.step()

    assert (found.found, found.whole) == (0, False)
    assert "an order cannot be read" in str(found.trouble)


def test_a_key_that_may_only_read_cannot_guard(canned: Callable[..., str], client: Any) -> None:
    url = canned({"/v5/user/query-api": lambda found: found.update(readOnly=1)})
    guard = Sweep("main", client(url), [STRATEGY], GuardPolicy.CANCEL_ALL, measures_clock=False)

    with pytest.raises(UserError, match="may not trade contracts, and cancelling is trading"):
        guard.check()


def test_a_symbol_that_cannot_be_read_stops_the_guard_before_it_is_needed(
    canned: Callable[..., str], client: Any
) -> None:
    def broken(found: dict[str, Any]) -> None:
        found["list"][0]["lotSizeFilter"]["qtyStep"] = "-1"

    url = canned({"/v5/market/instruments-info": broken})
    guard = Sweep("main", client(url), [STRATEGY], GuardPolicy.CANCEL_ALL, measures_clock=False)

    with pytest.raises(UserError, match="guard of main: "):
        guard.check()
    found = guard.step()
    assert (found.found, found.whole) == (0, False)
    assert found.trouble == "BTCUSDT: the instrument is not known"


def test_orders_of_a_tick_that_was_are_ours_still(
    canned: Callable[..., str], client: Any, book: Any
) -> None:
    """The tick becomes coarser under resting orders: their identities are of the finer one."""
    wire_id = book.place("99000.1")
    (row,) = book.rest.orders.open_orders("BTCUSDT").rows
    instruments: list[dict[str, Any]] = []
    url = canned(
        {
            "/v5/market/instruments-info": instruments.append,
            "/v5/order/realtime": lambda found: found.update(list=[row], nextPageCursor=""),
        }
    )
    guard = Sweep("main", client(url), [STRATEGY], GuardPolicy.CANCEL_ALL, measures_clock=False)
    guard.check()
    instruments[0]["list"][0]["priceFilter"]["tickSize"] = "0.50"
    guard.begin()

    found = guard.step()

    assert row["orderLinkId"] == wire_id
    assert (found.found, found.whole) == (1, True)


def test_orders_that_would_not_go_do_not_keep_others_from_their_turn(
    canned: Callable[..., str], client: Any, book: Any
) -> None:
    """Cancels are accepted and nothing goes: after two steps all twelve had their turn."""
    for number in range(12):
        book.place(str(99_000 - 100 * number))
    rows = book.rest.orders.open_orders("BTCUSDT").rows
    cancels: list[dict[str, Any]] = []
    url = canned(
        {
            "/v5/order/realtime": lambda found: found.update(list=[*rows], nextPageCursor=""),
            "/v5/order/cancel": cancels.append,
        }
    )
    guard = Sweep("main", client(url), [STRATEGY], GuardPolicy.CANCEL_ALL, measures_clock=False)
    guard.check()

    found = [guard.step().found for _ in range(2)]

    assert found == [12, 12]
    assert len(cancels[0]["asked"]) == 20
    assert len({asked["orderId"] for asked in cancels[0]["asked"]}) == 12
