"""Wallet rows become WalletUpdate: the realised USDT balance, and what is available."""

from collections.abc import Iterator
from decimal import Decimal

from bybit_adapter.normalizer.numbers import moment, number, required_number
from bybit_adapter.normalizer.words import BadElement, Reason, Row
from gridcore.clock import Instant
from gridcore.events import WalletUpdate

COIN = "USDT"


def wallet(row: Row, frame_at: Instant) -> WalletUpdate | Reason:
    """The wallet as one row of the stream, or of wallet-balance, states it.

    The stream names changed coins only: a row without USDT says nothing of ours. `frame_at`: the
    stream's creationTime, since V5 rows have no time of their own (L77, A46).
    """
    for coin in _coins(row):
        if coin.get("coin") == COIN:
            return WalletUpdate(
                at=moment(row.get("updateTime")) or frame_at,
                balance=required_number(coin, "walletBalance"),
                available=_available(row, coin),
            )
    return Reason.OTHER_COIN


def _coins(row: Row) -> Iterator[Row]:
    coins = row.get("coin")
    if not isinstance(coins, list):
        raise BadElement(f"coin: expected a list, found {type(coins).__name__}")
    for coin in coins:
        if isinstance(coin, dict):
            yield coin


def _available(row: Row, coin: Row) -> Decimal | None:
    """What new orders may use: unknown, 0 or a value (LS-32).

    Account-wide first (LS-50); where that is absent or bad, the coin's older field, which never
    says more. A bad field never costs the balance.
    """
    for source, name in ((row, "totalAvailableBalance"), (coin, "availableToWithdraw")):
        try:
            value = number(source, name)
        except BadElement:
            continue
        if value is not None:
            return value
    return None
