"""Pairs opening fills with the fills that closed them, last opened first; it knows no average entry
price, so its sums check the venue's accounting independently."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from backtest.outcome import Fill, FillKind
from gridcore.clock import Instant
from gridcore.sides import BUY, LONG, DirectionType

_ZERO = Decimal(0)
_GRID = FillKind.GRID


class Lot:
    """One opening fill and what became of it. `left` is the quantity still held, `profit` what the
    rest brought before `fees`, `forced` whether wind-down or liquidation closed some of it."""

    __slots__ = ("closed_at", "fees", "fill", "forced", "left", "profit")

    def __init__(self, fill: Fill) -> None:
        self.fill = fill
        self.left = fill.qty
        self.profit = _ZERO
        self.fees = fill.fee
        self.forced = False
        self.closed_at: Instant | None = None

    @property
    def net(self) -> Decimal:
        """Profit after the fees of opening and closing."""
        return self.profit - self.fees


@dataclass(slots=True, kw_only=True)
class LevelRecord:
    """What happened at one price: fills there, and profit of the lots that were opened there."""

    symbol: str
    price: Decimal
    buys: int = 0
    sells: int = 0
    profit: Decimal = _ZERO


class SymbolPairing:
    """The lots still held of one symbol, oldest first, and its levels by price."""

    __slots__ = ("levels", "long", "short", "unmatched")

    def __init__(self) -> None:
        self.long: list[Lot] = []
        self.short: list[Lot] = []
        self.levels: dict[Decimal, LevelRecord] = {}
        self.unmatched = _ZERO

    def lots(self, direction: DirectionType) -> list[Lot]:
        """The lots held in one direction."""
        return self.long if direction is LONG else self.short

    def inventory(self, mark: Decimal) -> Decimal:
        """Profit of the quantities still held, at the mark price."""
        total = _ZERO
        for lot in self.long:
            total += (mark - lot.fill.price) * lot.left
        for lot in self.short:
            total += (lot.fill.price - mark) * lot.left
        return total


@dataclass(slots=True, kw_only=True)
class Pairing:
    """The result of pairing all fills of a run.

    `cycles` are the lots that the grid alone opened and closed again. `grid_profit` is what closing
    by the grid brought, `forced_profit` what wind-down and liquidation brought; both before fees
    and including lots that are still partly held. `SymbolPairing.unmatched` is what was closed
    without having been opened: 0 unless the books are wrong.
    """

    symbols: dict[str, SymbolPairing] = field(default_factory=dict)
    cycles: list[Lot] = field(default_factory=list)
    grid_profit: Decimal = _ZERO
    forced_profit: Decimal = _ZERO

    @property
    def profit(self) -> Decimal:
        """All profit of paired quantities, before fees."""
        return self.grid_profit + self.forced_profit

    @property
    def held(self) -> list[Lot]:
        """Every lot of which some quantity is still held."""
        return [lot for part in self.symbols.values() for lot in (*part.long, *part.short)]

    def inventory(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Profit of the quantities still held, at the mark price of each symbol that holds any."""
        return sum(
            (
                part.inventory(marks[symbol])
                for symbol, part in self.symbols.items()
                if part.long or part.short
            ),
            _ZERO,
        )


def pair_fills(fills: Iterable[Fill]) -> Pairing:
    """Pair the fills of a run, in the order in which they happened (18.6).

    A closing fill takes from the lot opened last in its direction, which in a grid is the
    neighbouring level; what remains of it takes from the lot before. Exact in Decimal.
    """
    result = Pairing()
    symbols = result.symbols
    for fill in fills:
        part = symbols.get(fill.symbol)
        if part is None:
            part = symbols[fill.symbol] = SymbolPairing()
        is_buy, is_long = fill.side is BUY, fill.direction is LONG
        if fill.kind is _GRID:
            record = _level(part, fill)
            if is_buy:
                record.buys += 1
            else:
                record.sells += 1
        lots = part.long if is_long else part.short
        if is_buy is is_long:
            lots.append(Lot(fill))
        else:
            _close(result, part, lots, fill)
    return result


def _level(part: SymbolPairing, fill: Fill) -> LevelRecord:
    record = part.levels.get(fill.price)
    if record is None:
        record = part.levels[fill.price] = LevelRecord(symbol=fill.symbol, price=fill.price)
    return record


def _close(result: Pairing, part: SymbolPairing, lots: list[Lot], fill: Fill) -> None:
    remaining, qty, price, fee = fill.closed_qty, fill.qty, fill.price, fill.fee
    is_long, forced = fill.direction is LONG, fill.kind is not _GRID
    total = _ZERO
    while remaining and lots:
        lot = lots[-1]
        opened, left = lot.fill, lot.left
        taken = left if left < remaining else remaining
        profit = (price - opened.price if is_long else opened.price - price) * taken
        total += profit
        lot.profit += profit
        lot.fees += fee if taken == qty else fee * taken / qty
        lot.forced = lot.forced or forced
        _level(part, opened).profit += profit
        remaining -= taken
        lot.left = left = left - taken
        if not left:
            lots.pop()
            lot.closed_at = fill.at
            if not lot.forced:
                result.cycles.append(lot)
    part.unmatched += remaining
    if forced:
        result.forced_profit += total
    else:
        result.grid_profit += total
