"""What an account's streams and listings tell, as records of the database, one row at a time.

It reads more leniently than the kernel's normalizer: what is no event of the kernel's is still
evidence. What cannot be read becomes a dead letter, whole, with the reason.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum

from bybit_adapter.normalizer.executions import closed_pnl, rate_of
from bybit_adapter.normalizer.legs import index_of, side_of
from bybit_adapter.normalizer.numbers import (
    flag,
    number,
    positive,
    required_number,
    required_text,
    text,
    whole,
)
from bybit_adapter.normalizer.numbers import moment as exchange_moment
from bybit_adapter.normalizer.words import BadElement, Reason, Received, Row, SetAside, Trade
from bybit_adapter.normalizer.words import DeadLetter as Unread
from event_saver.rows.attribution import LONG_INDEX, SHORT_INDEX, Owners
from event_saver.times import moment
from grid_db.records import (
    DeadLetter,
    FundingPayment,
    OrderState,
    PositionSnapshot,
    PrivateExecution,
    WalletSnapshot,
    fingerprint,
)
from grid_db.words import Environment, SnapshotSource, Stream
from gridcore.clock import Instant
from gridcore.message import message
from gridcore.sides import BUY, LONG, SELL, SHORT, SideType

PrivateRow = PrivateExecution | OrderState | PositionSnapshot | WalletSnapshot | FundingPayment
KEPT = frozenset(
    {Reason.NO_LIMIT_ORDER, Reason.CONDITIONAL, Reason.UNKNOWN_SYMBOL, Reason.OTHER_COIN}
)
"""What is no event of the kernel's and a row all the same."""
FUNDING = "Funding"


class Kind(StrEnum):
    """The private streams, as topics begin; a topic may end with its category."""

    ORDER = "order"
    EXECUTION = "execution"
    POSITION = "position"
    WALLET = "wallet"


STREAMS = {
    Kind.ORDER: Stream.ORDERS,
    Kind.EXECUTION: Stream.EXECUTIONS,
    Kind.POSITION: Stream.POSITIONS,
    Kind.WALLET: Stream.WALLET,
}
_KINDS = {kind.value: kind for kind in Kind}


@message
class Origin:
    """Whose rows they are, and of which run."""

    environment: Environment
    account_id: str
    run_id: str


