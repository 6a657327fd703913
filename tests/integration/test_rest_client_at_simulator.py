"""The adapter's REST client against bybit_sim: two sides that share no code (bybit.md part A)."""

import itertools
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from bybit_adapter.credentials import Credentials
from bybit_adapter.endpoints import Endpoint, endpoint
from bybit_adapter.errors import (
    AuthenticationRefused,
    ErrorKind,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unanswered,
)
from bybit_adapter.instrument_source import ExchangeInstruments, InstrumentRows
from bybit_adapter.rate_limiter import RateLimiter
from bybit_adapter.rest.account import FeeRates, KeyTerms, Settled
from bybit_adapter.rest.hedge import ModeReport
from bybit_adapter.rest.instruments import InstrumentTerms, read_tiers
from bybit_adapter.rest.market import Series
from bybit_adapter.rest.order_words import Accepted, OrderIds, Placement
from bybit_adapter.rest.words import Answer
from bybit_adapter.rest_client import RestClient, wait_until
from gridcore.clock import DAY_US, HOUR_US, Instant
from gridcore.session.effects import TimeInForce
from gridcore.sides import DirectionType, SideType
from gridcore.tiers import RiskTiers

SYMBOL = "BTCUSDT"
Admin = Callable[..., Any]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def place() -> Iterator[Endpoint]:
    """A simulator of its own process, playing a seeded market."""
    words = [sys.executable, "-m", "bybit_sim", "serve", "--port", "0", "--json", "--synth"]
    with subprocess.Popen([*words, "--seed", "7"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield endpoint(json.loads(process.stdout.readline())["http"])
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def admin(place: Endpoint) -> Admin:
    """Posts to the simulator's own endpoints."""

    def post(path: str, method: str = "POST", **body: Any) -> Any:
        request = urllib.request.Request(
            f"{place.rest_url}/sim/{path}", json.dumps(body).encode(), method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    return post


@pytest.fixture
def open_client(place: Endpoint) -> Iterator[Callable[..., RestClient]]:
    """Opens clients for keys, and closes them."""
    opened: list[RestClient] = []

    def client(key: str = "demo-key-1", secret: str = "demo-secret-1") -> RestClient:
        opened.append(
            RestClient(
                place,
                Credentials(key=key, secret=secret),
                limiter=RateLimiter(),
                timeout_s=2,
                wait=wait_until,
            )
        )
        return opened[-1]

    yield client
    for one in opened:
        one.close()


@pytest.fixture
def client(open_client: Callable[..., RestClient]) -> RestClient:
    """The first account's client, on the simulator's market time."""
    one = open_client()
    one.measure_clock()
    return one


@pytest.fixture
def last(client: RestClient) -> Decimal:
    """The market's price."""
    ticker = client.market.ticker(SYMBOL)
    assert isinstance(ticker, dict)
    return Decimal(str(ticker["lastPrice"]))


def buy(price: Decimal, qty: str = "0.010") -> Placement:
    return Placement(
        symbol=SYMBOL,
        direction=DirectionType.LONG,
        side=SideType.BUY,
        price=f"{price:.1f}",
        qty=qty,
        wire_id=f"0123456789abcdef-{next(_NUMBERS)}",
        reduce_only=False,
        time_in_force=TimeInForce.POST_ONLY,
    )


def of(accepted: Any) -> OrderIds:
    assert isinstance(accepted, Accepted)
    return OrderIds(symbol=SYMBOL, order_id=accepted.order_id, wire_id=accepted.wire_id)


def test_the_market_is_read_in_the_exchanges_own_words(client: RestClient) -> None:
    now = client.exchange_now()

    terms = client.market.instrument(SYMBOL)
    tiers = client.market.risk_limits(SYMBOL)
    candles = client.market.candles(SYMBOL, "1", Instant(now - HOUR_US), now)
    funding = client.market.funding_rates(SYMBOL, Instant(now - DAY_US), now)

    assert isinstance(terms, InstrumentTerms)
    assert terms.trading
    assert terms.to_instrument().tick_size == Decimal("0.1")
    assert RiskTiers(read_tiers(tiers.rows)).tiers[0].max_value is not None
    assert isinstance(candles, Series)
    assert candles.values
    assert isinstance(funding, Series)
    assert client.market.instruments().complete
    assert client.market.recent_trades(SYMBOL).rows


def test_the_exchange_is_a_source_of_instruments(client: RestClient) -> None:
    found = ExchangeInstruments(client).rows(SYMBOL)

    assert isinstance(found, InstrumentRows)
    assert len(found.tiers) >= 3


def test_the_account_is_read_and_is_in_hedge_mode(client: RestClient) -> None:
    report = client.verify_mode(SYMBOL)

    assert isinstance(report, ModeReport)
    assert report.problems() == ()
    assert report.long_leverage is not None
    assert isinstance(client.account.wallet(), Answer)
    assert isinstance(client.account.fee_rates(SYMBOL), FeeRates)
    key = client.account.key_terms()
    assert isinstance(key, KeyTerms)
    assert key.may_trade


def test_orders_are_placed_listed_over_pages_amended_and_cancelled(
    client: RestClient, last: Decimal
) -> None:
    """More than a page of them; a cancelled order leaves the book and stays in the history."""
    placed = [of(client.orders.place(buy(last * Decimal("0.99") - n))) for n in range(52)]

    listing = client.orders.open_orders(SYMBOL)
    amended = client.orders.amend(placed[0], qty="0.020", reducing=False)
    again = client.orders.open_orders(SYMBOL, order_id=placed[0].order_id)
    cancelled = client.orders.cancel(placed[0])
    too_late = client.orders.cancel(placed[0])
    rest = client.orders.cancel_all(SYMBOL)
    now = client.exchange_now()
    history = client.orders.history(Instant(now - 8 * DAY_US), symbol=SYMBOL)

    assert listing.complete
    assert {one.order_id for one in placed} <= {row["orderId"] for row in listing.rows}
    assert isinstance(amended, Accepted)
    assert [row["qty"] for row in again.rows] == ["0.020"]
    assert isinstance(cancelled, Accepted)
    assert isinstance(too_late, Rejected)
    assert too_late.kind is ErrorKind.ORDER_GONE
    assert not isinstance(rest, Rejected)
    assert client.orders.open_orders(SYMBOL).rows == ()
    assert history.complete
    assert {one.wire_id for one in placed} <= {row["orderLinkId"] for row in history.rows}


def test_a_batch_tells_each_legs_own_end(client: RestClient, last: Decimal) -> None:
    low = last * Decimal("0.99")
    too_small = buy(low, qty="0.00001")

    first, second = client.orders.place_batch([buy(low), too_small])
    (cancelled,) = client.orders.cancel_batch([of(first)])

    assert isinstance(second, Rejected)
    assert isinstance(cancelled, Accepted)


def test_a_fill_shows_in_executions_positions_and_the_log(
    client: RestClient, admin: Admin, last: Decimal
) -> None:
    price = (last * Decimal("0.999")).quantize(Decimal("0.1"))
    ids = of(client.orders.place(buy(price)))

    admin("trade", symbol=SYMBOL, price=str(price - 5), qty="1", side="Sell")

    now = client.exchange_now()
    executions = client.orders.executions(Instant(now - HOUR_US), order_id=ids.order_id)
    positions = client.account.positions(SYMBOL)
    log = client.account.transaction_log(Instant(now - 8 * DAY_US))
    assert executions.complete
    assert sum(Decimal(str(row["execQty"])) for row in executions.rows) == Decimal("0.010")
    assert [row["positionIdx"] for row in positions.rows] == [1, 2]
    assert Decimal(str(positions.rows[0]["size"])) >= Decimal("0.010")
    assert any(row["type"] == "TRADE" for row in log.rows)


def test_a_create_whose_reply_was_lost_is_found_by_its_wire_id(
    client: RestClient, admin: Admin, last: Decimal
) -> None:
    """A06, L05: unknown, never refused; the second create of the same id proves the first."""
    order = buy(last * Decimal("0.98"))
    admin("fault", kind="reply_lost", target="/v5/order/create", count=1)

    lost = client.orders.place(order)
    found = client.orders.open_orders(SYMBOL, wire_id=order.wire_id)
    again = client.orders.place(order)

    assert isinstance(lost, OutcomeUnknown)
    assert [row["orderLinkId"] for row in found.rows] == [order.wire_id]
    assert isinstance(again, Rejected)
    assert again.kind is ErrorKind.DUPLICATE_ID
    client.orders.cancel_all(SYMBOL)


@pytest.mark.parametrize(
    ("kind", "amount", "ending"),
    [
        ("ret_code_after", 10000, OutcomeUnknown),
        ("ret_code_after", 10016, OutcomeUnknown),
        ("http_status", 502, OutcomeUnknown),
        ("http_status", 429, RateLimited),
        ("connection_reset", 0, OutcomeUnknown),
        ("ret_code", 110007, Rejected),
        ("ret_code", 10003, AuthenticationRefused),
    ],
)
def test_every_trouble_of_a_create_has_its_ending(
    client: RestClient,
    admin: Admin,
    last: Decimal,
    kind: str,
    amount: int,
    ending: type[object],
) -> None:
    admin("fault", kind=kind, amount=amount, target="/v5/order/create", count=1)

    found = client.orders.place(buy(last * Decimal("0.97")))

    assert isinstance(found, ending)
    client.orders.cancel_all(SYMBOL)


def test_a_read_in_maintenance_is_unanswered(client: RestClient, admin: Admin) -> None:
    admin("fault", kind="http_status", amount=503, target="/v5/position/list", count=1)

    listing = client.account.positions(SYMBOL)

    assert not listing.complete
    assert isinstance(listing.failure, Unanswered)


def test_a_server_whose_clock_is_off_is_followed_after_one_refusal(
    client: RestClient, admin: Admin
) -> None:
    """A30: 10002, the clock measured, the request repeated."""
    before = client.clock.ahead_us
    fault = admin("fault", kind="clock_skewed", amount=3_600_000)

    found = client.account.wallet()

    assert isinstance(found, Answer)
    assert abs(client.clock.ahead_us - before - HOUR_US) < 60_000_000
    admin(f"fault/{fault['number']}", method="DELETE")


def test_keys_that_may_not_are_told_apart(open_client: Callable[..., RestClient]) -> None:
    expired = open_client("demo-key-2-expired", "demo-secret-2").account.wallet()
    forged = open_client("demo-key-1", "another-secret").account.wallet()
    unknown = open_client("nobody", "x").account.wallet()
    reading = open_client("demo-key-2-readonly", "demo-secret-2")

    codes = [one.code for one in (expired, forged, unknown) if hasattr(one, "code")]
    assert codes == [33004, 10004, 10003]
    assert isinstance(reading.account.wallet(), Answer)
    refused = reading.orders.place(buy(Decimal(1000)))
    assert isinstance(refused, AuthenticationRefused)
    assert refused.code == 10005


def test_leverage_that_is_set_already_counts_as_set(client: RestClient) -> None:
    assert isinstance(client.account.set_leverage(SYMBOL, "12", "12"), Settled)
    assert client.account.set_leverage(SYMBOL, "12", "12") == Settled(changed=False)
    assert client.account.switch_to_hedge_mode(SYMBOL) == Settled(changed=False)
