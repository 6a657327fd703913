"""side_policy follow: sides are derived from the market whenever they are needed.

A level within a quarter step of the last fill waits; else it sells above the market and buys below
it; exactly at the market it has no side. One bad print never moves the grid.
"""

from bisect import bisect_left
from collections.abc import Iterator

from gridcore.clock import Instant
from gridcore.config import GridConfig, SafetyConfig
from gridcore.events import Ticker
from gridcore.grid import Grid, GridError
from gridcore.guard import last_near_mark
from gridcore.instrument import Instrument, Price
from gridcore.intents import CancelCause
from gridcore.policy import (
    BUY_INDEX,
    SELL_INDEX,
    Candidate,
    ChangeCause,
    Hold,
    LevelsChanged,
    Limits,
    PriceBand,
)
from gridcore.saved import Saved, price_to_text
from gridcore.working import OpenOrder, WorkingBook, direction_index

Head = tuple[Price, int, int, int]
"""(distance to the market, level, direction index, side index)."""


class FollowRules:
    """The grid under follow: levels, last fill, rebuild guard and rebalancing."""

    __slots__ = (
        "_anchor",
        "_buy_factor",
        "_instrument",
        "_rebalance",
        "_run",
        "_run_us",
        "_sell_factor",
        "_threshold",
        "_unit",
        "_waits",
        "built_at",
        "fill_key",
        "grid",
        "hold",
        "last",
        "last_fill",
    )

    def __init__(
        self,
        config: GridConfig,
        instrument: Instrument,
        anchor: Price | None,
        safety: SafetyConfig,
    ) -> None:
        self.grid = Grid(config)
        self.hold: Hold | None = None
        self.last: Price | None = None
        self.last_fill: Price | None = None
        self.fill_key: tuple[int, int] | None = None
        self.built_at: Instant | None = None
        self._instrument = instrument
        self._anchor = anchor
        self._run_us = safety.rebuild_run_s * 1_000_000
        self._run: tuple[Instant, Instant] | None = None
        self._waits: list[int] = []
        self._rebalance: PriceBand = (None, None)
        numerator, denominator = self.grid.step
        self._unit = 200 * denominator
        self._buy_factor = self._unit - numerator
        self._sell_factor = self._unit + numerator
        self._threshold = config.rebalance_threshold.as_integer_ratio()

    def observe(self, ticker: Ticker, book: WorkingBook) -> list[LevelsChanged]:
        """Take a ticker: first build, rebuild guard, rebalancing."""
        last = ticker.last
        self.last = last
        levels = self.grid.levels
        if not levels:
            built = self._first_build(ticker, book)
            # Built around anchor_price, the grid may be lopsided or leave the market outside.
            return built + self.observe(ticker, book) if built else built
        if levels[0] <= last <= levels[-1]:
            self._run = None
            low, high = self._rebalance
            if (low is not None and last <= low) or (high is not None and last >= high):
                return self._shift_while_lopsided(last, ticker.at, book)
            self.hold = None
            return []
        return self._guard_rebuild(ticker, book)

    def _first_build(self, ticker: Ticker, book: WorkingBook) -> list[LevelsChanged]:
        if not last_near_mark(ticker, self._instrument, self.grid.config):
            self.hold = Hold.LAST_MARK_GAP
            return []
        center = ticker.last if self._anchor is None else self._anchor
        return self._build(center, ticker.at, book, ChangeCause.BUILT)

    def _guard_rebuild(self, ticker: Ticker, book: WorkingBook) -> list[LevelsChanged]:
        """Rebuild after an unbroken run of tickers out of bounds, at least two, 1 s or longer."""
        first = ticker.at if self._run is None else self._run[0]
        ripe = self._run is not None and ticker.at - first >= self._run_us
        self._run = (first, ticker.at)
        if self.hold is not Hold.SPACING:
            self.hold = Hold.OUT_OF_BOUNDS
        if not ripe or not last_near_mark(ticker, self._instrument, self.grid.config):
            return []
        return self._build(ticker.last, ticker.at, book, ChangeCause.REBUILT)

    def _build(
        self, center: Price, at: Instant, book: WorkingBook, cause: ChangeCause
    ) -> list[LevelsChanged]:
        try:
            self.grid.build(center)
        except GridError:
            self.hold = Hold.SPACING
            return []
        self.hold = None
        self._run = None
        self.built_at = at
        self.last_fill = center
        self.fill_key = None
        book.replace_levels(self.grid.levels)
        self._refresh()
        return [LevelsChanged(at=at, cause=cause, detail=f"center={price_to_text(center)}")]

    def _shift_while_lopsided(
        self, last: Price, at: Instant, book: WorkingBook
    ) -> list[LevelsChanged]:
        """Shift level by level while |buys - sells| > max(threshold * total, 1), never back."""
        shifts = 0
        self.hold = None
        for _ in range(len(self.grid.levels)):
            excess = self._excess(last)
            if excess == 0 or (shifts and (excess > 0) is not (shifts > 0)):
                break
            try:
                dropped, added = self.grid.shift_up() if excess > 0 else self.grid.shift_down()
            except GridError:
                self.hold = Hold.SPACING
                break
            book.drop_level(dropped)
            book.add_level(added)
            self._waits = self.grid.near(self.last_fill) if self.last_fill is not None else []
            shifts += 1 if excess > 0 else -1
        self._refresh()
        if not shifts:
            return []
        return [LevelsChanged(at=at, cause=ChangeCause.SHIFTED, detail=f"levels={shifts}")]

    def _excess(self, last: Price) -> int:
        """buys - sells when it calls for a shift, else 0."""
        levels = self.grid.levels
        below = bisect_left(levels, last)
        above = len(levels) - below
        if above and levels[below] == last:
            above -= 1
        for level in self._waits:
            if level < last:
                below -= 1
            elif level > last:
                above -= 1
        excess = below - above
        numerator, denominator = self._threshold
        size = abs(excess)
        return excess if size > 1 and size * denominator > numerator * (below + above) else 0

    def fill(
        self, price: Price, at: Instant, sequence: int, book: WorkingBook
    ) -> list[LevelsChanged]:
        """Take a fill of our own order at its level; the latest one since the build counts."""
        if self.built_at is None or at <= self.built_at:
            return []
        key = (at, sequence)
        if self.fill_key is not None and key <= self.fill_key:
            return []
        self.fill_key = key
        if price != self.last_fill:
            self.last_fill = price
            self._refresh()
        return []

    def _refresh(self) -> None:
        """Derive what depends on levels and last fill: waiting levels, the next rebalance."""
        levels = self.grid.levels
        waits = self._waits = [] if self.last_fill is None else self.grid.near(self.last_fill)
        active = len(levels) - len(waits)
        numerator, denominator = self._threshold
        limit = max(numerator * active // denominator, 1)
        needed = (active + limit) // 2 + 1
        high: int | None = None
        low: int | None = None
        if needed <= active:
            index = needed - 1
            for level in waits:
                if index < len(levels) and level <= levels[index]:
                    index += 1
            high = levels[index] if index < len(levels) else None
            index = len(levels) - needed
            for level in reversed(waits):
                if index >= 0 and level >= levels[index]:
                    index -= 1
            low = levels[index] if index >= 0 else None
        self._rebalance = (low, high)

    @property
    def waits(self) -> list[int]:
        """Levels within a quarter step of the last fill."""
        return self._waits

    def cancels(self, book: WorkingBook) -> list[tuple[OpenOrder, CancelCause]]:
        """Orders off the grid, and all but one at one level; long before short, by price.

        Before the first build nothing is off the grid: adopted orders stay where they rest.
        """
        if len(book.surplus) > 1:
            return sorted(book.surplus, key=_cancel_order) if self.grid.levels else []
        return book.surplus if self.grid.levels else []

    def places(self, book: WorkingBook, limits: Limits) -> Iterator[Candidate]:
        """Missing levels that may be placed, by distance to the market, directions interleaved.

        Found one by one: a denial that the caller remembers in `limits` meanwhile ends its walk.
        """
        last = self.last
        if last is None or not self.grid.levels:
            return
        heads: list[Head] = []
        waits, unit = self._waits, self._unit
        buy_bound, sell_bound = last * self._buy_factor, last * self._sell_factor
        for direction in (0, 1):
            missing = book.missing[direction]
            middle = bisect_left(missing, last)
            limit = limits.at[direction][BUY_INDEX]
            for index in range(middle - 1, -1, -1):
                level = missing[index]
                if limit is not None and level <= limit:
                    break
                if level * unit < buy_bound and level not in waits:
                    heads.append((last - level, level, direction, BUY_INDEX))
                    break
            limit = limits.at[direction][SELL_INDEX]
            for index in range(middle, len(missing)):
                level = missing[index]
                if limit is not None and level >= limit:
                    break
                if level * unit > sell_bound and level not in waits:
                    heads.append((level - last, level, direction, SELL_INDEX))
                    break
        while heads:
            head = heads[0] if len(heads) == 1 else min(heads)
            heads.remove(head)
            _, level, direction, side = head
            yield Candidate(level, direction, side)
            following = self._beyond(book.missing[direction], level, direction, side, last, limits)
            if following is not None:
                heads.append(following)

    def _beyond(
        self,
        missing: list[int],
        level: int,
        direction: int,
        side: int,
        last: Price,
        limits: Limits,
    ) -> Head | None:
        """The next missing level beyond one that does not wait and is not denied."""
        limit = limits.at[direction][side]
        index = bisect_left(missing, level)
        if side == BUY_INDEX:
            for position in range(index - 1, -1, -1):
                level = missing[position]
                if limit is not None and level <= limit:
                    return None
                if level not in self._waits:
                    return last - level, level, direction, side
            return None
        if index < len(missing) and missing[index] == level:
            index += 1
        for position in range(index, len(missing)):
            level = missing[position]
            if limit is not None and level >= limit:
                return None
            if level not in self._waits:
                return level - last, level, direction, side
        return None

    def quiet_band(self, book: WorkingBook, limits: Limits) -> PriceBand | None:
        """Bounds: grid ends, the next rebalance, and where a missing level becomes eligible."""
        last = self.last
        levels = self.grid.levels
        if last is None or not levels or self._run is not None or self.hold is Hold.SPACING:
            return None
        low, high = levels[0] - 1, levels[-1] + 1
        rebalance_low, rebalance_high = self._rebalance
        if rebalance_low is not None and rebalance_low > low:
            low = rebalance_low
        if rebalance_high is not None and rebalance_high < high:
            high = rebalance_high
        unit, buy_factor, sell_factor = self._unit, self._buy_factor, self._sell_factor
        waits = self._waits
        for missing in book.missing:
            middle = bisect_left(missing, last)
            for index in range(middle, len(missing)):
                level = missing[index]
                if level in waits:
                    continue
                scaled = level * unit
                buy_from = scaled // buy_factor + 1
                if buy_from < high:
                    high = buy_from
                sell_upto = (scaled - 1) // sell_factor
                if last <= sell_upto:
                    break
                if sell_upto > low:
                    low = sell_upto
            for index in range(middle - 1, -1, -1):
                level = missing[index]
                if level in waits:
                    continue
                scaled = level * unit
                sell_upto = (scaled - 1) // sell_factor
                if sell_upto > low:
                    low = sell_upto
                buy_from = scaled // buy_factor + 1
                if last >= buy_from:
                    break
                if buy_from < high:
                    high = buy_from
        return low, high

    def snapshot(self) -> dict[str, object]:
        """All memory of the policy, serialisable."""
        return {
            "levels": list(self.grid.levels),
            "anchor": price_to_text(self.grid.anchor),
            "last": price_to_text(self.last),
            "last_fill": price_to_text(self.last_fill),
            "fill_key": list(self.fill_key) if self.fill_key is not None else None,
            "built_at": self.built_at,
            "run": list(self._run) if self._run is not None else None,
            "hold": self.hold.value if self.hold is not None else None,
        }

    def restore(self, saved: Saved, book: WorkingBook) -> None:
        """Take back what snapshot() gave."""
        levels = saved.wholes("levels")
        if levels:
            self.grid.restore(levels, saved.price_or_none("anchor"))
        self.last = saved.price_or_none("last")
        self.last_fill = saved.price_or_none("last_fill")
        self.fill_key = saved.pair_or_none("fill_key")
        built_at = saved.whole_or_none("built_at")
        self.built_at = None if built_at is None else Instant(built_at)
        run = saved.pair_or_none("run")
        self._run = None if run is None else (Instant(run[0]), Instant(run[1]))
        hold = saved.raw("hold")
        self.hold = None if hold is None else Hold(saved.text("hold"))
        book.replace_levels(self.grid.levels)
        if self.grid.levels:
            self._refresh()

    def adopt(self, levels: list[int], center: Price, at: Instant, book: WorkingBook) -> None:
        """Take over the levels of an earlier run; sides are derived again. GridError if unfit."""
        self.grid.restore(levels, center)
        self.last_fill = center
        self.fill_key = None
        self.built_at = at
        book.replace_levels(levels)
        self._refresh()


def _cancel_order(row: tuple[OpenOrder, CancelCause]) -> tuple[int, Price, str]:
    order = row[0]
    return direction_index(order.direction), order.price, order.order_id
