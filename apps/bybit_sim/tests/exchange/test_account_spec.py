"""An account's settings have the exchange's usual values."""

from collections.abc import Callable
from decimal import Decimal

from bybit_sim.exchange.account_spec import CROSS, AccountSpec
from simvenue import FillModel


def test_an_account_is_hedged_cross_without_latency_and_partial_fills_by_default(
    make_spec: Callable[..., AccountSpec],
) -> None:
    spec = make_spec()

    assert (spec.hedge_mode, spec.margin_mode, spec.fill_model) == (
        True,
        CROSS,
        FillModel.STRICT_CROSS,
    )
    assert (spec.latency_us, spec.partial_fills, spec.default_leverage) == (0, 0, Decimal(10))
