"""The certificate as a whole: every fill in one place, whatever the order of the rows."""

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.comparator.tests.told import Certify, MakeFill, Tables, Told, at
from comparator.certificate.certify import Certified, ClassCount, certify
from comparator.certificate.classes import FillClass
from comparator.certificate.evidence import Ending, FundingCharge, Lost
from comparator.fills import Fill, FillTable, Source
from comparator.matching import align
from gridcore.sides import LONG

MATCHED, QUEUE, UNEXPLAINED = FillClass.MATCHED, FillClass.QUEUE, FillClass.UNEXPLAINED
ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.sampled_from(["1", "2"])), max_size=12
)
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def recording(rng: Random) -> Told:
    told = Told(latencies=[rng.choice([0, 2_000_000])])
    for identity in "abc":
        told.place(identity, rng.randrange(20), rng.choice([None, 30]), Ending.CANCELLED)
    for _ in range(10):
        told.trade(rng.randrange(40), rng.choice(["99", "100", "101"]))
    told.lose(rng.choice(list(Lost)), 10, 20)
    return told


def fill(row: tuple[str, int, str], source: Source, make_fill: MakeFill) -> Fill:
    identity, seconds, qty = row
    fee = Decimal("0.02") * Decimal(qty)
    return make_fill(identity, seconds, qty=qty, fee=fee, source=source)


def judged(mine: FillTable, theirs: FillTable, told: Told) -> Certified:
    return certify(mine, theirs, align(mine, theirs), told)


def places(found: Certified) -> dict[FillClass, ClassCount]:
    return dict(found.counts)


@QUICK
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_every_fill_is_in_exactly_one_place(
    make_fill: MakeFill, mine: Any, theirs: Any, rng: Random
) -> None:
    live = FillTable.of((fill(row, Source.LIVE, make_fill) for row in mine), Source.LIVE)
    back = FillTable.of((fill(row, Source.BACKTEST, make_fill) for row in theirs), Source.BACKTEST)

    found = judged(live, back, recording(rng))

    for table, rows, ends in (
        (live, found.matched_live, [one.live for one in found.divergences]),
        (back, found.matched_backtest, [one.backtest for one in found.divergences]),
    ):
        placed = table.identities(rows)
        placed += [(one.client_order_id, one.occurrence) for one in ends if one is not None]
        everything = [(row.client_order_id, row.occurrence) for row in table.rows()]
        assert sorted(placed) == sorted(everything)
    assert sum(count.fills for count in found.counts.values()) == len(live) + len(back)


@QUICK
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(
    make_fill: MakeFill, mine: Any, theirs: Any, rng: Random
) -> None:
    told = recording(rng)

    def certified() -> Certified:
        live = [fill(row, Source.LIVE, make_fill) for row in mine]
        back = [fill(row, Source.BACKTEST, make_fill) for row in theirs]
        rng.shuffle(live)
        rng.shuffle(back)
        return judged(FillTable.of(live, Source.LIVE), FillTable.of(back, Source.BACKTEST), told)

    first, second = certified(), certified()

    assert first.divergences == second.divergences
    assert first.counts == second.counts


@QUICK
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_other_names_for_the_ids_change_nothing(
    make_fill: MakeFill, mine: Any, theirs: Any, rng: Random
) -> None:
    told = recording(rng)
    names = dict(zip("abc", ("zebra", "m", "0"), strict=True))
    renamed = replace(
        told, lives=[replace(one, client_order_id=names[one.client_order_id]) for one in told.lives]
    )

    def certified(with_names: dict[str, str], evidence: Told) -> Certified:
        rows = [
            [
                replace(fill(row, source, make_fill), client_order_id=with_names[row[0]])
                for row in side
            ]
            for side, source in ((mine, Source.LIVE), (theirs, Source.BACKTEST))
        ]
        tables = FillTable.of(rows[0], Source.LIVE), FillTable.of(rows[1], Source.BACKTEST)
        return judged(*tables, evidence)

    before = certified({name: name for name in "abc"}, told)
    after = certified(names, renamed)

    assert places(before) == places(after)


def test_equal_fills_are_matched(certified: Certify) -> None:
    found = certified([("a", 10), ("b", 20)], [("a", 10), ("b", 20)])

    assert found.divergences == ()
    assert found.counts[MATCHED] == ClassCount(
        pairs=2, live_notional=Decimal(400), backtest_notional=Decimal(400)
    )
    assert found.matched_notional_share == 1
    assert found.queue_latency_share == 0
    assert found.unexplained_count == 0


def test_nothing_has_no_share(certified: Certify) -> None:
    found = certified()

    assert found.matched_notional_share == 0
    assert found.queue_latency_share == 0


def test_matched_notional_is_of_the_larger_side(certified: Certify, make_fill: MakeFill) -> None:
    found = certified([("a", 10)], [("a", 10), make_fill("b", 20, qty="6")])

    assert found.matched_notional_share == Decimal("0.25")


def test_explained_pairs_count_with_what_both_have(
    certified: Certify, told: Told, make_fill: MakeFill
) -> None:
    told.place("a", 5, 20, Ending.CANCELLED, filled=Decimal("1.5"))

    found = certified([make_fill("a", 10, qty="1.5", fee=Decimal("0.03"))], [("a", 10)])

    assert found.matched_notional_share == Decimal("0.75")


def test_fills_outside_the_window_are_of_no_share(certified: Certify) -> None:
    found = certified([("a", 10), ("b", 4000)], [("a", 10)])

    assert found.matched_notional_share == 1
    assert found.counts[FillClass.OUTSIDE_WINDOW].live == 1


def test_queue_and_latency_count_both_fills_of_a_pair(certified: Certify, told: Told) -> None:
    told.latencies = [1_000_000]
    told.place("b", 15, 20, Ending.FILLED)
    told.trade(20, "100")

    found = certified([("a", 10), ("b", 20), ("c", 30)], [("a", 11), ("c", 30)])

    assert found.counts[FillClass.LATENCY].pairs == 1
    assert found.counts[QUEUE].live == 1
    assert found.queue_latency_share == Decimal(3) / 5


def test_payments_are_counted_with_their_class(certified: Certify, told: Told) -> None:
    right = FundingCharge(
        at=at(10),
        symbol="BTCUSDT",
        direction=LONG,
        qty=Decimal(1),
        price=Decimal(100),
        rate=Decimal("0.01"),
        amount=Decimal(-1),
    )
    told.funding = [right, replace(right, amount=Decimal(1))]

    found = certified([("a", 10)], [("a", 10)])

    assert found.counts[FillClass.FUNDING].charges == 1
    assert found.counts[UNEXPLAINED].charges == 1
    assert found.unexplained_count == 1


def test_divergences_come_by_time(certified: Certify) -> None:
    found = certified([("b", 30), ("a", 20)], [("c", 10)])

    assert [(one.live or one.backtest).client_order_id for one in found.divergences] == [  # type: ignore[union-attr]
        "c",
        "a",
        "b",
    ]


@pytest.mark.parametrize(("count", "rest"), [(5, 0), (7, 2)])
def test_more_divergences_than_are_looked_at_are_unexplained(
    live: Tables, backtest: Tables, told: Told, count: int, rest: int
) -> None:
    told.lose(Lost.MARKET, 0, 3600)
    mine, theirs = live(*(("a", n) for n in range(count))), backtest()

    found = certify(mine, theirs, align(mine, theirs), told, cases_max=5)

    assert len(found.divergences) == 5
    assert found.unexamined == rest
    assert found.counts[FillClass.DATA_GAP].live == 5
    assert found.counts[UNEXPLAINED].live == found.unexplained_count == rest
