"""What a market remembers of its rows: last, mark, quotes and rate (LS-29, LS-60)."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from gridcore.clock import Instant
from gridcore.instrument import Instrument
from simvenue.market import Market
from simvenue.messages import SymbolSpec, VenueConfig

Specs = Callable[..., SymbolSpec]
Configs = Callable[..., VenueConfig]


def test_nothing_is_known_before_the_first_row(make_spec: Specs, make_config: Configs) -> None:
    market = Market(make_spec(), make_config(), Instant(0))

    assert market.last_price() is None
    assert market.mark() is None


def test_the_mark_is_the_last_price_until_a_ticker_brings_one(
    make_spec: Specs, make_config: Configs
) -> None:
    market = Market(make_spec(), make_config(), Instant(0))
    market.last = 500_000
    followed = market.mark()
    market.see(500_001, Decimal("50010.05"), None, None, None)
    market.last = 600_000

    assert followed == Decimal(50_000)
    assert market.mark() == Decimal("50010.05")
    assert market.last_price() == Decimal(60_000)


def test_a_ticker_s_last_price_counts_only_where_no_trades_are_on_the_tape(
    make_spec: Specs, make_config: Configs
) -> None:
    with_trades = Market(make_spec(), make_config(), Instant(0))
    without = Market(make_spec(has_trades=False), make_config(), Instant(0))
    for market in (with_trades, without):
        market.see(100, None, None, None, None)
        market.see(200, None, None, None, None)

    assert (with_trades.last, without.last) == (None, 200)


def test_an_absent_or_zero_quote_is_gone_and_an_absent_mark_or_rate_stays(
    make_spec: Specs, make_config: Configs
) -> None:
    market = Market(make_spec(), make_config(), Instant(0))
    market.see(100, Decimal(10), 99, 101, Decimal("0.0001"))
    market.see(100, None, 0, None, None)

    assert (market.bid, market.ask) == (None, None)
    assert (market.mark(), market.funding_rate) == (Decimal(10), Decimal("0.0001"))


def test_a_last_price_off_the_tick_has_its_exact_value(
    make_spec: Specs, make_config: Configs
) -> None:
    market = Market(make_spec(), make_config(), Instant(0))
    market.last = Fraction(1001, 2)

    assert market.last_price() == Decimal("50.05")


def test_the_smallest_value_is_rounded_up_to_whole_ticks_times_steps(
    make_spec: Specs, make_config: Configs
) -> None:
    instrument = Instrument(
        symbol="X",
        tick_size=Decimal("0.3"),
        qty_step=Decimal(1),
        min_qty=Decimal(1),
        max_qty=Decimal(10),
        min_notional=Decimal(1),
    )

    market = Market(make_spec(instrument=instrument), make_config(), Instant(0))

    assert market.min_value == 4
