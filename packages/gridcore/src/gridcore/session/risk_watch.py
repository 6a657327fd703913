"""Risk of one hedged pair as the session follows it: severity at the last price, emergencies, and
the multipliers at the moment when an order is sized. The rules themselves are in position.py."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from gridcore.clock import SECOND_US, Instant
from gridcore.config import RiskConfig, SafetyConfig
from gridcore.instrument import Instrument, Price
from gridcore.policy import DIRECTIONS, PriceBand
from gridcore.position import (
    NEUTRAL,
    LegRisk,
    PairRisk,
    RiskRules,
    RiskSeverity,
    RiskVerdict,
    mark_margins,
)
from gridcore.risk_table import emergency_limits
from gridcore.saved import Saved
from gridcore.session.mirror import MirroredPair, MirroredWallet

ZERO = Decimal(0)
_divide = Context(prec=28, rounding=ROUND_HALF_EVEN).divide
_EMERGENCY = RiskSeverity.EMERGENCY
_NO_SEVERITY = (RiskSeverity.NONE, RiskSeverity.NONE)


class RiskWatch:
    """Severities and emergency deadlines of one strategy."""

    __slots__ = (
        "_bounds",
        "_clear_us",
        "_config",
        "_instrument",
        "_judged_version",
        "_legs",
        "_legs_version",
        "_pair",
        "_per_tick",
        "_rules",
        "_turns",
        "_verdict",
        "_verdict_available",
        "_verdict_balance",
        "_verdict_last",
        "_verdict_mark",
        "_verdict_version",
        "_wallet",
        "emergencies",
        "severity",
    )

    def __init__(
        self,
        config: RiskConfig,
        safety: SafetyConfig,
        instrument: Instrument,
        pair: MirroredPair,
        wallet: MirroredWallet,
    ) -> None:
        self._config = config
        self._rules = RiskRules(config)
        self._clear_us = safety.emergency_clear_s * SECOND_US
        self._instrument = instrument
        self._pair = pair
        self._wallet = wallet
        self._legs: tuple[LegRisk, LegRisk] | None = None
        self._legs_version = -1
        self._judged_version = -1
        self._bounds: PriceBand = (None, None)
        emergency = emergency_limits(config)
        tick = instrument.tick_size
        self._per_tick = (
            (emergency[DIRECTIONS[0]] * tick, config.min_liq_ratio * tick),
            (emergency[DIRECTIONS[1]] * tick, config.max_liq_ratio * tick),
        )
        self._turns: list[tuple[int, Decimal, Decimal]] = []
        self._verdict: RiskVerdict = NEUTRAL
        self._verdict_version = -1
        self._verdict_last: Price = 0
        self._verdict_mark: Decimal | None = None
        self._verdict_balance: Decimal | None = None
        self._verdict_available: Decimal | None = None
        self.severity: tuple[RiskSeverity, RiskSeverity] = _NO_SEVERITY
        self.emergencies: list[Instant | None] = [None, None]
        """Per direction: when a standing emergency ends; FOREVER while the severity stays."""

    def observe(self, last: Price, now: Instant) -> bool:
        """Follow the last price; whether a severity changed."""
        if self._judged_version == self._pair.version:
            low, high = self._bounds
            if (low is None or last > low) and (high is None or last < high):
                return False
        else:
            self._judged_version = self._pair.version
            self._find_turns()
        severity = self._severity_at(last)
        if severity == self.severity:
            return False
        self.severity = severity
        self._follow_emergencies(now)
        return True

    def _find_turns(self) -> None:
        """Where the severities of the legs as they are now change, in ticks (R-5, R-6).

        A long is in danger below its turn, a short above.
        """
        self._turns = []
        if not self._config.enabled:
            return
        for index, leg in enumerate(self._pair.legs):
            liquidation = leg.liquidation
            if not leg.size or not leg.entry or not isinstance(liquidation, Decimal):
                continue
            if liquidation > 0:
                emergency, moderate = self._per_tick[index]
                self._turns.append(
                    (index, _divide(liquidation, emergency), _divide(liquidation, moderate))
                )

    def _severity_at(self, last: Price) -> tuple[RiskSeverity, RiskSeverity]:
        """Both severities at a price, and the band of prices that keep them."""
        if not self._turns:
            self._bounds = (None, None)
            return _NO_SEVERITY
        low: int | None = None
        high: int | None = None
        severities = [RiskSeverity.NONE, RiskSeverity.NONE]
        for index, emergency, moderate in self._turns:
            for turn, severity in ((moderate, RiskSeverity.MODERATE), (emergency, _EMERGENCY)):
                endangered = last < turn if index == 0 else last > turn
                if endangered:
                    severities[index] = severity
                below = int(turn)
                above = below if below == turn else below + 1
                if last >= turn and (low is None or below > low):
                    low = below
                if last <= turn and (high is None or above < high):
                    high = above
        self._bounds = (low, high)
        return severities[0], severities[1]

    def _follow_emergencies(self, now: Instant) -> None:
        for index, severity in enumerate(self.severity):
            if severity is RiskSeverity.EMERGENCY:
                self.emergencies[index] = FOREVER
            elif self.emergencies[index] == FOREVER:
                self.emergencies[index] = Instant(now + self._clear_us)

    def expire(self, now: Instant) -> bool:
        """End emergencies that have been below for long enough; whether one ended."""
        ended = False
        for index, end in enumerate(self.emergencies):
            if end is not None and end <= now:
                self.emergencies[index] = None
                ended = True
        return ended

    def next_deadline(self) -> Instant | None:
        """When the next emergency ends."""
        ends = [end for end in self.emergencies if end is not None and end != FOREVER]
        return min(ends) if ends else None

    def band(self) -> PriceBand | None:
        """The open interval of last prices with these severities; None when it must be judged."""
        return self._bounds if self._judged_version == self._pair.version else None

    def legs(self) -> tuple[LegRisk, LegRisk]:
        """Both legs as the rules read them."""
        if self._legs is None or self._legs_version != self._pair.version:
            self._legs_version = self._pair.version
            long, short = self._pair.legs
            self._legs = (
                LegRisk(size=long.qty, entry=long.entry, liquidation=long.liquidation),
                LegRisk(size=short.qty, entry=short.entry, liquidation=short.liquidation),
            )
        return self._legs

    def verdict(self, last: Price, mark: Decimal | None) -> RiskVerdict:
        """The multipliers in force at the last price."""
        legs = self._pair.legs
        if not self._config.enabled or not (legs[0].size or legs[1].size):
            return NEUTRAL
        version = self._pair.version
        if (
            version == self._verdict_version
            and mark is self._verdict_mark
            and last == self._verdict_last
            and self._wallet.balance is self._verdict_balance
            and self._wallet.available is self._verdict_available
        ):
            return self._verdict
        equity = (self._wallet.balance or ZERO) + legs[0].unrealised + legs[1].unrealised
        if self.severity == _NO_SEVERITY and self._rules.even(
            legs[0].qty, legs[1].qty, mark, equity
        ):
            return NEUTRAL
        long, short = self.legs()
        price = self._instrument.price(last)
        margins = mark_margins(long, short, price if mark is None else mark, equity)
        self._verdict_version = version
        self._verdict_last = last
        self._verdict_mark = mark
        self._verdict_balance = self._wallet.balance
        self._verdict_available = self._wallet.available
        self._verdict = self._rules.judge(
            PairRisk(
                long=long,
                short=short,
                long_margin=margins[0],
                short_margin=margins[1],
                price=price,
                low_balance=self._low_balance(),
            )
        )
        return self._verdict

    def _low_balance(self) -> bool:
        """Available below a share of the position value; unknown is not low (R-11)."""
        available = self._wallet.available
        if available is None:
            return False
        value = self._pair.legs[0].value + self._pair.legs[1].value
        return available < value * self._config.low_balance_fraction

    def snapshot(self) -> dict[str, object]:
        """All memory, serialisable."""
        return {
            "severity": [severity.name for severity in self.severity],
            "emergencies": list(self.emergencies),
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        names = saved.raw("severity")
        assert isinstance(names, list), "severity is a list of two names"
        self.severity = (RiskSeverity[str(names[0])], RiskSeverity[str(names[1])])
        ends = saved.raw("emergencies")
        assert isinstance(ends, list), "emergencies is a list of two instants"
        self.emergencies = [None if end is None else Instant(int(str(end))) for end in ends]
        self._judged_version = -1


FOREVER = Instant(2**62)
"""The end of an emergency that still stands."""
