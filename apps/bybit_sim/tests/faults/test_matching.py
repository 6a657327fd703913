"""Globs on paths, topics and kinds of sockets."""

import pytest

from bybit_sim.faults.matching import matcher


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("*", "/v5/order/create"),
        ("*", ""),
        ("/v5/order/*", "/v5/order/create"),
        ("/v5/order/create*", "/v5/order/create-batch"),
        ("order, execution*", "execution.fast"),
        ("order,execution*", "order"),
        ("tickers.BTCUSDT", "tickers.BTCUSDT"),
    ],
)
def test_a_target_matches_what_one_of_its_globs_matches(target: str, text: str) -> None:
    assert matcher(target)(text)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/v5/order/*", "/v5/position/list"),
        ("order", "orderbook.50.BTCUSDT"),
        ("order,wallet", "position"),
        ("tickers.BTCUSDT", "tickersxBTCUSDT"),
        ("Private", "private"),
    ],
)
def test_a_target_does_not_match_anything_else(target: str, text: str) -> None:
    assert not matcher(target)(text)