class PrivateRows:
    """Makes records of one account's messages. `symbols` empty: of all; `new_id` names letters."""

    def __init__(
        self,
        origin: Origin,
        owners: Owners,
        *,
        symbols: frozenset[str],
        new_id: Callable[[], str],
    ) -> None:
        self._origin = origin
        self._owners = owners
        self._symbols = symbols
        self._new_id = new_id
        self._readers: dict[Kind, Callable[[Row, Instant, Instant], list[PrivateRow]]] = {
            Kind.ORDER: self._order,
            Kind.EXECUTION: self._execution,
            Kind.POSITION: self._position,
            Kind.WALLET: self._wallet,
        }

    def received(self, one: Received) -> list[PrivateRow | DeadLetter]:
        """The records of an element of the streams."""
        raw = one.raw.as_row() if isinstance(one.raw, Trade) else one.raw
        return self._rows(one.topic, raw, one.exchange_at, one.received_at)

    def set_aside(self, one: SetAside) -> list[PrivateRow | DeadLetter]:
        """The records of an element that is no event of the kernel's, where it is a row."""
        if one.reason not in KEPT or not isinstance(one.raw, Mapping):
            return []
        return self._rows(one.topic, one.raw, one.received_at, one.received_at)

    def unread(self, one: Unread) -> list[PrivateRow | DeadLetter]:
        """The records of an element that the kernel's normalizer could not read."""
        if isinstance(one.raw, Mapping) and _kind(one.topic) is not None:
            return self._rows(one.topic, one.raw, one.received_at, one.received_at)
        return [self.letter(one.topic, one.raw, one.text, one.received_at)]

    def listed(self, kind: Kind, row: Row, asked_at: Instant) -> list[PrivateRow | DeadLetter]:
        """The records of one row of a listing; a time that cannot be read is `asked_at`."""
        return self._rows(kind.value, row, asked_at, asked_at)

    def letter(self, topic: str, raw: object, reason: str, received_at: Instant) -> DeadLetter:
        """A dead letter of this account."""
        kind = _kind(topic)
        return DeadLetter(
            letter_id=self._new_id(),
            environment=self._origin.environment,
            account_id=self._origin.account_id,
            run_id=self._origin.run_id,
            stream=Stream.UNKNOWN if kind is None else STREAMS[kind],
            topic=topic,
            reason=reason,
            payload=payload(raw),
            received_at=moment(received_at),
        )

    # -- inside ----------------------------------------------------------------------------

    def _is_wanted(self, row: Row) -> bool:
        symbol = row.get("symbol")
        return not self._symbols or not isinstance(symbol, str) or symbol in self._symbols

    def _rows(
        self, topic: str, row: Row, exchange_at: Instant, received_at: Instant
    ) -> list[PrivateRow | DeadLetter]:
        kind = _kind(topic)
        if kind is None or not self._is_wanted(row):
            return []
        found: list[PrivateRow | DeadLetter] = []
        for part in _parts(kind, row):
            try:
                found.extend(self._readers[kind](part, exchange_at, received_at))
            except BadElement as error:
                found.append(self.letter(topic, part, str(error), received_at))
        return found

    def _order(self, row: Row, exchange_at: Instant, received_at: Instant) -> list[PrivateRow]:
        side = side_of(row)
        symbol, order_id = required_text(row, "symbol"), required_text(row, "orderId")
        wire_id, price = text(row, "orderLinkId"), number(row, "price") or Decimal(0)
        owner = self._owners.of_order(
            symbol=symbol,
            order_id=order_id,
            wire_id=wire_id,
            side=side,
            price=price,
            position_idx=index_of(row),
        )
        qty, filled = required_number(row, "qty"), number(row, "cumExecQty")
        leaves = number(row, "leavesQty")
        if leaves is None:
            leaves = qty - (filled or Decimal(0))
        return [
            OrderState(
                run_id=self._origin.run_id,
                account_id=self._origin.account_id,
                strat_id=owner.strat_id,
                symbol=symbol,
                position_idx=owner.position_idx,
                order_id=order_id,
                order_link_id=wire_id or None,
                exchange_ts=moment(exchange_moment(row.get("updatedTime")) or exchange_at),
                local_ts=moment(received_at),
                status=required_text(row, "orderStatus"),
                side=side,
                price=price,
                qty=qty,
                leaves_qty=leaves,
                cum_exec_qty=filled,
                avg_price=positive(row, "avgPrice"),
                reduce_only=flag(row, "reduceOnly") or False,
                reject_reason=text(row, "rejectReason") or None,
                cancel_type=text(row, "cancelType") or None,
                raw_json=payload(row),
            )
        ]

    def _execution(self, row: Row, exchange_at: Instant, received_at: Instant) -> list[PrivateRow]:
        side = side_of(row)
        kind = required_text(row, "execType")
        exchange_ts = moment(exchange_moment(row.get("execTime")) or exchange_at)
        if kind == FUNDING:
            return [self._funding(row, side, received_at, exchange_at)]
        symbol, order_id = required_text(row, "symbol"), required_text(row, "orderId")
        wire_id, closed = text(row, "orderLinkId"), number(row, "closedSize")
        owner = self._owners.of_execution(
            symbol=symbol,
            order_id=order_id,
            wire_id=wire_id,
            side=side,
            order_price=number(row, "orderPrice"),
            closed=closed,
            position_idx=index_of(row),
        )
        return [
            PrivateExecution(
                run_id=self._origin.run_id,
                account_id=self._origin.account_id,
                strat_id=owner.strat_id,
                symbol=symbol,
                position_idx=owner.position_idx,
                attribution=owner.found_by,
                exec_id=required_text(row, "execId"),
                order_id=order_id,
                order_link_id=wire_id or None,
                exchange_ts=exchange_ts,
                local_ts=moment(received_at),
                exec_type=kind,
                side=side,
                exec_price=required_number(row, "execPrice"),
                exec_qty=required_number(row, "execQty"),
                closed_size=closed,
                leaves_qty=number(row, "leavesQty"),
                exec_fee=number(row, "execFee"),
                fee_currency=text(row, "feeCurrency") or None,
                fee_rate=number(row, "feeRate"),
                closed_pnl=closed_pnl(row),
                is_maker=flag(row, "isMaker"),
                seq=whole(row, "seq"),
                raw_json=payload(row),
            )
        ]

    def _funding(
        self, row: Row, side: SideType, received_at: Instant, exchange_at: Instant
    ) -> FundingPayment:
        """Funding of one leg: the side is the position's, execFee > 0 was paid (bybit.md A.4)."""
        index = index_of(row)
        direction = LONG if side is BUY else SHORT
        if index not in (LONG_INDEX, SHORT_INDEX):
            index = LONG_INDEX if direction is LONG else SHORT_INDEX
        paid = required_number(row, "execFee")
        return FundingPayment(
            run_id=self._origin.run_id,
            account_id=self._origin.account_id,
            strat_id=None,
            symbol=required_text(row, "symbol"),
            side=side,
            position_idx=index,
            exec_id=required_text(row, "execId"),
            exchange_ts=moment(exchange_moment(row.get("execTime")) or exchange_at),
            local_ts=moment(received_at),
            qty=required_number(row, "execQty"),
            funding_rate=rate_of(required_number(row, "feeRate"), paid, direction),
            price=required_number(row, "execPrice"),
            amount=-paid,
            fee_currency=text(row, "feeCurrency") or None,
            raw_json=payload(row),
        )

    def _position(self, row: Row, exchange_at: Instant, received_at: Instant) -> list[PrivateRow]:
        side = _leg(row)
        if side is None:
            return []
        raw = payload(row)
        return [
            PositionSnapshot(
                run_id=self._origin.run_id,
                account_id=self._origin.account_id,
                source=SnapshotSource.LIVE,
                symbol=required_text(row, "symbol"),
                side=side,
                exchange_ts=moment(exchange_moment(row.get("updatedTime")) or exchange_at),
                local_ts=moment(received_at),
                size=number(row, "size") or Decimal(0),
                entry_price=positive(row, "entryPrice") or positive(row, "avgPrice"),
                liq_price=positive(row, "liqPrice"),
                mark_price=positive(row, "markPrice"),
                leverage=number(row, "leverage"),
                unrealised_pnl=number(row, "unrealisedPnl"),
                cum_realised_pnl=number(row, "cumRealisedPnl"),
                cur_realised_pnl=number(row, "curRealisedPnl"),
                position_im=number(row, "positionIM"),
                position_mm=number(row, "positionMM"),
                position_value=number(row, "positionValue"),
                fingerprint=_identity_of(row),
                raw_json=raw,
            )
        ]

    def _wallet(self, row: Row, exchange_at: Instant, received_at: Instant) -> list[PrivateRow]:
        """One row for each coin, with the account's own numbers beside it."""
        coins = row.get("coin")
        if not isinstance(coins, list):
            raise BadElement(f"coin: expected a list, found {type(coins).__name__}")
        account = {name: value for name, value in row.items() if name != "coin"}
        at = moment(exchange_moment(row.get("updateTime")) or exchange_at)
        found: list[PrivateRow] = []
        for coin in coins:
            if not isinstance(coin, Mapping):
                raise BadElement(f"coin: expected objects, found {type(coin).__name__}")
            told = {**coin, "_account": account}
            found.append(
                WalletSnapshot(
                    run_id=self._origin.run_id,
                    account_id=self._origin.account_id,
                    coin=required_text(coin, "coin"),
                    exchange_ts=at,
                    local_ts=moment(received_at),
                    wallet_balance=number(coin, "walletBalance") or Decimal(0),
                    available_balance=_lenient(coin, "availableToWithdraw"),
                    usd_value=_lenient(coin, "usdValue"),
                    total_equity=_lenient(row, "totalEquity"),
                    total_available_balance=_lenient(row, "totalAvailableBalance"),
                    total_margin_balance=_lenient(row, "totalMarginBalance"),
                    account_im_rate=_lenient(row, "accountIMRate"),
                    account_mm_rate=_lenient(row, "accountMMRate"),
                    fingerprint=_identity_of(told),
                    raw_json=payload(told),
                )
            )
        return found


