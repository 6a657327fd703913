"""Wallet rows become WalletUpdate: the realised USDT balance, and what is available."""

from collections.abc import Iterator
from decimal import Decimal

from bybit_adapter.normalizer.numbers import moment, number, required_number, text
from bybit_adapter.normalizer.words import BadElement, Reason, Row
from gridcore.clock import Instant
from gridcore.events import WalletUpdate

COIN = "USDT"


def wallet(row: Row, frame_at: Instant) -> WalletUpdate | Reason:
    """The wallet as one row of the stream, or of wallet-balance, states it.

    The stream names changed coins only: a row without USDT says nothing of ours. Account-wide
    values are "" in isolated margin (A.5); then nobody knows what is available. `frame_at`: the
    stream's creationTime, since V5 rows have no time of their own (L77, A46).
    """
    for coin in _coins(row):
        if text(coin, "coin") == COIN:
            return WalletUpdate(
                at=moment(row.get("updateTime")) or frame_at,
                balance=required_number(coin, "walletBalance"),
                available=_available(row),
            )
    return Reason.OTHER_COIN


def _coins(row: Row) -> Iterator[Row]:
    coins = row.get("coin")
    if not isinstance(coins, list):
        raise BadElement(f"coin: expected a list, found {type(coins).__name__}")
    for coin in coins:
        if isinstance(coin, dict):
            yield coin


def _available(row: Row) -> Decimal | None:
    """What is available to the account; a bad account block never costs the coin's balance."""
    try:
        return number(row, "totalAvailableBalance")
    except BadElement:
        return None
