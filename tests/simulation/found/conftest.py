"""What the scenarios share that the campaign found: one small account, an explicit market, faults.

Every scenario is played under every law, and told event by event to a listener of its own.
"""

from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple, TypeVar

import pytest

from gridcore.clock import SECOND_US, Instant
from gridcore.config import GridConfig, RiskConfig, SafetyConfig, SizingConfig
from gridcore.events import Event, Ticker
from gridcore.instrument import Instrument, Ticks
from gridcore.session.effects import (
    Approved,
    AskSnapshot,
    CancelOrder,
    Effects,
    LedgerEntry,
    PlaceOrder,
)
from gridcore.session.modes import ModeCause
from gridcore.session.setup import StrategySetup
from gridcore.tiers import RiskTier, RiskTiers
from simvenue.campaign.checkers import all_checkers
from simvenue.campaign.words import Fault, FaultKind, Scenario
from simvenue.campaign.world import World
from simvenue.messages import FillModel, SymbolSpec, VenueConfig

BTC = "BTCUSDT"
START = Instant(1_767_229_200 * SECOND_US)  # 2026-01-01 01:00 UTC
CALM_EVERY_US = 10 * SECOND_US
TIERS = RiskTiers(
    (
        RiskTier(
            max_value=None,
            maintenance_rate=Decimal("0.01"),
            deduction=Decimal(0),
            initial_rate=Decimal("0.02"),
        ),
    )
)


Sent = TypeVar("Sent", PlaceOrder, CancelOrder, AskSnapshot)


class Moment(NamedTuple):
    """One event of the session, what it caused, and the causes of the modes that stood then."""

    now: Instant
    event: Event
    effects: Effects
    causes: frozenset[ModeCause]


class Found:
    """One account on one symbol: orders of 0.1 coins, 1 % apart, around the first price.

    A story adds prices and faults, both by the second, and plays. An order fills when the last
    price reaches it. What the session did is kept in `moments`.
    """

    def __init__(self) -> None:
        self.safety = SafetyConfig()
        self.balance = Decimal(10_000)
        self.seed = 1
        self.grid_count = 4
        self.calm_s = 400
        self.funding_rate: Decimal | None = None
        self.funding_every_s = 28_800
        self.moments: list[Moment] = []
        self._prices: list[tuple[Instant, int]] = []
        self._faults: list[Fault] = []

    # -- the telling -----------------------------------------------------------------------

    def market(self, first_s: int, last_s: int, *prices: int) -> None:
        """A ticker every second from `first_s` up to and without `last_s`, prices in turn."""
        for number, second in enumerate(range(first_s, last_s)):
            self._prices.append((self.at(second), prices[number % len(prices)]))

    def tick(self, second: Decimal | int | str, price: int) -> None:
        """One more ticker."""
        self._prices.append((self.at(second), price))

    def fault(
        self,
        kind: FaultKind,
        first_s: Decimal | int | str,
        last_s: Decimal | int | str | None = None,
        *,
        number: int = 0,
        detail: str = "",
        chance: int = 1000,
    ) -> None:
        """Every message from `first_s` up to and without `last_s` is hit, or once at `first_s`.

        `chance`: so many of 1000, when not every one.
        """
        at = self.at(first_s)
        until = at if last_s is None else self.at(last_s)
        self._faults.append(
            Fault(
                kind=kind,
                at=at,
                until=until,
                chance=chance,
                number=number,
                symbol=None,
                detail=detail,
            )
        )

    def at(self, second: Decimal | int | str) -> Instant:
        """The instant so many seconds after the start."""
        return Instant(START + int(Decimal(second) * SECOND_US))

    def play(self) -> World:
        """Play what was told and a calm after it, under every law."""
        world = World(self._scenario(), [self, *all_checkers()])
        world.play()
        return world

    def _scenario(self) -> Scenario:
        instrument = Instrument(
            symbol=BTC,
            tick_size=Decimal("0.1"),
            qty_step=Decimal("0.01"),
            min_qty=Decimal("0.01"),
            max_qty=Decimal(1000),
            min_notional=Decimal(5),
        )
        setup = StrategySetup(
            strat_id="grid",
            instrument=instrument,
            tiers=TIERS,
            taker_fee=Decimal("0.0006"),
            grid=GridConfig(grid_count=self.grid_count, grid_step=Decimal(1)),
            risk=RiskConfig(),
            sizing=SizingConfig(amount="b0.1"),
            safety=self.safety,
        )
        spec = SymbolSpec(
            instrument=instrument,
            tiers=TIERS,
            leverage=setup.sizing.leverage,
            funding_interval_us=self.funding_every_s * SECOND_US,
            funding_rate=self.funding_rate,
            has_trades=False,
        )
        venue = VenueConfig(
            initial_balance=self.balance,
            maker_fee=Decimal("0.0002"),
            taker_fee=Decimal("0.0006"),
            fill_model=FillModel.TOUCH,
            funding_enabled=self.funding_rate is not None,
        )
        rows = sorted(self._prices)
        over = max([rows[-1][0], *(fault.until for fault in self._faults)])
        calm_from = Instant(over + 40 * SECOND_US)
        last = rows[-1][1]
        while rows[-1][0] < calm_from + self.calm_s * SECOND_US:
            rows.append((Instant(rows[-1][0] + CALM_EVERY_US), last))
        return Scenario(
            seed=self.seed,
            name="found",
            setups=(setup,),
            safety=self.safety,
            venue=venue,
            symbols=(spec,),
            tickers=tuple(_ticker(at, price) for at, price in rows),
            faults=tuple(self._faults),
            latency_us=20_000,
            start=START,
            calm_from=calm_from,
            partial_fills=0,
        )

    # -- the listening (it is a Watcher of the world) ---------------------------------------

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        """Keep what the session did, and what stood afterwards."""
        causes = frozenset(request.cause for request in world.session.standing_modes())
        self.moments.append(Moment(now, event, effects, causes))

    def finished(self, world: World) -> None:
        """Nothing is left to keep."""

    # -- the looking back ------------------------------------------------------------------

    def sent(self, kind: type[Sent]) -> list[tuple[Instant, Sent]]:
        """Every request of a kind, and when it left."""
        requests = [
            (moment.now, request.request if isinstance(request, Approved) else request)
            for moment in self.moments
            for request in moment.effects.requests
        ]
        return [(now, request) for now, request in requests if isinstance(request, kind)]

    def told(self, name: str) -> list[Instant]:
        """When a notice was told."""
        return [
            moment.now
            for moment in self.moments
            for notice in moment.effects.notices
            if notice.event == name
        ]

    def entries(self) -> list[LedgerEntry]:
        """What was booked, in the order of booking."""
        records = [record for moment in self.moments for record in moment.effects.records]
        return [record for record in records if isinstance(record, LedgerEntry)]

    def ended(self, cause: ModeCause) -> list[Moment]:
        """The moments at which a mode that stood was over."""
        return [
            after
            for before, after in pairwise(self.moments)
            if cause in before.causes and cause not in after.causes
        ]


def _ticker(at: Instant, last: int) -> Ticker:
    return Ticker(symbol=BTC, at=at, last=Ticks(last), mark=Decimal(last) / 10)


@pytest.fixture
def found() -> Found:
    """A story that is not told yet."""
    return Found()
