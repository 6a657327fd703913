"""Account calls: positions, wallet, margin mode, fees, key, movements, closed profit, settings."""

from collections.abc import Mapping
from decimal import Decimal

from bybit_adapter.errors import ErrorKind, Failure, Rejected
from bybit_adapter.normalizer.numbers import required_number, required_text, text
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.rate_limiter import Lane
from bybit_adapter.rest import calls, reading
from bybit_adapter.rest.caller import Caller, malformed
from bybit_adapter.rest.listing import by_fields, list_pages, list_stretch
from bybit_adapter.rest.words import LINEAR, SETTLE_COIN, Answer, Listing
from gridcore.clock import Instant
from gridcore.message import message

POSITIONS_PER_PAGE = 200
MOVEMENTS_PER_PAGE = 50
CLOSED_PER_PAGE = 100
PAGES_MAX = 100
UNIFIED = "UNIFIED"

_POSITION = by_fields("symbol", "positionIdx")
# Rows of different types may share an id, and so may the two legs of a hedge (bybit.md A.5).
_MOVEMENT = by_fields("id", "type", "currency", "symbol", "side", "tradeId", "change")
_CLOSED = by_fields("orderId", "createdTime", "updatedTime")


@message
class FeeRates:
    """The rates of one symbol as fractions: 0.0002 is 0.02 %."""

    symbol: str
    maker: Decimal
    taker: Decimal


@message
class AccountTerms:
    """How the account margins: `margin_mode` is REGULAR_MARGIN, ISOLATED_MARGIN or
    PORTFOLIO_MARGIN, `unified_status` 5 or 6 for the current unified account. `raw` as received."""

    margin_mode: str
    unified_status: int | None
    raw: Row


@message
class KeyTerms:
    """What the key may do. `expires_at` is ISO text; `addresses` are those it is bound to, "*" for
    none. `raw` as received."""

    read_only: bool
    user_id: int | None
    permissions: Mapping[str, tuple[str, ...]]
    addresses: tuple[str, ...]
    expires_at: str | None
    raw: Row

    @property
    def may_trade(self) -> bool:
        """Whether orders and positions of contracts are allowed."""
        granted = self.permissions.get("ContractTrade", ())
        return not self.read_only and "Order" in granted


@message
class Settled:
    """A setting is as it was asked for; `changed` False: it had been before."""

    changed: bool


class AccountCalls:
    """Everything about the account but its orders."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def positions(self, symbol: str | None = None, pages_max: int = PAGES_MAX) -> Listing:
        """Both legs of a symbol, flat ones too; or all legs of the account that are not flat."""
        scope = {"settleCoin": SETTLE_COIN} if symbol is None else {"symbol": symbol}
        parameters = {"category": LINEAR, **scope, "limit": POSITIONS_PER_PAGE}
        return list_pages(
            self._caller, calls.POSITIONS, parameters, identity=_POSITION, pages_max=pages_max
        )

    def wallet(self) -> Answer | Failure:
        """The unified account's wallet: `row` is its one row with all coins."""
        answer = self._caller.call(calls.WALLET, {"accountType": UNIFIED})
        if not isinstance(answer, Answer):
            return answer
        try:
            rows = reading.rows(answer.row)
        except BadElement as error:
            return malformed(calls.WALLET, str(error))
        if not rows:
            return malformed(calls.WALLET, "expected the wallet, found an empty list")
        return Answer(
            row=rows[0], extra={}, asked_at=answer.asked_at, exchange_at=answer.exchange_at
        )

    def terms(self) -> AccountTerms | Failure:
        """The account's margin mode and kind."""
        answer = self._caller.call(calls.ACCOUNT, {})
        if not isinstance(answer, Answer):
            return answer
        status = answer.row.get("unifiedMarginStatus")
        try:
            return AccountTerms(
                margin_mode=required_text(answer.row, "marginMode"),
                unified_status=status if isinstance(status, int) else None,
                raw=answer.row,
            )
        except BadElement as error:
            return malformed(calls.ACCOUNT, str(error))

    def fee_rates(self, symbol: str) -> FeeRates | Failure:
        """What a fill of the symbol costs; a negative rate is a rebate."""
        call = calls.FEE_RATES
        answer = self._caller.call(call, {"category": LINEAR, "symbol": symbol})
        if not isinstance(answer, Answer):
            return answer
        try:
            for row in reading.rows(answer.row):
                if row.get("symbol") == symbol:
                    return FeeRates(
                        symbol=symbol,
                        maker=required_number(row, "makerFeeRate"),
                        taker=required_number(row, "takerFeeRate"),
                    )
        except BadElement as error:
            return malformed(call, str(error))
        return malformed(call, f"expected the fee rates of {symbol}, found none")

    def key_terms(self) -> KeyTerms | Failure:
        """What our key may do, and until when."""
        answer = self._caller.call(calls.API_KEY, {})
        if not isinstance(answer, Answer):
            return answer
        row = answer.row
        try:
            return KeyTerms(
                read_only=reading.required_whole(row, "readOnly") != 0,
                user_id=reading.required_whole(row, "userID") if "userID" in row else None,
                permissions={
                    name: _texts(granted)
                    for name, granted in reading.inner(row, "permissions").items()
                },
                addresses=_texts(row.get("ips")),
                expires_at=text(row, "expiredAt") or None,
                raw=row,
            )
        except BadElement as error:
            return malformed(calls.API_KEY, str(error))

    def transaction_log(
        self,
        start: Instant,
        end: Instant | None = None,
        *,
        kind: str | None = None,
        pages_max: int = PAGES_MAX,
    ) -> Listing:
        """Every movement of cash within [start, end], newest first; `kind` as Bybit's `type`.

        `end` None: up to the present.
        """
        parameters = {"accountType": UNIFIED, "type": kind, "limit": MOVEMENTS_PER_PAGE}
        return list_stretch(
            self._caller,
            calls.TRANSACTION_LOG,
            parameters,
            start=start,
            end=end,
            identity=_MOVEMENT,
            pages_max=pages_max,
        )

    def closed_pnl(
        self,
        start: Instant,
        end: Instant | None = None,
        symbol: str | None = None,
        pages_max: int = PAGES_MAX,
    ) -> Listing:
        """What closing orders earned within [start, end], newest first; one row for each order.

        `end` None: up to the present.
        """
        parameters = {"category": LINEAR, "symbol": symbol, "limit": CLOSED_PER_PAGE}
        return list_stretch(
            self._caller,
            calls.CLOSED_PNL,
            parameters,
            start=start,
            end=end,
            identity=_CLOSED,
            pages_max=pages_max,
        )

    def set_leverage(self, symbol: str, long: str, short: str) -> Settled | Failure:
        """Set the leverage of both legs; they may differ only in isolated margin."""
        body = {"category": LINEAR, "symbol": symbol, "buyLeverage": long, "sellLeverage": short}
        return _settled(self._caller.call(calls.SET_LEVERAGE, body, lane=Lane.OPEN))

    def switch_to_hedge_mode(self, symbol: str) -> Settled | Failure:
        """Give the symbol two legs; refused while it has positions or orders."""
        body = {"category": LINEAR, "symbol": symbol, "mode": 3}
        return _settled(self._caller.call(calls.SWITCH_MODE, body, lane=Lane.OPEN))


def _settled(answer: Answer | Failure) -> Settled | Failure:
    if isinstance(answer, Answer):
        return Settled(changed=True)
    if isinstance(answer, Rejected) and answer.kind is ErrorKind.UNCHANGED:
        return Settled(changed=False)
    return answer


def _texts(found: object) -> tuple[str, ...]:
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()
