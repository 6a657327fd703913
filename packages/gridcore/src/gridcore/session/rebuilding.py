"""The memory of a session for a session whose instruments are others: a tick or a step has changed.

Prices and quantities of such a symbol lose their meaning; books, losses and the operator's word
keep theirs. It refuses to know why an instrument changed.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from gridcore.saved import Saved
from gridcore.session.account import AccountSession
from gridcore.session.modes import ModeCause


def memory_for(
    fresh: AccountSession, memory: Mapping[str, object], changed: Collection[str]
) -> dict[str, object]:
    """The snapshot `memory` as `fresh`, which has never handled an event, can restore it.

    Symbols in `changed` start anew: no grid, no orders, positions and book unknown, which forbids
    opens until the exchange has told them. What rests there is found and adopted, or cancelled,
    like orders after any restart; SessionStarted has to follow. A changed symbol may be new to the
    memory, or none of `fresh` any more: then its books stay and all else goes. SavedStateError when
    the snapshot is no session's.
    """
    saved, first = Saved(memory), Saved(fresh.snapshot())
    anew = first.part("strategies")
    kept = _without(saved.part("strategies"), changed)
    return {
        **saved.fields,
        "strategies": kept | {name: anew.raw(name) for name in anew.names() if name in changed},
        "sweep": _without(saved.part("sweep"), changed),
        "reconcile": _without(saved.part("reconcile"), changed),
        "strangers": _without_symbols(
            saved.parts("strangers"), changed, lambda one: one.part("order")
        ),
        "state": _state(saved.part("state"), first.part("state"), changed, set(anew.names())),
    }


def _state(
    state: Saved, first: Saved, changed: Collection[str], traded: Collection[str]
) -> dict[str, object]:
    """What the desks share, without what the changed symbols had there."""
    orders, questions = state.part("orders"), state.part("questions")
    dropped = {
        order.text("wire_id")
        for kind in ("live", "recent")
        for order in orders.parts(kind)
        if order.text("symbol") in changed
    }
    deadlines = state.part("deadlines")
    gone = {name for name in deadlines.names() if name.rpartition("/")[2] in changed}
    return {
        **state.fields,
        "modes": _modes(state, first, changed),
        "orders": {
            kind: _without_symbols(orders.parts(kind), changed) for kind in ("live", "recent")
        },
        "deadlines": _without(deadlines, gone),
        "questions": {
            **questions.fields,
            "open": _without_symbols(questions.parts("open"), changed),
        },
        "attention": _without(state.part("attention"), dropped),
        "unexecuted": _without(state.part("unexecuted"), dropped),
        "known_to": _without(state.part("known_to"), set(changed) - set(traded)),
    }


def _without(part: Saved, names: Collection[str]) -> dict[str, object]:
    return {name: part.raw(name) for name in part.names() if name not in names}


def _without_symbols(
    parts: Sequence[Saved],
    symbols: Collection[str],
    named_in: Callable[[Saved], Saved] = lambda part: part,
) -> list[Mapping[str, object]]:
    """The mappings that do not concern these symbols."""
    return [part.fields for part in parts if named_in(part).raw("symbol") not in symbols]


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
