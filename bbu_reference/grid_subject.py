"""gridcore's grid under on_fill, driven by the inputs of the vectors and read back as states."""

from decimal import Decimal
from fractions import Fraction

from bbu_reference.grid_rules import GridState
from bbu_reference.numbers import ticks, whole
from gridcore.config import GridConfig, SidePolicy
from gridcore.grid import is_grid_correct, wait_center
from gridcore.instrument import Price
from gridcore.on_fill import OnFillGrid
from gridcore.sides import GridSideType

LETTERS = {GridSideType.BUY: "B", GridSideType.SELL: "S", GridSideType.WAIT: "W"}
TAGS = {letter: side for side, letter in LETTERS.items()}


def grid_config(count: int, step: str, threshold: str = "0.3") -> GridConfig:
    """The configuration of a case; ConfigError when it is out of range."""
    return GridConfig(
        grid_count=count,
        grid_step=Decimal(step),
        rebalance_threshold=Decimal(threshold),
        side_policy=SidePolicy.ON_FILL,
    )


def price_in_ticks(price: object, tick: str) -> Price | None:
    """A price text as gridcore takes prices."""
    exact = ticks(price, tick)
    return None if exact is None else whole(exact)


class GridSubject:
    """One grid under test."""

    def __init__(self, config: GridConfig, tick: str) -> None:
        self.tick = tick
        self.grid = OnFillGrid(config)
        self.raised = False

    def build(self, price: object) -> None:
        """Build around a price; a refusal is kept for `state`."""
        self.raised = price is None
        try:
            center = price_in_ticks(price, self.tick)
            if center is not None:
                self.grid.build(center)
        except ValueError:
            self.raised = True

    def update(self, fill: object, last: object) -> None:
        """Take a fill; a refusal is kept for `state`."""
        self.raised = False
        try:
            self.grid.update(price_in_ticks(fill, self.tick), price_in_ticks(last, self.tick))
        except ValueError:
            self.raised = True

    def adopt(self, state: GridState) -> None:
        """Start from a sound recorded state."""
        if state.levels:
            self.grid.restore([int(level) for level in state.levels], state.anchor)
            self.grid.sides = [TAGS[letter] for letter in state.sides]

    @property
    def state(self) -> GridState:
        """The grid as it is."""
        return GridState(
            raised=self.raised,
            sides="".join(LETTERS[side] for side in self.grid.sides),
            levels=tuple(self.grid.levels),
            anchor=self.grid.anchor,
        )

    def valid(self) -> bool:
        """The recorded predicate on the grid as it is (G-10)."""
        return is_grid_correct(self.grid.levels, self.grid.sides)

    def middle(self) -> Fraction | int | None:
        """The midpoint of the Wait levels (G-12); None for an empty grid."""
        return wait_center(self.grid.levels, self.grid.sides) if self.grid.levels else None
