"""The exchange as a source of instruments: its rows for one symbol, as it sends them.

It knows the two questions; what the rows mean is for the instrument cache.
"""

from bybit_adapter.errors import Failure, Rejected
from bybit_adapter.normalizer.words import Row
from bybit_adapter.rest.instruments import InstrumentTerms
from bybit_adapter.rest_client import RestClient
from gridcore.message import message


@message
class InstrumentRows:
    """One instruments-info row and the risk-limit rows of the same symbol, as received."""

    instrument: Row
    tiers: tuple[Row, ...]


@message
class NoRows:
    """The exchange could not be asked, or does not know the symbol; why, in words."""

    reason: str


class ExchangeInstruments:
    """Asks the exchange for a symbol's terms and tiers; no key is needed."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def rows(self, symbol: str) -> InstrumentRows | NoRows:
        """Both kinds of rows, or neither: terms without their tiers would be half an answer."""
        terms = self._client.market.instrument(symbol)
        if not isinstance(terms, InstrumentTerms):
            return NoRows(reason=_in_words(terms))
        tiers = self._client.market.risk_limits(symbol)
        if tiers.failure is not None:
            return NoRows(reason=_in_words(tiers.failure))
        own = tuple(row for row in tiers.rows if row.get("symbol") == symbol)
        if not tiers.complete or not own:
            return NoRows(reason=f"the exchange sent no whole table of tiers for {symbol}")
        return InstrumentRows(instrument=terms.raw, tiers=own)


def _in_words(failure: Failure) -> str:
    if isinstance(failure, Rejected):
        return f"it refused: {failure.text} (code {failure.code})"
    return failure.text