def payload(raw: object) -> str:
    """What was received as text: as it came, or as JSON, with nothing a text column refuses."""
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8", "replace")
    text_ = raw if isinstance(raw, str) else _json(raw)
    return text_.encode("utf-8", "replace").decode().replace("\0", "\\u0000")


def _parts(kind: Kind, row: Row) -> list[Row]:
    """A wallet coin by coin, since a bad coin must not cost the others (L79); else the row."""
    coins = row.get("coin")
    if kind is not Kind.WALLET or not isinstance(coins, list):
        return [row]
    return [{**row, "coin": [coin]} for coin in coins]


def _identity_of(row: Row) -> str:
    return fingerprint(payload(_json(row, sort_keys=True)))


def _json(value: object, *, sort_keys: bool = False) -> str:
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys, default=repr
    )


def _kind(topic: str) -> Kind | None:
    return _KINDS.get(topic.partition(".")[0])


def _leg(row: Row) -> SideType | None:
    """Buy for the long leg, Sell for the short; None for a flat row of one-way mode."""
    index = index_of(row)
    if index == LONG_INDEX:
        return BUY
    if index == SHORT_INDEX:
        return SELL
    return side_of(row) if text(row, "side") else None


def _lenient(row: Row, name: str) -> Decimal | None:
    """A number beside the one that matters: a bad one never costs the row."""
    try:
        return number(row, name)
    except BadElement:
        return None
