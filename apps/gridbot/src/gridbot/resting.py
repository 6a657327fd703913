"""The orders that rest when an account starts: whose they are, and which of them refuse the start.

It looks at listings and asks nobody; what is done about orders that come later is the session's.
"""

from collections.abc import Iterable, Mapping, Sequence

from appkit.decimals import plain_text
from appkit.exits import UserError
from bybit_adapter.normalizer.rest_rows import RestRows
from bybit_adapter.normalizer.words import DeadLetter
from bybit_adapter.rest.words import Listing
from gridbot.stages import Refused
from gridcore.events import OrderUpdate
from gridcore.instrument import Instrument
from gridcore.intents import decode_wire_id
from gridcore.message import message
from gridcore.session.account import AccountSession
from gridcore.session.ownership import Claim, ForeignOrders, OrphanOrders, Owner, Ownership
from gridcore.session.setup import AccountPolicies, StrategySetup

SHOWN_MAX = 3
ORPHANS = (
    "`gridbot run --orphans adopt` hands them to the strategy on their symbol, `--orphans cancel` "
    "takes them away; `orphan_orders` in the configuration says so for every start. Where a "
    "strategy was renamed, its old name makes them its own again"
)
FOREIGN = (
    "cancel them at the exchange, or have foreign_orders say what becomes of them: ignore, adopt "
    "or cancel"
)


@message
class Resting:
    """One order that rests, and whose it is."""

    order: OrderUpdate
    owner: Owner


def resting_orders(
    listings: Mapping[str, Listing], setups: Sequence[StrategySetup], session: AccountSession
) -> list[Resting]:
    """All orders of the listings (symbol -> its open orders). Ours is, too, what the session
    remembers, as an orphan that was adopted. A row that cannot be read is left to the session."""
    instruments = {one.instrument.symbol: one.instrument for one in setups}
    ownership = Ownership(
        Claim(strat_id=one.strat_id, salt=one.salt, instrument=one.instrument) for one in setups
    )
    known = {name for one in session.live_orders() for name in (one.order_id, one.wire_id) if name}
    rows = RestRows(instruments, _leave)
    found = []
    for symbol, listing in listings.items():
        told = rows.orders(
            symbol, listing.rows, asked_at=listing.asked_at, complete=listing.complete
        )
        for order in told.orders:
            remembered = order.order_id in known or order.wire_id in known
            owner = Owner.OURS if remembered else ownership.classify(order)
            found.append(Resting(order=order, owner=owner))
    return found


def refuse_strangers(
    account: str,
    resting: Iterable[Resting],
    policies: AccountPolicies,
    instruments: Mapping[str, Instrument],
) -> None:
    """UserError with the commands that help, where a policy refuses orders that rest."""
    found = list(resting)
    orphans = [one.order for one in found if one.owner is Owner.ORPHAN]
    if orphans and policies.orphan_orders is OrphanOrders.REFUSE:
        raise UserError(
            f"account {account}: {_counted(orphans)} with ids of our making, which no configured "
            f"strategy has made: {_listed(orphans, instruments)}",
            ORPHANS,
        )
    foreign = [one.order for one in found if one.owner is Owner.FOREIGN]
    if foreign and policies.foreign_orders is ForeignOrders.REFUSE:
        raise UserError(
            f"account {account}: {_counted(foreign)} of another hand, and foreign_orders is "
            f"refuse: {_listed(foreign, instruments)}",
            FOREIGN,
        )


def unattended(symbol: str, found: Listing | Refused) -> str | None:
    """What a person should know of a symbol that nothing trades any more; None: nothing of ours
    rests there. Of one that is delisted the exchange tells nothing, which refuses no start."""
    gone = f"{symbol} is not traded any more, and "
    if isinstance(found, Refused):
        return f"{gone}whether orders of ours rest there is not known: {found.text}"
    ids = (row.get("orderLinkId") for row in found.rows)
    count = sum(isinstance(one, str) and decode_wire_id(one) is not None for one in ids)
    if not count:
        return None
    return (
        f"{gone}orders with ids of our making rest there, {count} of them: nobody tends them. "
        "Cancel them at the exchange, or configure their strategy again and stop with on_stop: "
        "cancel_all"
    )


def _counted(orders: Sequence[OrderUpdate]) -> str:
    return "1 order rests" if len(orders) == 1 else f"{len(orders)} orders rest"


def _listed(orders: Sequence[OrderUpdate], instruments: Mapping[str, Instrument]) -> str:
    texts = []
    for order in orders[:SHOWN_MAX]:
        instrument = instruments[order.symbol]
        texts.append(
            f"{order.symbol} {order.side.value} {plain_text(instrument.qty(order.leaves))} at "
            f"{plain_text(instrument.price(order.price))} ({order.wire_id or order.order_id})"
        )
    more = len(orders) - SHOWN_MAX
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")


def _leave(letter: DeadLetter) -> None:
    """The session reads the same row again, and counts it."""
