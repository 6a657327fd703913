"""Every call that is made: its path, pybit's method for it, and what it does at the exchange."""

from dataclasses import dataclass

from bybit_adapter.errors import Operation


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint. `method` is pybit's; `private` calls are signed."""

    path: str
    method: str
    operation: Operation = Operation.READ
    private: bool = True


SERVER_TIME = Call("/v5/market/time", "get_server_time", private=False)
INSTRUMENTS = Call("/v5/market/instruments-info", "get_instruments_info", private=False)
TICKERS = Call("/v5/market/tickers", "get_tickers", private=False)
RISK_LIMITS = Call("/v5/market/risk-limit", "get_risk_limit", private=False)
RECENT_TRADES = Call("/v5/market/recent-trade", "get_public_trade_history", private=False)
KLINES = Call("/v5/market/kline", "get_kline", private=False)
FUNDING_HISTORY = Call("/v5/market/funding/history", "get_funding_rate_history", private=False)

CREATE = Call("/v5/order/create", "place_order", Operation.CREATE)
AMEND = Call("/v5/order/amend", "amend_order", Operation.CHANGE)
CANCEL = Call("/v5/order/cancel", "cancel_order", Operation.CHANGE)
CANCEL_ALL = Call("/v5/order/cancel-all", "cancel_all_orders", Operation.CHANGE)
CREATE_BATCH = Call("/v5/order/create-batch", "place_batch_order", Operation.CREATE)
CANCEL_BATCH = Call("/v5/order/cancel-batch", "cancel_batch_order", Operation.CHANGE)
OPEN_ORDERS = Call("/v5/order/realtime", "get_open_orders")
ORDER_HISTORY = Call("/v5/order/history", "get_order_history")
EXECUTIONS = Call("/v5/execution/list", "get_executions")

POSITIONS = Call("/v5/position/list", "get_positions")
CLOSED_PNL = Call("/v5/position/closed-pnl", "get_closed_pnl")
SET_LEVERAGE = Call("/v5/position/set-leverage", "set_leverage", Operation.CHANGE)
SWITCH_MODE = Call("/v5/position/switch-mode", "switch_position_mode", Operation.CHANGE)

WALLET = Call("/v5/account/wallet-balance", "get_wallet_balance")
ACCOUNT = Call("/v5/account/info", "get_account_info")
FEE_RATES = Call("/v5/account/fee-rate", "get_fee_rates")
TRANSACTION_LOG = Call("/v5/account/transaction-log", "get_transaction_log")
API_KEY = Call("/v5/user/query-api", "get_api_key_information")

ALL_CALLS = tuple(value for value in list(globals().values()) if isinstance(value, Call))
"""Every call of this module."""
