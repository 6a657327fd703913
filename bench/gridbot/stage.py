"""A simulator and a daemon on it, for stories: a still market that only a story moves.

It knows how to bring both up and when they are at rest; it refuses to know the stories.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bench.gridbot.agreement import RESTING, disagreements, not_standing
from bench.gridbot.bot import Bot, until
from bench.gridbot.deeds import Deed, deeds
from bench.gridbot.venue import Row, Venue
from bench.gridbot.world import Strategy, World
from bench.wire.server import simulator

ACCOUNT, OTHER = "main", "spare"
SYMBOL = "BTCUSDT"
SPEED = 10
HASTY = 60
"""For waits of minutes."""
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
PLAIN = replace(QUIET, speed=1, vip_level=0, partial_fills=1000)
"""The exchange's own pace and rate limits; a trade fills a part of an order only."""
HURRIED = replace(QUIET, speed=HASTY)


class Stage:
    """Both processes. `foreign`: ids of orders that a story has placed by hand."""

    def __init__(self, world: World, venue: Venue, bot: Bot) -> None:
        self.world = world
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

    def rests(self) -> None:
        """Wait until nothing is under way; RunFailed with what is wrong."""
        until("a grid that stands", self.unrest)

    def modes(self) -> set[str]:
        """The causes that ask for less trading now."""
        return {mode["cause"] for mode in self.state()["modes"]}

    def mark(self) -> int:
        """Now, as `since` takes it."""
        return self.since(0)[-1].seq + 1

    def since(self, mark: int, *kinds: str) -> list[Deed]:
        """What the daemon has heard and asked for since then; of these kinds, if any are named."""
        folder = self.bot.journals / "accounts" / ACCOUNT / "journal"
        return [deed for deed in deeds(folder, mark) if not kinds or deed.kind in kinds]

    def until_deed(self, mark: int, *kinds: str, about: str = "") -> Deed:
        """Wait for the first of these since then that names an id."""

        def heard() -> list[Deed]:
            return [deed for deed in self.since(mark, *kinds) if about in str(deed.body)]

        until(f"one of {kinds}", lambda: not heard() and "none")
        return heard()[0]

    def until_rests_like(self, order: Row) -> Row:
        """Wait until exactly one order rests at an order's level; that one."""
        until("one order at its level", lambda: len(self.resting_like(order)) != 1 and "not one")
        (found,) = self.resting_like(order)
        return found

    def resting_like(self, order: Row) -> list[Row]:
        """The orders that rest at an order's level."""
        return [row for row in self.placed_at(order) if row["orderStatus"] in RESTING]

    def opens(self) -> list[Row]:
        """The opening orders that rest, nearest to the market first."""
        price = Decimal(self.state()["strategies"][0]["last"])
        rows = [row for row in self.venue.resting(ACCOUNT) if not row["reduceOnly"]]
        return sorted(rows, key=lambda row: abs(Decimal(row["price"]) - price))

    def closes(self) -> list[Row]:
        """The closing orders that rest."""
        return [row for row in self.venue.resting(ACCOUNT) if row["reduceOnly"]]

    def order(self, order_id: str) -> Row:
        """An order, whatever became of it."""
        rows: list[Row] = self.account()["orders"]
        (found,) = [row for row in rows if row["orderId"] == order_id]
        return found

    def size(self, position_idx: int) -> Decimal:
        """What a leg of the account has at the exchange."""
        rows = self.account()["positions"]
        return sum(
            (Decimal(row["size"]) for row in rows if row["positionIdx"] == position_idx), Decimal(0)
        )

    def trade_at(self, price: str, qty: str, side: str) -> None:
        """One more trade of the market."""
        self.venue.post("trade", symbol=SYMBOL, price=price, qty=qty, side=side)

    def trade_through(self, order: Row, qty: str = "1") -> None:
        """One trade beyond an order's price, and the market is where it was."""
        beyond = Decimal(order["price"]) + (-1 if order["side"] == "Buy" else 1)
        self.trade_at(str(beyond), qty, "Sell" if order["side"] == "Buy" else "Buy")

    def fill(self, order: Row) -> None:
        """Trade through an order until nothing of it is left."""

        def some_left() -> str:
            if self.order(order["orderId"])["orderStatus"] == "Filled":
                return ""
            self.trade_through(order)
            return "some is left"

        until("a filled order", some_left)

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
        return self.bot_with(folder, LEVELS, *more)

    def bot_with(self, folder: Path, levels: int, *more: str) -> Bot:
        """The same with so many levels."""
        first = self.world.strategies[0]
        strategy = replace(first, account=OTHER, name="spare_grid", levels=levels)
        world = replace(self.world, accounts=(OTHER,), strategies=(strategy,))
        return Bot(folder, world.bot(self.venue.http, *more), world.secrets)


@contextmanager
def staged(folder: Path, world: World = QUIET) -> Iterator[Stage]:
    """Both processes, with a grid that stands, as long as the block lasts."""
    with simulator(world.exchange()) as server:
        bot = Bot(folder, world.bot(server.http), world.secrets)
        with closing(Venue(server)) as venue:
            try:
                bot.start()
                stage = Stage(world, venue, bot)
                stage.rests()
                yield stage
            finally:
                if bot.is_running():
                    bot.kill()
