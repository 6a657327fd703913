"""A comparison with something of everything: pairs, the queue, a gap, an unexplained fill."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from apps.comparator.tests.told import MakeComparison, MakeFill, Tables, Told, at
from comparator.certificate.certify import certify
from comparator.certificate.evidence import Ending, FundingCharge, Lost
from comparator.certificate.record import Links, certificate_of
from comparator.equity import Basis, EquityCurve, resample
from comparator.matching import align
from comparator.metrics import Metrics, trade_metrics
from comparator.models import fit_of
from comparator.report.comparison import Comparison
from comparator.telemetry import PositionState, pair_positions
from comparator.verdict import Thresholds, judge
from gridcore.sides import LONG, SELL

LINKS = Links(
    configuration="c0ffee", code="comparator 0.1.0", tapes={"BTCUSDT": "7a9e"}, model={"fill": "x"}
)


def told_market() -> Told:
    """A queue at 20 s, a gap from 30 to 40 s, a payment."""
    told = Told(latencies=[0])
    told.place("b", 15, 20, Ending.FILLED)
    told.trade(20, "100")
    told.lose(Lost.MARKET, 30, 40)
    told.funding.append(
        FundingCharge(
            at=at(50),
            symbol="BTCUSDT",
            direction=LONG,
            qty=Decimal(2),
            price=Decimal(100),
            rate=Decimal("0.0001"),
            amount=Decimal("-0.02"),
        )
    )
    return told


@pytest.fixture
def compare(live: Tables, backtest: Tables, make_fill: MakeFill) -> MakeComparison:
    """Compare three pairs, or the fills of the arguments, with nothing but fills."""

    def make(mine: Any = None, theirs: Any = None, **others: Any) -> Comparison:
        sold = make_fill("d", 30, side=SELL, price="101", realised=Decimal("1.5"))
        both = [("a", 10), ("a", 60), sold]
        tables = (
            live(*(both if mine is None else mine)),
            backtest(*(both if theirs is None else theirs)),
        )
        matching = align(*tables)
        certified = certify(*tables, matching, told_market())
        verdict = judge(certified, Thresholds())
        fields: dict[str, Any] = {
            "title": "grid on BTCUSDT",
            "matching": matching,
            "metrics": Metrics(trades=trade_metrics(*tables, matching)),
            "certified": certified,
            "verdict": verdict,
            "record": certificate_of(certified, verdict, Thresholds(), LINKS),
        }
        return Comparison(**(fields | others))

    return make


@pytest.fixture
def comparison(compare: MakeComparison, live: Tables, backtest: Tables) -> Comparison:
    """Two pairs, one fill in the queue, one in a gap, one that nothing explains, all tables."""
    mine = [("a", 10), ("b", 20), ("c", 35), ("d", 50)]
    theirs = [("a", 10), ("d", 50), ("e", 55)]
    curves = [
        EquityCurve.of([(at(0), Decimal(1000)), (at(3600), Decimal(1000 + more))], Basis.EQUITY)
        for more in (5, 6)
    ]
    state = PositionState(
        direction=LONG,
        at=at(10),
        size=Decimal(2),
        entry_price=Decimal(100),
        liq_price=None,
        unrealised_pnl=Decimal(1),
        mark_price=Decimal("100.5"),
        position_im=Decimal(20),
        position_mm=Decimal(1),
        cum_realised_pnl=Decimal(0),
        cur_realised_pnl=Decimal(0),
        position_value=Decimal(201),
    )
    times = np.arange(0, 3600, 10, dtype=np.int64) * 1_000_000
    fills = live(*mine), backtest(*theirs)
    return compare(
        mine,
        theirs,
        prices={"BTCUSDT": (times, 100 + np.sin(times / 3e8))},
        equity=resample(curves[0], curves[1]),
        live_equity=curves[0],
        backtest_equity=curves[1],
        positions=pair_positions([state], [state]),
        models=[fit_of("strict_cross", *fills, align(*fills))],
    )
