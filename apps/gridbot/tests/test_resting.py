"""Orders that rest at a start: whose they are, and which of them refuse it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from appkit.account_setup import AccountSetup
from appkit.exits import UserError
from bybit_adapter.paging import Stop
from bybit_adapter.rest.words import Listing
from gridbot.resting import Resting, refuse_strangers, resting_orders, unattended
from gridbot.stages import Refused
from gridcore.clock import Instant
from gridcore.intents import client_order_id
from gridcore.session.ownership import ForeignOrders, OrphanOrders, Owner
from gridcore.session.setup import AccountPolicies
from gridcore.sides import DirectionType, SideType

Make = Callable[..., AccountSetup]
SYMBOL = "BTCUSDT"


def wire(strat_id: str, price: str, suffix: str = "k1") -> str:
    made = client_order_id(strat_id, SYMBOL, SideType.BUY, price, DirectionType.LONG)
    return f"{made}-{suffix}"


def row(wire_id: str, order_id: str = "o-1") -> dict[str, Any]:
    return {
        "symbol": SYMBOL,
        "orderId": order_id,
        "orderLinkId": wire_id,
        "side": "Buy",
        "positionIdx": 1,
        "orderType": "Limit",
        "orderStatus": "New",
        "price": "99000",
        "qty": "0.04",
        "leavesQty": "0.04",
        "cumExecQty": "0",
        "reduceOnly": False,
        "createdTime": "1767225600000",
        "updatedTime": "1767225600000",
    }


def listing(*rows: dict[str, Any]) -> Listing:
    return Listing(
        rows=rows,
        complete=True,
        stop=Stop.END,
        failure=None,
        asked_at=Instant(1_767_225_600_000_000),
        exchange_at=None,
    )


def found(setup: AccountSetup, *rows: dict[str, Any], session: Any = None) -> list[Resting]:
    listings = {SYMBOL: listing(*rows)}
    return resting_orders(listings, setup.setups(), session or setup.session())


def refuse(setup: AccountSetup, resting: list[Resting], **policies: Any) -> None:
    instruments = {one.instrument.symbol: one.instrument for one in setup.setups()}
    refuse_strangers("main", resting, AccountPolicies(**policies), instruments)


def test_ours_orphans_and_those_of_another_hand_are_told_apart(make_account_setup: Make) -> None:
    setup = make_account_setup()
    name = setup.setups()[0].strat_id

    resting = found(setup, row(wire(name, "99000.0")), row(wire("old", "99000.0")), row("by hand"))

    assert [one.owner for one in resting] == [Owner.OURS, Owner.ORPHAN, Owner.FOREIGN]


def test_what_the_session_remembers_is_ours_by_whatever_name_it_was_sent(
    make_account_setup: Make, make_life: Callable[..., Any]
) -> None:
    """An orphan that was adopted does not refuse the next start."""
    setup = make_account_setup()
    life = make_life(setup.session())
    while not life.session.live_orders():
        life.step()
    remembered = life.session.live_orders()[0]
    order = row("by hand", remembered.order_id or "-") | {"orderLinkId": remembered.wire_id}
    renamed = replace(setup, strategies=tuple(replace(s, strat_id="x") for s in setup.strategies))

    (known,) = found(renamed, order, session=life.session)
    (stranger,) = found(renamed, order)

    assert (known.owner, stranger.owner) == (Owner.OURS, Owner.ORPHAN)


def test_orphans_refuse_the_start_with_the_commands_that_help(make_account_setup: Make) -> None:
    setup = make_account_setup()
    orphans = [row(wire("old", "99000.0", f"k{number}"), f"o-{number}") for number in range(5)]

    with pytest.raises(UserError, match="5 orders rest with ids of our making") as refused:
        refuse(setup, found(setup, *orphans))

    assert refused.value.code == 1
    assert "BTCUSDT Buy 0.04 at 99000" in refused.value.message
    assert refused.value.message.endswith("and 2 more")
    for command in ("--orphans adopt", "--orphans cancel"):
        assert command in str(refused.value.hint)


@pytest.mark.parametrize("policy", [OrphanOrders.ADOPT, OrphanOrders.CANCEL])
def test_with_another_policy_orphans_are_left_to_the_session(
    policy: OrphanOrders, make_account_setup: Make
) -> None:
    setup = make_account_setup()

    refuse(setup, found(setup, row(wire("old", "99000.0"))), orphan_orders=policy)


@pytest.mark.parametrize("policy", list(ForeignOrders))
def test_orders_of_another_hand_refuse_the_start_only_where_that_is_said_a03(
    policy: ForeignOrders, make_account_setup: Make
) -> None:
    setup = make_account_setup()
    resting = found(setup, row("by hand"))

    if policy is not ForeignOrders.REFUSE:
        refuse(setup, resting, foreign_orders=policy)
        return
    with pytest.raises(UserError, match="1 order rests of another hand"):
        refuse(setup, resting, foreign_orders=policy)


def test_of_a_symbol_that_nothing_trades_any_more_our_orders_are_counted() -> None:
    rows = (row(wire("old", "99000.0")), row("by hand"), {"symbol": SYMBOL})

    told = unattended(SYMBOL, listing(*rows))

    assert told is not None
    assert "rest there, 1 of them: nobody tends them" in told
    assert unattended(SYMBOL, listing(row("by hand"))) is None


def test_a_symbol_that_is_delisted_is_told_and_refuses_nothing() -> None:
    refused = Refused(text="params error: symbol invalid", remedy="see", retryable=False)

    told = unattended(SYMBOL, refused)

    assert told is not None
    assert told.endswith("is not known: params error: symbol invalid")
