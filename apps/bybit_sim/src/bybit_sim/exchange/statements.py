"""The account's standing as rows: positions and wallet. It reads the venue and changes nothing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bybit_sim.exchange.account_spec import AccountSpec
from bybit_sim.exchange.legs import BookedLeg
from bybit_sim.exchange.positions import Standing, position_push_row, position_row
from bybit_sim.exchange.wallet import Funds, wallet_row
from bybit_sim.exchange.words import Row
from bybit_sim.market.symbols import SymbolMarket
from gridcore.sides import LONG, SHORT, DirectionType
from simvenue import SimVenue
from simvenue.market import Market
from simvenue.reports import liquidation_prices

ZERO = Decimal(0)
BOTH = (LONG, SHORT)


class Statements:
    """What an account looks like now. `leverages` and `hedge_mode` are settings of the account."""

    def __init__(
        self,
        spec: AccountSpec,
        listed: Mapping[str, SymbolMarket],
        venue: SimVenue,
        legs: Mapping[tuple[str, DirectionType], BookedLeg],
        leverages: dict[str, Decimal],
    ) -> None:
        self._spec = spec
        self._listed = listed
        self._clearing = venue.clearing
        self._legs = legs
        self._markets = {market.symbol: market for market in venue.clearing.markets}
        self.leverages = leverages
        self.hedge_mode = spec.hedge_mode

    def market(self, symbol: str) -> Market:
        """The venue's own state of a symbol."""
        return self._markets[symbol]

    def mark(self, symbol: str) -> Decimal | None:
        """The mark price in quote currency."""
        return self._markets[symbol].mark()

    def fee_rate(self, is_maker: bool) -> Decimal:
        """The account's rate for a maker or a taker."""
        return self._spec.maker_fee if is_maker else self._spec.taker_fee

    def position_push_rows(self, symbol: str, directions: Sequence[DirectionType]) -> list[Row]:
        """Rows of the `position` stream."""
        standings = self._standings(symbol)
        return [
            position_push_row(self._legs[symbol, direction], standings[direction])
            for direction in directions
        ]

    def position_rows(self, symbol: str) -> list[Row]:
        """Rows of position/list: both legs in hedge mode, one row in one-way mode."""
        standings = self._standings(symbol)
        directions = BOTH if self.hedge_mode else (LONG,)
        return [
            position_row(self._legs[symbol, direction], standings[direction])
            for direction in directions
        ]

    def _standings(self, symbol: str) -> dict[DirectionType, Standing]:
        market = self._markets[symbol]
        prices = liquidation_prices(market, self._clearing.totals())
        return {
            direction: Standing(
                market=market,
                top_limit=self._listed[symbol].facts.top_limit,
                leverage=self.leverages[symbol],
                liquidation=price,
                hedge=self.hedge_mode,
            )
            for direction, price in zip(BOTH, prices, strict=True)
        }

    def wallet(self) -> Row:
        """The row of wallet-balance and of the `wallet` stream."""
        totals = self._clearing.totals()
        return wallet_row(
            Funds(
                cash=totals.wallet,
                equity=totals.balance,
                initial=totals.initial,
                resting=sum((self._resting(m) for m in self._markets.values()), ZERO),
                maintenance=totals.maintenance,
                realised=sum((leg.realised for leg in self._legs.values()), ZERO),
            ),
            self._spec.margin_mode,
        )

    @staticmethod
    def _resting(market: Market) -> Decimal:
        """The part of a symbol's initial margin that its resting opens need."""
        mark = market.mark()
        if mark is None:
            return market.initial
        legs, _ = market.margins.charge(market.pair, mark, market.unit, (0, 0))
        return market.initial - legs
