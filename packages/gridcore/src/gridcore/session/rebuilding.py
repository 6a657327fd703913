"""The memory of a session for a session whose instruments are others: a tick or a step has changed.

Prices and quantities of such a symbol lose their meaning; books, losses and the operator's word
keep theirs. It refuses to know why an instrument changed.
"""

from collections.abc import Collection, Mapping

from gridcore.saved import Saved
from gridcore.session.account import AccountSession
from gridcore.session.modes import ModeCause


def memory_for(
    fresh: AccountSession, memory: Mapping[str, object], changed: Collection[str]
) -> dict[str, object]:
    """The snapshot `memory` as `fresh`, which has never handled an event, can restore it.

    Symbols in `changed` start anew: no grid, no orders, positions and book unknown, which forbids
    opens until the exchange has told them. What rests there is found and adopted, or cancelled,
    like orders after any restart; SessionStarted has to follow. SavedStateError when the snapshot
    is no session's.
    """
    saved, first = Saved(memory), Saved(fresh.snapshot())
    state, first_state = saved.part("state"), Saved(first.part("state"))
    orders = state.part("orders")
    dropped = {
        order.text("wire_id")
        for kind in ("live", "recent")
        for order in orders.parts(kind)
        if order.text("symbol") in changed
    }
    strategies = dict(saved.part("strategies").fields)
    for symbol in changed:
        strategies[symbol] = first.part("strategies").raw(symbol)
    return {
        **saved.fields,
        "strategies": strategies,
        "sweep": _without(saved.part("sweep"), changed),
        "strangers": [
            stranger.fields
            for stranger in saved.parts("strangers")
            if stranger.part("order").text("symbol") not in changed
        ],
        "state": {
            **state.fields,
            "modes": _modes(state, first_state, changed),
            "orders": {
                kind: [
                    order.fields
                    for order in orders.parts(kind)
                    if order.text("wire_id") not in dropped
                ]
                for kind in ("live", "recent")
            },
            "attention": _without(state.part("attention"), dropped),
            "unexecuted": _without(state.part("unexecuted"), dropped),
        },
    }


def _without(part: Saved, names: Collection[str]) -> dict[str, object]:
    return {name: part.raw(name) for name in part.names() if name not in names}


def _modes(state: Saved, first: Saved, changed: Collection[str]) -> list[Mapping[str, object]]:
    """What stood, except what the changed symbols asked for; and what they ask for when new."""
    kept = [
        request.fields
        for request in state.parts("modes")
        if _symbol_of(request) not in changed or request.text("cause") == ModeCause.OPERATOR.value
    ]
    return kept + [
        request.fields for request in first.parts("modes") if _symbol_of(request) in changed
    ]


def _symbol_of(request: Saved) -> str:
    return request.text("scope").partition("/")[0]
