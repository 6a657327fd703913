"""The exchange as a source of instruments: its rows for a symbol, turned into facts.

It knows the rows; who asks for them, and how, is passed in by the app.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from appkit.instruments.bybit_payload import instrument_facts, tier_facts
from appkit.instruments.facts import FactsRefused, InstrumentFacts
from appkit.instruments.resolve import SourceSilent


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRows:
    """One instruments-info row and the risk-limit rows of the same symbol, as received."""

    instrument: Mapping[str, object]
    tiers: Sequence[Mapping[str, object]]


AskRows = Callable[[str], ExchangeRows | SourceSilent]
"""Asks the exchange for a symbol's rows now."""


class ExchangeSource:
    """An InstrumentSource over the rows that `ask` brings; what cannot be read is no answer."""

    def __init__(self, ask: AskRows) -> None:
        self._ask = ask

    def fetch(self, symbol: str) -> InstrumentFacts | SourceSilent:
        """The terms and the tiers that the exchange states for `symbol`, both or neither."""
        rows = self._ask(symbol)
        if isinstance(rows, SourceSilent):
            return rows
        named = rows.instrument.get("symbol")
        if named != symbol:
            return SourceSilent(reason=f"it was asked for {symbol} and told of {named!r}")
        facts, refused, _ = tier_facts([dict(row) for row in rows.tiers])
        if refused:
            return SourceSilent(reason=f"its tiers cannot be used: {refused[0]}")
        own = [one.tiers for one in facts if one.symbol == symbol]
        if not own:
            return SourceSilent(reason=f"it sent no tiers of {symbol}")
        try:
            return replace(instrument_facts(dict(rows.instrument)), tiers=own[0])
        except FactsRefused as error:
            return SourceSilent(reason=f"its answer cannot be used: {error}")
