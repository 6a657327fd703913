"""Severity at the last price, emergencies that end by a deadline, multipliers when sizing."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.config import RiskConfig, SafetyConfig
from gridcore.events import NO_LIQUIDATION, Liquidation, PositionUpdate, WalletUpdate
from gridcore.instrument import Instrument, Price, Steps
from gridcore.position import NEUTRAL, LegRisk, RiskRules, RiskSeverity
from gridcore.saved import Saved
from gridcore.session.mirror import MirroredPair, MirroredWallet
from gridcore.session.risk_watch import FOREVER, RiskWatch
from gridcore.sides import BUY, LONG, SELL, SHORT, DirectionType

Instruments = Callable[..., Instrument]
NONE, MODERATE, EMERGENCY = RiskSeverity
LIQUIDATIONS = st.one_of(
    st.none(),
    st.just(NO_LIQUIDATION),
    st.decimals(min_value=0, max_value=3000, places=2),
)


class Watched:
    """A watch and what it looks at."""

    def __init__(self, instrument: Instrument, config: RiskConfig) -> None:
        self.instrument = instrument
        self.pair = MirroredPair()
        self.wallet = MirroredWallet()
        self.watch = RiskWatch(config, SafetyConfig(), instrument, self.pair, self.wallet)
        self.now = Instant(0)

    def hold(
        self,
        direction: DirectionType,
        steps: int,
        liquidation: Liquidation,
        mark: str | None = "1000",
    ) -> None:
        """Report a leg with an entry of 1000."""
        self.pair.legs[0 if direction is LONG else 1].take(
            PositionUpdate(
                symbol="BTCUSDT",
                at=Instant(1),
                direction=direction,
                size=Steps(steps),
                entry=Decimal(1000) if steps else None,
                liquidation=liquidation,
                mark=None if mark is None else Decimal(mark),
            ),
            self.instrument,
        )
        self.pair.version += 1

    def own(self, balance: str | Decimal, available: str | None = None) -> None:
        """Report the wallet."""
        self.wallet.take(
            WalletUpdate(
                at=Instant(1),
                balance=Decimal(balance),
                available=None if available is None else Decimal(available),
            )
        )


@pytest.fixture(scope="session")
def watched(make_instrument: Instruments) -> Callable[..., Watched]:
    """Builds a watch on ticks of 0.1."""

    def make(**config: object) -> Watched:
        return Watched(make_instrument(), RiskConfig(**config))  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize(
    ("direction", "liquidation", "severity"),
    [
        (SHORT, "1050", EMERGENCY),  # 5 % above the market
        (SHORT, "1170", MODERATE),
        (SHORT, "3000", NONE),  # 300 % of the market
        (LONG, "950", EMERGENCY),
        (LONG, "830", MODERATE),
        (LONG, "300", NONE),
    ],
)
def test_danger_is_a_liquidation_price_close_to_the_market_ls_01(
    watched: Callable[..., Watched],
    direction: DirectionType,
    liquidation: str,
    severity: RiskSeverity,
) -> None:
    one = watched()
    one.hold(direction, 10, Decimal(liquidation))

    one.watch.observe(10_000, Instant(0))

    assert one.watch.severity[0 if direction is LONG else 1] is severity


@given(
    st.integers(0, 50),
    st.integers(0, 50),
    LIQUIDATIONS,
    LIQUIDATIONS,
    st.lists(
        st.one_of(st.integers(1, 30_000), st.fractions(1, 30_000, max_denominator=7)), min_size=1
    ),
    st.booleans(),
)
def test_severities_are_those_of_the_rules_at_every_price_and_hold_within_the_band(
    watched: Callable[..., Watched],
    long: int,
    short: int,
    long_liquidation: Liquidation,
    short_liquidation: Liquidation,
    prices: list[Price],
    enabled: bool,
) -> None:
    one = watched(enabled=enabled)
    rules = RiskRules(RiskConfig(enabled=enabled))
    one.hold(LONG, long, long_liquidation)
    one.hold(SHORT, short, short_liquidation)

    def expected(last: Price) -> tuple[RiskSeverity, RiskSeverity]:
        price = one.instrument.price(last)
        first, second = (
            rules.severity(
                direction,
                LegRisk(size=leg.qty, entry=leg.entry, liquidation=leg.liquidation),
                price,
            )
            for direction, leg in zip((LONG, SHORT), one.pair.legs, strict=True)
        )
        return first, second

    for last in prices:
        before = one.watch.severity
        changed = one.watch.observe(last, Instant(0))

        assert one.watch.severity == expected(last)
        assert changed is (one.watch.severity != before)
        band = one.watch.band()
        assert band is not None
        low, high = band
        lowest = max(1, int(last) - 50) if low is None else low + 1
        highest = int(last) + 50 if high is None else high - 1
        for inside in {lowest, highest, (lowest + highest) // 2}:
            if lowest <= inside <= highest:
                assert expected(inside) == one.watch.severity


def test_the_band_is_unknown_until_the_newest_legs_were_judged(
    watched: Callable[..., Watched],
) -> None:
    one = watched()
    one.watch.observe(10_000, Instant(0))
    assert one.watch.band() == (None, None)

    one.hold(LONG, 10, Decimal(100))

    assert one.watch.band() is None


def test_an_emergency_stands_while_it_lasts_and_ends_60_s_after_the_severity_fell(
    watched: Callable[..., Watched],
) -> None:
    one = watched()
    one.hold(LONG, 10, Decimal(950))
    one.watch.observe(10_000, Instant(0))
    assert one.watch.emergencies == [FOREVER, None]
    assert one.watch.next_deadline() is None
    assert not one.watch.expire(Instant(10**15))

    one.watch.observe(20_000, Instant(5 * SECOND_US))
    assert one.watch.severity[0] is NONE
    assert one.watch.next_deadline() == 65 * SECOND_US

    assert not one.watch.expire(Instant(65 * SECOND_US - 1))
    assert one.watch.expire(Instant(65 * SECOND_US))
    assert one.watch.emergencies == [None, None]


def test_an_emergency_that_comes_back_within_60_s_starts_its_60_s_anew(
    watched: Callable[..., Watched],
) -> None:
    one = watched()
    one.hold(SHORT, 10, Decimal(1050))
    one.watch.observe(10_000, Instant(0))
    one.watch.observe(5000, Instant(5 * SECOND_US))

    one.watch.observe(10_000, Instant(30 * SECOND_US))
    assert one.watch.next_deadline() is None
    one.watch.observe(5000, Instant(40 * SECOND_US))

    assert one.watch.next_deadline() == 100 * SECOND_US


def test_a_leg_that_went_flat_is_in_no_emergency(watched: Callable[..., Watched]) -> None:
    one = watched()
    one.hold(LONG, 10, Decimal(950))
    one.watch.observe(10_000, Instant(0))

    one.hold(LONG, 0, NO_LIQUIDATION)
    one.watch.observe(10_000, Instant(SECOND_US))

    assert one.watch.severity == (NONE, NONE)
    assert one.watch.next_deadline() == 61 * SECOND_US


def test_without_positions_and_with_rules_switched_off_multipliers_are_neutral(
    watched: Callable[..., Watched],
) -> None:
    idle, off = watched(), watched(enabled=False)
    idle.own("1000")
    off.own("1000")
    off.hold(LONG, 100, Decimal(950))
    off.hold(SHORT, 10, NO_LIQUIDATION)
    for one in (idle, off):
        one.watch.observe(10_000, Instant(0))

    assert idle.watch.verdict(10_000, None) == NEUTRAL
    assert off.watch.verdict(10_000, None) == NEUTRAL


def test_a_long_in_emergency_closes_more_and_is_never_throttled(
    watched: Callable[..., Watched],
) -> None:
    one = watched()
    one.own("1000")
    one.hold(LONG, 10, Decimal(950))
    one.watch.observe(10_000, Instant(0))

    verdict = one.watch.verdict(10_000, Decimal(1000))

    assert verdict.severity(LONG) is EMERGENCY
    assert verdict.multiplier(LONG, SELL) >= 1
    assert verdict.multiplier(LONG, BUY) <= 1


def test_the_multipliers_follow_the_wallet_even_at_the_same_price(
    watched: Callable[..., Watched],
) -> None:
    """The margins are shares of the wallet."""
    one = watched()
    one.hold(LONG, 10, NO_LIQUIDATION)
    one.hold(SHORT, 10, NO_LIQUIDATION)
    one.own("100000")
    one.watch.observe(10_000, Instant(0))
    mark = Decimal(1000)
    small = one.watch.verdict(10_000, mark)

    one.own("100")
    large = one.watch.verdict(10_000, mark)

    other = watched()
    other.hold(LONG, 10, NO_LIQUIDATION)
    other.hold(SHORT, 10, NO_LIQUIDATION)
    other.own("100")
    other.watch.observe(10_000, Instant(0))
    assert large == other.watch.verdict(10_000, mark)
    assert small != large


def test_a_low_balance_takes_effect_at_the_same_price(watched: Callable[..., Watched]) -> None:
    def verdicts(*availables: str) -> list[object]:
        one = watched()
        one.hold(LONG, 100, NO_LIQUIDATION)
        one.hold(SHORT, 10, Decimal(1170))
        balance, mark, found = Decimal(3000), Decimal(1000), list[object]()
        for available in availables:
            one.own(balance, available)
            one.watch.observe(10_000, Instant(0))
            found.append(one.watch.verdict(10_000, mark))
        return found

    assert verdicts("3000", "1") == verdicts("3000") + verdicts("1")
    assert verdicts("3000") != verdicts("1")


@given(
    st.integers(0, 50),
    st.integers(0, 50),
    LIQUIDATIONS,
    LIQUIDATIONS,
    st.integers(1, 30_000),
    st.one_of(st.none(), st.integers(500, 2000)),
    st.integers(0, 5000),
)
def test_asking_twice_gives_the_same_verdict_as_asking_a_fresh_watch(
    watched: Callable[..., Watched],
    long: int,
    short: int,
    long_liquidation: Liquidation,
    short_liquidation: Liquidation,
    last: int,
    mark: int | None,
    wallet: int,
) -> None:
    used, fresh = watched(), watched()
    used.own("777", "1")
    used.hold(LONG, 1, Decimal(10))
    used.watch.observe(9000, Instant(0))
    used.watch.verdict(9000, None)
    for one in (used, fresh):
        one.own(str(wallet), str(wallet))
        one.hold(LONG, long, long_liquidation)
        one.hold(SHORT, short, short_liquidation)
        one.watch.observe(last, Instant(0))

    exact_mark = None if mark is None else Decimal(mark)
    verdict = used.watch.verdict(last, exact_mark)

    assert verdict == used.watch.verdict(last, exact_mark)
    assert verdict == fresh.watch.verdict(last, exact_mark)


@given(st.lists(st.tuples(st.integers(8000, 13_000), st.integers(0, 50)), max_size=10))
def test_restore_is_the_inverse_of_snapshot(
    watched: Callable[..., Watched], steps: list[tuple[int, int]]
) -> None:
    one, restored = watched(), watched()
    for each in (one, restored):
        each.hold(LONG, 10, Decimal(850))
        each.hold(SHORT, 10, Decimal(1200))
    now = 0
    for last, by in steps[:5]:
        now += by
        one.watch.observe(last, Instant(now * SECOND_US))
    restored.watch.observe(1, Instant(0))

    restored.watch.restore(Saved(json.loads(json.dumps(one.watch.snapshot()))))

    assert restored.watch.snapshot() == one.watch.snapshot()
    for last, by in steps[5:]:
        now += by
        at = Instant(now * SECOND_US)
        assert restored.watch.observe(last, at) is one.watch.observe(last, at)
        assert restored.watch.expire(at) is one.watch.expire(at)
        assert restored.watch.next_deadline() == one.watch.next_deadline()


def test_a_price_off_the_tick_is_judged_exactly(watched: Callable[..., Watched]) -> None:
    """84 / 0.84 is 100, which is 1000 ticks: an emergency strictly below it."""
    one = watched()
    one.hold(LONG, 10, Decimal(84))
    turn = Fraction(1000)

    one.watch.observe(turn - Fraction(1, 3), Instant(0))
    assert one.watch.severity[0] is EMERGENCY
    one.watch.observe(turn, Instant(0))

    assert one.watch.severity[0] is MODERATE


def test_the_multipliers_follow_the_mark_even_at_the_same_last_price(
    watched: Callable[..., Watched],
) -> None:
    """The margins are taken at the mark."""
    used, fresh = watched(), watched()
    for one in (used, fresh):
        one.hold(LONG, 10, NO_LIQUIDATION)
        one.hold(SHORT, 10, NO_LIQUIDATION)
        one.own("10000")
        one.watch.observe(10_000, Instant(0))

    before = used.watch.verdict(10_000, Decimal(1))
    after = used.watch.verdict(10_000, Decimal(100_000))

    assert after == fresh.watch.verdict(10_000, Decimal(100_000))
    assert after != before
