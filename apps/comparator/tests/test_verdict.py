"""PASS, FAIL and SKIP, each with its reasons (V-12, V-13)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.comparator.tests.told import Certify, MakeFill, Tables, Told
from comparator.certificate.certify import Certified, certify
from comparator.certificate.evidence import Ending, Lost
from comparator.equity import Basis, EquityDivergence
from comparator.fills import FillTable
from comparator.matching import align
from comparator.verdict import Outcome, Thresholds, Verdict, combined, judge, net_exposure, worst
from gridcore.config import ConfigError
from gridcore.sides import SELL

PASS, SKIP, FAIL = Outcome.PASS, Outcome.SKIP, Outcome.FAIL
Judge = Callable[..., Verdict]


@pytest.fixture
def told() -> Told:
    """A recording of an hour in which nothing happened yet."""
    return Told()


@pytest.fixture
def certified(live: Tables, backtest: Tables, told: Told) -> Certify:
    """Certify hand-made fills."""

    def make(mine: Any = (), theirs: Any = ()) -> Certified:
        tables = live(*mine), backtest(*theirs)
        return certify(*tables, align(*tables), told)

    return make


def found(verdict: Verdict, check: str) -> list[tuple[Outcome, str]]:
    return [(one.outcome, one.text) for one in verdict.reasons if one.check == check]


def test_equal_fills_pass_with_every_check_told(certified: Certify) -> None:
    verdict = judge(certified([("a", 10)], [("a", 10)]), Thresholds())

    assert verdict.outcome is PASS
    assert verdict.against() == ()
    assert [one.check for one in verdict.reasons] == [
        "unexplained",
        "matched notional",
        "queue and latency",
        "exposure",
        "profit",
    ]
    assert found(verdict, "matched notional") == [
        (PASS, "100.00 % of the notional is matched, at least 95.00 % asked")
    ]


def test_one_unexplained_fill_fails(certified: Certify) -> None:
    equal = [(str(n), n) for n in range(100)]

    verdict = judge(certified([*equal, ("x", 500)], equal), Thresholds())

    assert verdict.outcome is FAIL
    assert [one.check for one in verdict.against()] == ["unexplained", "profit"]
    assert found(verdict, "unexplained") == [
        (
            FAIL,
            "1 unexplained, the first: x on BTCUSDT: a live fill alone that no class explains",
        )
    ]


@pytest.mark.parametrize(("matched", "outcome"), [(19, PASS), (18, FAIL)])
def test_95_percent_of_the_notional_must_be_matched(
    certified: Certify, told: Told, matched: int, outcome: Outcome
) -> None:
    told.lose(Lost.MARKET, 500, 600)
    equal = [(str(n), n) for n in range(matched)]

    verdict = judge(certified([*equal, ("x", 550)], equal), Thresholds())

    assert [one for one, _ in found(verdict, "matched notional")] == [outcome]


def test_what_is_asked_can_be_configured(certified: Certify, told: Told) -> None:
    told.lose(Lost.MARKET, 500, 600)
    compared = certified([("a", 1), ("x", 550)], [("a", 1)])

    lenient = Thresholds(matched_notional_min=Decimal("0.5"), profit_tolerance=Decimal(1))

    assert judge(compared, Thresholds()).outcome is FAIL
    assert judge(compared, lenient).outcome is PASS


@pytest.mark.parametrize(("late", "outcome"), [(5, PASS), (6, FAIL)])
def test_at_most_5_percent_may_be_queue_and_latency(
    certified: Certify, told: Told, late: int, outcome: Outcome
) -> None:
    told.latencies = [1_000_000]
    mine = [(str(n), n) for n in range(100)]
    theirs = [(str(n), n + (0.5 if n < late else 0)) for n in range(100)]

    verdict = judge(certified(mine, theirs), Thresholds())

    assert [one for one, _ in found(verdict, "queue and latency")] == [outcome]
    assert verdict.outcome is outcome


@pytest.mark.parametrize(("orders", "outcome"), [(1, PASS), (2, FAIL)])
def test_the_net_exposure_may_differ_by_one_order(
    certified: Certify, told: Told, orders: int, outcome: Outcome
) -> None:
    told.lose(Lost.MARKET, 500, 600)
    more = [(f"x{n}", 550) for n in range(orders)]

    verdict = judge(certified([("a", 1), *more], [("a", 1)]), Thresholds())

    assert [one for one, _ in found(verdict, "exposure")] == [outcome]


def test_every_symbol_has_its_own_exposure(
    certified: Certify, told: Told, make_fill: MakeFill
) -> None:
    told.lose(Lost.MARKET, 0, 3600)
    eth = [make_fill(f"e{n}", 5, symbol="ETHUSDT") for n in range(2)]

    verdict = judge(certified([("a", 1), *eth], [("a", 1)]), Thresholds())

    assert [one for one, _ in found(verdict, "exposure")] == [PASS, FAIL]


def test_exposure_is_bought_less_sold(live: Tables, make_fill: MakeFill) -> None:
    fills: FillTable = live(("a", 1), ("b", 1), make_fill("c", 1, side=SELL, qty="0.5"))

    assert net_exposure(fills) == Decimal("3.5")


@pytest.mark.parametrize(("realised", "outcome"), [("0.01", PASS), ("-0.011", FAIL)])
def test_the_profit_may_differ_by_a_cent(
    certified: Certify, make_fill: MakeFill, realised: str, outcome: Outcome
) -> None:
    theirs = make_fill("a", 10, realised=Decimal(realised))

    verdict = judge(certified([("a", 10)], [theirs]), Thresholds())

    assert verdict.outcome is outcome
    assert [one for one, _ in found(verdict, "profit")] == [outcome]


def equity(maximum: str, buckets: int = 3) -> EquityDivergence:
    return EquityDivergence(
        basis=Basis.EQUITY,
        buckets=buckets,
        maximum=Decimal(maximum),
        mean=Decimal(0),
        correlation=1.0,
    )


@pytest.mark.parametrize(
    ("given", "outcome"),
    [(equity("1"), PASS), (equity("1.1"), FAIL), (None, SKIP), (equity("0", 0), SKIP)],
)
def test_equity_is_judged_when_asked(
    certified: Certify, given: EquityDivergence | None, outcome: Outcome
) -> None:
    compared = certified([("a", 10)], [("a", 10)])
    asked = Thresholds(equity_tolerance=Decimal(1))

    assert judge(compared, asked, equity=given).outcome is outcome
    assert judge(compared, Thresholds(), equity=given).outcome is PASS


# -- no data, doubtful data --------------------------------------------------------------------


def test_nothing_at_all_is_a_skip(certified: Certify) -> None:
    """V-13: a zero-data window must never be a PASS."""
    verdict = judge(certified(), Thresholds())

    assert verdict.outcome is SKIP
    assert found(verdict, "fills") == [(SKIP, "no live fill was recorded; the backtest has 0")]


def test_no_comparison_is_a_skip() -> None:
    assert judge(None, Thresholds()).outcome is SKIP


def test_explained_backtest_fills_without_a_live_one_are_a_skip(
    certified: Certify, told: Told
) -> None:
    told.lose(Lost.ACCOUNT, 0, 3600)

    assert judge(certified([], [("a", 10)]), Thresholds()).outcome is SKIP


def test_unexplained_backtest_fills_without_a_live_one_fail(certified: Certify) -> None:
    assert judge(certified([], [("a", 10)]), Thresholds()).outcome is FAIL


def test_doubtful_data_is_never_a_pass(certified: Certify) -> None:
    verdict = judge(
        certified([("a", 10)], [("a", 10)]), Thresholds(), doubts=["the tickers are stale"]
    )

    assert verdict.outcome is SKIP
    assert [one.text for one in verdict.against()] == ["the tickers are stale"]


def test_a_fail_beats_a_skip_and_is_told_first(certified: Certify) -> None:
    verdict = judge(
        certified([("a", 10)], [("a", 10)]), Thresholds(), doubts=["stale"], breaches=["tampered"]
    )

    assert verdict.outcome is FAIL
    assert [one.text for one in verdict.against()] == ["tampered", "stale"]
    assert judge(None, Thresholds(), breaches=["tampered"]).outcome is FAIL


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([PASS, SKIP, FAIL], FAIL),
        ([PASS, SKIP, PASS], SKIP),
        ([PASS, PASS], PASS),
        ([], SKIP),
    ],
)
def test_the_worst_outcome_counts(outcomes: list[Outcome], expected: Outcome) -> None:
    assert worst(outcomes) is expected


def test_verdicts_combine_with_all_their_reasons(certified: Certify) -> None:
    passing = judge(certified([("a", 10)], [("a", 10)]), Thresholds())
    skipped = judge(None, Thresholds(), doubts=["stale"])

    both = combined([passing, skipped])

    assert both.outcome is SKIP
    assert len(both.reasons) == len(passing.reasons) + 1


def test_each_outcome_has_its_exit_code() -> None:
    assert [int(one.exit_code) for one in (PASS, FAIL, SKIP)] == [0, 3, 4]


@pytest.mark.parametrize(
    "wrong",
    [
        {"matched_notional_min": Decimal("1.1")},
        {"queue_latency_max": Decimal(-1)},
        {"queue_latency_max": Decimal("NaN")},
        {"exposure_orders_max": Decimal("NaN")},
        {"profit_tolerance": Decimal("Infinity")},
        {"equity_tolerance": Decimal(-1)},
    ],
)
def test_thresholds_that_mean_nothing_are_refused(wrong: dict[str, Decimal]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Thresholds(**wrong)


def test_a_fill_that_the_queue_explains_does_not_fail_alone(certified: Certify, told: Told) -> None:
    told.place("q", 200, 210, Ending.FILLED)
    told.trade(205, "100")
    equal = [(str(n), n) for n in range(100)]

    lenient = Thresholds(profit_tolerance=Decimal("0.04"))

    assert judge(certified([*equal, ("q", 210)], equal), lenient).outcome is PASS
