"""The exchange as a source of instruments, opened for one command.

The only module here that reaches a network, and only where the user named an endpoint.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from appkit.instruments import ExchangeRows, ExchangeSource, InstrumentSource, SourceSilent
from bybit_adapter.endpoints import Endpoint


@contextmanager
def opened(endpoint: Endpoint | None) -> Iterator[InstrumentSource | None]:
    """A source that asks the endpoint; None where nobody is to be asked."""
    if endpoint is None:
        yield None
        return
    from bybit_adapter.instrument_source import ExchangeInstruments, NoRows
    from bybit_adapter.rate_limiter import RateLimiter
    from bybit_adapter.rest_client import RestClient, wait_until

    client = RestClient(endpoint, limiter=RateLimiter(), wait=wait_until)
    instruments = ExchangeInstruments(client)

    def ask(symbol: str) -> ExchangeRows | SourceSilent:
        found = instruments.rows(symbol)
        if isinstance(found, NoRows):
            return SourceSilent(reason=found.reason)
        return ExchangeRows(instrument=found.instrument, tiers=found.tiers)

    try:
        yield ExchangeSource(ask)
    finally:
        client.close()
