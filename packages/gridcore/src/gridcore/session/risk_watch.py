"""Risk of one hedged pair as the session follows it: severity at the last price, emergencies, and
the multipliers at the moment when an order is sized. The rules themselves are in position.py."""

from decimal import Decimal

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
from gridcore.saved import Saved
from gridcore.session.mirror import MirroredPair, MirroredWallet

ZERO = Decimal(0)
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
        "_rules",
        "_verdict",
        "_verdict_key",
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
        self._verdict: RiskVerdict = NEUTRAL
        self._verdict_key: tuple[int, Price, Decimal | None] | None = None
        self.severity: tuple[RiskSeverity, RiskSeverity] = _NO_SEVERITY
        self.emergencies: list[Instant | None] = [None, None]
        """Per direction: when a standing emergency ends; FOREVER while the severity stays."""

    def observe(self, last: Price, now: Instant) -> bool:
        """Follow the last price; whether a severity changed."""
        if self._judged_version == self._pair.version:
            low, high = self._bounds
            if (low is None or last > low) and (high is None or last < high):
                return False
        self._judged_version = self._pair.version
        legs = self.legs()
        if legs[0].size == 0 and legs[1].size == 0:
            self._bounds = (None, None)
            severity = _NO_SEVERITY
        else:
            price = self._instrument.price(last)
            severity = (
                self._rules.severity(DIRECTIONS[0], legs[0], price),
                self._rules.severity(DIRECTIONS[1], legs[1], price),
            )
            self._bounds = self._in_ticks(*self._rules.severity_bounds(*legs, price))
        changed = severity != self.severity
        self.severity = severity
        if changed:
            self._follow_emergencies(now)
        return changed

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

    def _in_ticks(self, low: Decimal | None, high: Decimal | None) -> PriceBand:
        """Bounds rounded towards the market, so that strictly inside is strictly inside."""
        tick = self._instrument.tick_size
        return (
            None if low is None else int(low // tick),
            None if high is None else -int(-high // tick),
        )

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
        long, short = self.legs()
        if not self._config.enabled or (long.size == 0 and short.size == 0):
            return NEUTRAL
        key = (self._pair.version, last, mark)
        if key == self._verdict_key:
            return self._verdict
        price = self._instrument.price(last)
        wallet = self._wallet.balance or ZERO
        equity = wallet + self._pair.legs[0].unrealised + self._pair.legs[1].unrealised
        margins = mark_margins(long, short, price if mark is None else mark, equity)
        self._verdict_key = key
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
