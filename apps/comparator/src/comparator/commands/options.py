"""The options that `run` and `watch` share, and the request that they make."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from appkit.dates import Window, parse_window
from appkit.decimals import parse_decimal
from comparator.certificate.bounds import Allowances
from comparator.config import PARTS, ExchangeOptions, Request
from comparator.metrics import Tolerances
from comparator.quality.findings import QualityLimits
from comparator.verdict import Thresholds
from gridcore.clock import SECOND_US
from simvenue.messages import FillModel

MILLISECOND_US = 1_000
_EXCHANGE, _TOLERANCES = ExchangeOptions(), Tolerances()
_THRESHOLDS, _LIMITS = Thresholds(), QualityLimits()


def add_source_options(parser: ArgumentParser) -> None:
    """What is compared: the recording, and the exchange of a backtest that is made now."""
    parser.add_argument(
        "--database-url",
        metavar="URL",
        help="address or SQLite file of the recording; else GRIDBOT_DATABASE_URL; only read",
    )
    parser.add_argument("--run-id", metavar="ID", help="live or recording run; else the latest one")
    parser.add_argument("--symbol", help="compare only the strategy of this symbol")
    parser.add_argument(
        "--tapes",
        type=Path,
        metavar="DIR",
        help="keep the recorded markets here as tapes; the next comparison only adds to them",
    )
    group = parser.add_argument_group("the exchange of a backtest that is made now")
    group.add_argument(
        "--fill-model",
        choices=[model.value for model in FillModel],
        default=_EXCHANGE.fill_model.value,
        help="what counts as evidence of a fill (%(default)s)",
    )
    group.add_argument(
        "--latency-ms",
        type=whole,
        default=0,
        metavar="MS",
        help="until an order or its cancel reaches the exchange (%(default)s)",
    )
    group.add_argument(
        "--queue-ahead-factor",
        type=number,
        default=_EXCHANGE.queue_ahead_factor,
        metavar="N",
        help="typical trades in front of an order, with --fill-model queue (%(default)s)",
    )
    group.add_argument(
        "--partial-fills",
        type=thousandths,
        default=0,
        metavar="N",
        help="how many of a thousand fills are cut to a part (%(default)s)",
    )
    group.add_argument("--partial-fills-seed", default="", metavar="TEXT", help="drawn from this")
    group.add_argument(
        "--maker-fee",
        type=number,
        metavar="RATE",
        help="fraction of the value; else what makers' executions state",
    )


def add_judging_options(parser: ArgumentParser) -> None:
    """How much may differ, and what a recording may lack."""
    group = parser.add_argument_group("what a PASS needs")
    group.add_argument(
        "--matched-notional-min",
        type=share,
        default=_THRESHOLDS.matched_notional_min,
        metavar="SHARE",
        help="of the notional, from 0 to 1 (%(default)s)",
    )
    group.add_argument(
        "--queue-latency-max",
        type=share,
        default=_THRESHOLDS.queue_latency_max,
        metavar="SHARE",
        help="of all fills, from 0 to 1 (%(default)s)",
    )
    group.add_argument(
        "--exposure-orders-max",
        type=amount,
        default=_THRESHOLDS.exposure_orders_max,
        metavar="N",
        help="orders by which the net exposures may differ at the end (%(default)s)",
    )
    group.add_argument(
        "--profit-tolerance",
        type=amount,
        default=_THRESHOLDS.profit_tolerance,
        metavar="USDT",
        help="by which the profits after fees may differ (%(default)s)",
    )
    group.add_argument(
        "--equity-tolerance",
        type=amount,
        metavar="USDT",
        help="by which the equities may differ; without it they are not judged",
    )
    group.add_argument(
        "--price-tolerance",
        type=amount,
        default=_TOLERANCES.price,
        metavar="PRICE",
        help="above which the prices of a pair are counted as a breach (%(default)s)",
    )
    group.add_argument(
        "--qty-tolerance",
        type=amount,
        default=_TOLERANCES.qty,
        metavar="QTY",
        help="the same of quantities (%(default)s)",
    )
    group.add_argument(
        "--time-tolerance-ms",
        type=whole,
        default=Allowances().time_us // MILLISECOND_US,
        metavar="MS",
        help="up to which the times of a pair are the same (%(default)s)",
    )
    group.add_argument(
        "--quality-min",
        type=share,
        default=_LIMITS.score_min,
        metavar="SHARE",
        help="how much of a recording has to be sound, from 0 to 1 (%(default)s)",
    )
    group.add_argument(
        "--stale-s",
        type=whole,
        default=_LIMITS.stale_us // SECOND_US,
        metavar="S",
        help="a recording whose market ended so long before the window is stale (%(default)s)",
    )


def request_of(arguments: Namespace, window: Window | None = None) -> Request:
    """The request of a command line; `window` in place of --start and --end."""
    factor = arguments.queue_ahead_factor
    latency_us = arguments.latency_ms * MILLISECOND_US
    return Request(
        database_url=arguments.database_url,
        run_id=arguments.run_id,
        symbol=arguments.symbol,
        window=window or parse_window(arguments.start, arguments.end),
        exchange=ExchangeOptions(
            fill_model=FillModel(arguments.fill_model),
            queue_ahead_factor=factor,
            place_latency_us=latency_us,
            cancel_latency_us=latency_us,
            partial_fills=arguments.partial_fills,
            partial_fills_seed=arguments.partial_fills_seed,
            maker_fee=arguments.maker_fee,
        ),
        tapes=arguments.tapes,
        tolerances=Tolerances(price=arguments.price_tolerance, qty=arguments.qty_tolerance),
        allowances=Allowances(
            time_us=arguments.time_tolerance_ms * MILLISECOND_US, queue_ahead_factor=factor
        ),
        thresholds=Thresholds(
            matched_notional_min=arguments.matched_notional_min,
            queue_latency_max=arguments.queue_latency_max,
            exposure_orders_max=arguments.exposure_orders_max,
            profit_tolerance=arguments.profit_tolerance,
            equity_tolerance=arguments.equity_tolerance,
        ),
        limits=QualityLimits(
            stale_us=arguments.stale_s * SECOND_US, score_min=arguments.quality_min
        ),
    )


def _reader(
    expected: str, holds: Callable[[Decimal], bool] = lambda _: True
) -> Callable[[str], Decimal]:
    def read(text: str) -> Decimal:
        value = parse_decimal(text)
        if value is None or not holds(value):
            raise ArgumentTypeError(f"expected {expected}, found {text!r}")
        return value

    return read


number = _reader("a number")
amount = _reader("a number of 0 or more", lambda value: value >= 0)
share = _reader("a share from 0 to 1", lambda value: 0 <= value <= 1)
_WHOLE = _reader("a whole number of 0 or more", lambda v: v >= 0 and v == v.to_integral_value())
_THOUSANDTHS = _reader(
    f"a whole number from 0 to {PARTS}", lambda v: 0 <= v <= PARTS and v == v.to_integral_value()
)


def whole(text: str) -> int:
    """A whole number of 0 or more."""
    return int(_WHOLE(text))


def thousandths(text: str) -> int:
    """A whole number from 0 to 1000."""
    return int(_THOUSANDTHS(text))
