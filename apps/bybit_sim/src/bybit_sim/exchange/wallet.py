"""Wallet, account and key as rows of the protocol (bybit.md A.5).

It writes what it is given; it refuses to compute margin.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from bybit_sim.exchange.account_spec import ISOLATED
from bybit_sim.exchange.rows import USDT
from bybit_sim.exchange.texts import ms_text, plain, rounded
from bybit_sim.exchange.words import ApiKey, Row
from gridcore.clock import DAY_US, SECOND_US, Instant

ZERO = Decimal(0)
KEY_LIFE_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """The wallet with every symbol at its mark, in USDT; `initial` includes `resting` orders."""

    cash: Decimal
    equity: Decimal
    initial: Decimal
    resting: Decimal
    maintenance: Decimal
    realised: Decimal


def wallet_row(funds: Funds, margin_mode: str) -> Row:
    """The account as wallet-balance lists it and the `wallet` stream tells it.

    Account-wide rates and margins are "" in isolated margin.
    """
    equity, cash = funds.equity, funds.cash
    profit = equity - cash
    available = max(equity - funds.initial, ZERO)
    wide = {
        "accountIMRate": _rate(funds.initial, equity),
        "accountMMRate": _rate(funds.maintenance, equity),
        "totalMarginBalance": rounded(equity),
        "totalAvailableBalance": rounded(available),
        "totalInitialMargin": rounded(funds.initial),
        "totalMaintenanceMargin": rounded(funds.maintenance),
    }
    if margin_mode == ISOLATED:
        wide = dict.fromkeys(wide, "")
    return {
        "accountType": "UNIFIED",
        "accountLTV": "0",
        **wide,
        "accountIMRateByMp": wide["accountIMRate"],
        "accountMMRateByMp": wide["accountMMRate"],
        "totalInitialMarginByMp": wide["totalInitialMargin"],
        "totalMaintenanceMarginByMp": wide["totalMaintenanceMargin"],
        "totalEquity": rounded(equity),
        "totalWalletBalance": rounded(cash),
        "totalPerpUPL": rounded(profit),
        "coin": [
            {
                "coin": USDT,
                "equity": rounded(equity),
                "usdValue": rounded(equity),
                "walletBalance": plain(cash),
                "locked": "0",
                "spotHedgingQty": "0",
                "borrowAmount": "0",
                "accruedInterest": "0",
                "totalOrderIM": rounded(funds.resting),
                "totalPositionIM": rounded(funds.initial - funds.resting),
                "totalPositionMM": rounded(funds.maintenance),
                "unrealisedPnl": rounded(profit),
                "cumRealisedPnl": plain(funds.realised),
                "bonus": "0",
                "marginCollateral": True,
                "collateralSwitch": True,
                "colRes": "0",
                "spotBorrow": "0",
                "availableToWithdraw": rounded(available),
                "availableToBorrow": "",
                "free": "",
            }
        ],
    }


def _rate(margin: Decimal, equity: Decimal) -> str:
    return plain((margin / equity).quantize(Decimal("0.0001"))) if equity > 0 else "0"


def info_row(margin_mode: str, updated_at: Instant) -> Row:
    """The result of account/info."""
    return {
        "marginMode": margin_mode,
        "updatedTime": ms_text(updated_at),
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def fee_row(symbol: str, taker_fee: Decimal, maker_fee: Decimal) -> Row:
    """One row of account/fee-rate."""
    return {
        "symbol": symbol,
        "takerFeeRate": plain(taker_fee),
        "makerFeeRate": plain(maker_fee),
    }


def key_row(key: ApiKey, uid: int, name: str, created_at: Instant, now: Instant) -> Row:
    """The result of user/query-api. A key that is bound to an address does not run out."""
    bound = key.ips != ("*",)
    until = Instant(created_at + KEY_LIFE_DAYS * DAY_US)
    return {
        "id": str(uid),
        "note": name,
        "apiKey": key.key,
        "readOnly": int(key.read_only),
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"],
            "Spot": [],
            "Wallet": [],
            "Options": [],
            "Derivatives": ["DerivativesTrade"],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": [],
            "NFT": [],
            "Affiliate": [],
            "Earn": [],
        },
        "ips": list(key.ips),
        "type": 1,
        "deadlineDay": -1 if bound else max((until - now) // DAY_US, 0),
        "expiredAt": _iso(Instant(0)) if bound else _iso(until),
        "createdAt": _iso(created_at),
        "uta": 1,
        "unified": 0,
        "userID": uid,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    }


def _iso(at: Instant) -> str:
    return datetime.fromtimestamp(at // SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
