"""Options become a request; what no number is is refused with what was expected."""

from argparse import Namespace
from decimal import Decimal
from pathlib import Path

import pytest

from appkit.arguments import CommandParser
from appkit.dates import Window
from appkit.exits import UsageError, UserError
from comparator.certificate.bounds import Allowances
from comparator.commands.options import add_judging_options, add_source_options, request_of
from comparator.config import Request
from comparator.quality.findings import QualityLimits
from comparator.verdict import Thresholds
from gridcore.clock import SECOND_US, Instant
from simvenue.messages import FillModel

ANY = Window(start=None, end=None)


def parsed(*words: str) -> Namespace:
    parser = CommandParser(prog="comparator")
    add_source_options(parser)
    add_judging_options(parser)
    return parser.parse_args(words)


def test_without_options_it_is_the_request_of_the_defaults() -> None:
    assert request_of(parsed(), ANY) == Request(database_url=None)


def test_every_option_reaches_the_request() -> None:
    words = (
        "--database-url loop.db --run-id r1 --symbol BTCUSDT --tapes kept --fill-model queue "
        "--latency-ms 80 --queue-ahead-factor 2.5 --partial-fills 300 --maker-fee -0.0001 "
        "--matched-notional-min 0.9 --queue-latency-max 0.1 --exposure-orders-max 2 "
        "--profit-tolerance 1 --equity-tolerance 5 --price-tolerance 0.1 --qty-tolerance 0.002 "
        "--time-tolerance-ms 250 --quality-min 0.8 --stale-s 60"
    )

    found = request_of(parsed(*words.split(), "--partial-fills-seed", "7 100001"), ANY)

    assert (found.database_url, found.run_id, found.symbol) == ("loop.db", "r1", "BTCUSDT")
    assert found.tapes == Path("kept")
    exchange = found.exchange
    assert exchange.fill_model is FillModel.QUEUE
    assert (exchange.place_latency_us, exchange.cancel_latency_us) == (80_000, 80_000)
    assert exchange.queue_ahead_factor == found.allowances.queue_ahead_factor == Decimal("2.5")
    assert (exchange.partial_fills, exchange.partial_fills_seed) == (300, "7 100001")
    assert exchange.maker_fee == Decimal("-0.0001")
    assert found.thresholds == Thresholds(
        matched_notional_min=Decimal("0.9"),
        queue_latency_max=Decimal("0.1"),
        exposure_orders_max=Decimal(2),
        profit_tolerance=Decimal(1),
        equity_tolerance=Decimal(5),
    )
    assert (found.tolerances.price, found.tolerances.qty) == (Decimal("0.1"), Decimal("0.002"))
    assert found.allowances == Allowances(time_us=250_000, queue_ahead_factor=Decimal("2.5"))
    assert found.limits == QualityLimits(stale_us=60 * SECOND_US, score_min=Decimal("0.8"))


def test_the_window_is_that_of_start_and_end() -> None:
    arguments = parsed()
    arguments.start, arguments.end = "1970-01-01 00:00:01", "1970-01-01 00:00:02"

    assert request_of(arguments).window == Window(start=Instant(1_000_000), end=Instant(2_000_000))
    arguments.end = "1970-01-01 00:00:01"
    with pytest.raises(UserError, match="not after the start"):
        request_of(arguments)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--matched-notional-min", "1.01", "a share from 0 to 1"),
        ("--quality-min", "-0.1", "a share from 0 to 1"),
        ("--profit-tolerance", "-1", "a number of 0 or more"),
        ("--profit-tolerance", "nan", "a number of 0 or more"),
        ("--maker-fee", "cheap", "a number"),
        ("--latency-ms", "1.5", "a whole number of 0 or more"),
        ("--partial-fills", "1001", "a whole number from 0 to 1000"),
        ("--fill-model", "magic", "invalid choice"),
    ],
)
def test_what_does_not_fit_is_refused(option: str, value: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        parsed(f"{option}={value}")
