"""A simulator and a daemon on it, for stories: a still market that only a story moves.

It knows how to bring both up and when they are at rest; it refuses to know the stories.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bench.gridbot.agreement import disagreements, not_standing
from bench.gridbot.bot import Bot, until
from bench.gridbot.venue import Row, Venue
from bench.gridbot.world import Strategy, World
from bench.wire.server import simulator

ACCOUNT, OTHER = "main", "spare"
SYMBOL = "BTCUSDT"
SPEED = 10
LEVELS = 20
QTY = "0.004"
QUIET = World(
    seed=5,
    speed=SPEED,
    prices={SYMBOL: 100_000},
    accounts=(ACCOUNT, OTHER),
    strategies=(
        Strategy(name="grid", account=ACCOUNT, symbol=SYMBOL, amount=f"b{QTY}", levels=LEVELS),
    ),
    volatility_pct=0.5,
)


class Stage:
    """Both processes. `foreign`: ids of orders that a story has placed by hand."""

    def __init__(self, venue: Venue, bot: Bot) -> None:
        self.venue = venue
        self.bot = bot
        self.foreign: frozenset[str] = frozenset()

    def state(self) -> Row:
        """What the daemon tells of the account."""
        return self.bot.state(ACCOUNT)

    def account(self) -> Row:
        """What the simulator tells of it."""
        return self.venue.account(ACCOUNT)

    def unrest(self) -> list[str]:
        """What keeps the grid from standing, or the books from agreeing."""
        state = self.state()
        return not_standing(state) or disagreements(state, self.account(), self.foreign)

    def rests(self, patience_s: float = 20.0) -> None:
        """Wait until nothing is under way; RunFailed with what is wrong."""
        until("a grid that stands", self.unrest, patience_s)

    def opens(self) -> list[Row]:
        """The opening orders that rest, nearest to the market first."""
        price = Decimal(self.state()["strategies"][0]["last"])
        rows = [row for row in self.venue.resting(ACCOUNT) if not row["reduceOnly"]]
        return sorted(rows, key=lambda row: abs(Decimal(row["price"]) - price))

    def trade_at(self, price: str, qty: str, side: str) -> None:
        """One more trade of the market."""
        self.venue.post("trade", symbol=SYMBOL, price=price, qty=qty, side=side)

    def cancel_by_hand(self, order: Row) -> None:
        """The account's owner cancels an order."""
        self.venue.post("cancel", account=ACCOUNT, symbol=SYMBOL, order_id=order["orderId"])

    def placed_at(self, order: Row) -> list[Row]:
        """All orders that the account has ever had at a level of its grid."""
        key = order["price"], order["side"], order["positionIdx"]
        rows = self.account()["orders"]
        return [row for row in rows if (row["price"], row["side"], row["positionIdx"]) == key]

    def other_bot(self, folder: Path, *more: str) -> Bot:
        """A daemon of another account on the same simulator, not started yet."""
        strategy = replace(QUIET.strategies[0], account=OTHER, name="spare_grid")
        world = replace(QUIET, accounts=(OTHER,), strategies=(strategy,))
        return Bot(folder, world.bot(self.venue.http, *more), world.secrets)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Both processes, with a grid that stands, as long as the block lasts."""
    with simulator(QUIET.exchange()) as server:
        bot = Bot(folder, QUIET.bot(server.http), QUIET.secrets)
        try:
            bot.start()
            stage = Stage(Venue(server), bot)
            stage.rests()
            yield stage
        finally:
            if bot.is_running():
                bot.kill()
