"""Requests on their way act in the order sent, when the latency is over."""

from collections.abc import Callable
from typing import Any

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.transit import Arriving, Transit
from bybit_sim.exchange.words import OrderRecord
from gridcore.clock import Instant


def test_a_request_arrives_after_the_latency_and_the_first_sent_comes_first(
    exchange: Exchange, account: Account, new_order: Callable[..., Any]
) -> None:
    orders = [account.create(new_order(), exchange.now) for _ in range(2)]
    transit = Transit(30)
    for number, order in enumerate(orders):
        assert isinstance(order, OrderRecord)
        transit.send(Arriving(order=order), Instant(100 + number))

    assert transit.next_due() == 130
    assert transit.arrive(Instant(129)) is None
    first, second = transit.arrive(Instant(131)), transit.arrive(Instant(131))
    assert first is not None
    assert second is not None
    assert [first.order, second.order] == orders
    assert transit.arrive(Instant(999)) is None
    assert transit.next_due() is None
