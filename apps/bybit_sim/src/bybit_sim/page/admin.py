"""The endpoints under /sim: what is asked of the simulator itself, beside the exchange's protocol.

It knows paths and bodies; it refuses to know how a thing is done.
"""

import inspect
from dataclasses import asdict

from aiohttp import web

from bybit_sim.exchange.account import Account
from bybit_sim.exchange.rows import order_row
from bybit_sim.exchange.words import OrderRecord, Row
from bybit_sim.faults.plan import plan_row
from bybit_sim.page.bodies import (
    AccountBody,
    AccountName,
    AdlBody,
    CancelBody,
    CashBody,
    DisconnectBody,
    FaultBody,
    NoBody,
    OrderBody,
    PriceBody,
    SpeedBody,
    StepBody,
    TradeBody,
)
from bybit_sim.page.live import Live
from bybit_sim.page.picture import fault_rows, player_row, sockets_row
from bybit_sim.page.reading import AdminRefused, Handler, answering, read, read_serial
from bybit_sim.page.simulation import Simulation
from simvenue.limits import Refusal


def routes(app: web.Application, simulation: Simulation) -> None:
    """Adds the page at `/` and everything under /sim to the application."""
    Live(simulation).add_to(app)
    admin = Admin(simulation)
    for method, path, handler in admin.table():
        app.router.add_route(method, path, answering(handler))


class Admin:
    """The admin endpoints of one simulator."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def table(self) -> tuple[tuple[str, str, Handler], ...]:
        """Method, path and handler of every endpoint."""
        return (
            ("GET", "/sim", self.endpoints),
            ("GET", "/sim/state", self.state),
            ("GET", "/sim/requests", self.requests),
            ("GET", "/sim/faults", self.faults),
            ("GET", "/sim/plan", self.plan),
            ("POST", "/sim/fault", self.add_fault),
            ("DELETE", "/sim/fault/{number}", self.remove_fault),
            ("POST", "/sim/pause", self.pause),
            ("POST", "/sim/resume", self.resume),
            ("POST", "/sim/step", self.step),
            ("POST", "/sim/speed", self.speed),
            ("POST", "/sim/trade", self.trade),
            ("POST", "/sim/price", self.price),
            ("POST", "/sim/order", self.order),
            ("POST", "/sim/cancel", self.cancel),
            ("POST", "/sim/cash", self.cash),
            ("POST", "/sim/adl", self.deleverage),
            ("POST", "/sim/liquidate", self.liquidate),
            ("POST", "/sim/disconnect", self.disconnect),
        )

    async def endpoints(self, _request: web.Request) -> Row:
        """What there is, and what each endpoint does."""
        told = {
            f"{method} {path}": inspect.getdoc(handler) for method, path, handler in self.table()
        }
        return {"endpoints": told}

    async def state(self, _request: web.Request) -> Row:
        """Everything: the player, the markets, every account with all that ever happened on it."""
        simulation = self._simulation
        exchange = simulation.exchange
        return {
            "now_us": exchange.now,
            "elapsed_ms": simulation.elapsed_ms(),
            "player": player_row(simulation.player),
            "sockets": sockets_row(simulation.server),
            "markets": {name: market.ticker_row() for name, market in exchange.markets.items()},
            "accounts": [account.dump(exchange.now) for account in exchange.accounts.values()],
            "faults": fault_rows(simulation),
        }

    async def requests(self, request: web.Request) -> Row:
        """The last requests, oldest first; `?since=SERIAL` for what came later."""
        seen = self._simulation.requests.since(read_serial(request))
        return {"requests": [asdict(one) for one in seen]}

    async def faults(self, request: web.Request) -> Row:
        """The faults on the board, and what they did, oldest first; `?since=SERIAL`."""
        board = self._simulation.board
        acted = board.acted_since(read_serial(request))
        return {
            "seed": board.seed,
            "elapsed_ms": self._simulation.elapsed_ms(),
            "faults": fault_rows(self._simulation),
            "acted": [asdict(act) for act in acted],
        }

    async def plan(self, _request: web.Request) -> Row:
        """The faults on the board as a plan: saved as a file, `--faults` takes it."""
        return plan_row([standing.fault for standing in self._simulation.board.standing()])

    async def add_fault(self, request: web.Request) -> Row:
        """Puts a fault on the board, its window counted from now."""
        body = await read(FaultBody, request)
        uid = None if body.account is None else self._account(body.account).uid
        number = self._simulation.board.add(body.fault(self._simulation.elapsed_ms(), uid))
        rows = fault_rows(self._simulation)
        return next(row for row in rows if row["number"] == number)

    async def remove_fault(self, request: web.Request) -> Row:
        """Takes a fault off the board."""
        text = request.match_info["number"]
        board = self._simulation.board
        if not (text.isascii() and text.isdigit() and board.remove(int(text))):
            numbers = ", ".join(str(one.number) for one in board.standing()) or "none"
            raise AdminRefused(404, f"no fault has the number {text!r}", f"numbers: {numbers}")
        return {"removed": int(text)}

    async def pause(self, request: web.Request) -> Row:
        """Stops market time."""
        await read(NoBody, request)
        self._simulation.player.pause()
        return player_row(self._simulation.player)

    async def resume(self, request: web.Request) -> Row:
        """Lets market time go on."""
        await read(NoBody, request)
        self._simulation.player.resume()
        return player_row(self._simulation.player)

    async def step(self, request: web.Request) -> Row:
        """Plays some steps of the tape; the player must be paused."""
        body = await read(StepBody, request)
        if not self._simulation.player.paused:
            raise AdminRefused(409, "steps are played while paused only", "POST /sim/pause first")
        self._simulation.player.step(body.count)
        return player_row(self._simulation.player)

    async def speed(self, request: web.Request) -> Row:
        """Changes how fast market time goes."""
        body = await read(SpeedBody, request)
        try:
            self._simulation.player.set_speed(body.speed)
        except ValueError as error:
            raise AdminRefused(400, f"speed: {error}", "such as 1x, 60x, max") from error
        return player_row(self._simulation.player)

    async def trade(self, request: web.Request) -> Row:
        """Makes a trade that is on no tape."""
        body = await read(TradeBody, request)
        self._check_symbol(body.symbol)
        try:
            self._simulation.player.inject_trade(body.symbol, body.price, body.qty, body.side)
        except ValueError as error:
            raise AdminRefused(400, str(error)) from error
        return self._market(body.symbol)

    async def price(self, request: web.Request) -> Row:
        """Moves a symbol's market to a price, from which it goes on."""
        body = await read(PriceBody, request)
        self._check_symbol(body.symbol)
        try:
            self._simulation.player.move_price(body.symbol, body.price)
        except ValueError as error:
            raise AdminRefused(400, str(error)) from error
        return self._market(body.symbol)

    async def order(self, request: web.Request) -> Row:
        """Places an order by hand, without signature and rate limit."""
        body = await read(OrderBody, request)
        account = self._account(body.account)
        made = account.manual_order(body.new_order(), self._simulation.exchange.now)
        return self._told_of(made)

    async def cancel(self, request: web.Request) -> Row:
        """Cancels one order, or every order of an account, by hand."""
        body = await read(CancelBody, request)
        account, now = self._account(body.account), self._simulation.exchange.now
        if body.symbol is not None and (body.order_id or body.order_link_id):
            ended = account.cancel(body.symbol, body.order_id, body.order_link_id, now)
            return self._told_of(ended)
        orders = account.cancel_all(body.symbol, now)
        self._tell()
        return {"cancelled": [order.order_id for order in orders]}

    async def cash(self, request: web.Request) -> Row:
        """Moves money into a wallet, or out of it."""
        body = await read(CashBody, request)
        account = self._account(body.account)
        account.move_cash(body.amount, self._simulation.exchange.now)
        return self._wallet(account)

    async def deleverage(self, request: web.Request) -> Row:
        """Takes a part of a position away, as automatic deleveraging does."""
        body = await read(AdlBody, request)
        account, now = self._account(body.account), self._simulation.exchange.now
        refusal = account.deleverage(body.symbol, body.position_idx, body.qty, now)
        self._tell()
        if refusal is not None:
            raise _refused(refusal)
        return {"positions": account.position_rows(body.symbol, now)}

    async def liquidate(self, request: web.Request) -> Row:
        """Liquidates an account."""
        body = await read(AccountBody, request)
        account = self._account(body.account)
        account.liquidate(self._simulation.exchange.now)
        return self._wallet(account)

    async def disconnect(self, request: web.Request) -> Row:
        """Ends open sockets at once."""
        body = await read(DisconnectBody, request)
        uid = None if body.account is None else self._account(body.account).uid
        kind = None if body.kind == "*" else body.kind
        ended = self._simulation.server.disconnect(kind, uid, body.fault(uid))
        return {"disconnected": ended}

    def _account(self, name: AccountName) -> Account:
        accounts = self._simulation.exchange.accounts.values()
        for account in accounts:
            if str(name) in (account.name, str(account.uid)):
                return account
        known = ", ".join(f"{account.name} ({account.uid})" for account in accounts)
        raise AdminRefused(404, f"no account {str(name)!r}", f"accounts: {known}")

    def _check_symbol(self, symbol: str) -> None:
        markets = self._simulation.exchange.markets
        if symbol not in markets:
            raise AdminRefused(404, f"no symbol {symbol!r}", f"symbols: {', '.join(markets)}")

    def _market(self, symbol: str) -> Row:
        return self._simulation.exchange.markets[symbol].ticker_row()

    def _wallet(self, account: Account) -> Row:
        self._tell()
        return {"wallet": account.wallet_row(self._simulation.exchange.now)}

    def _told_of(self, outcome: OrderRecord | Refusal) -> Row:
        self._tell()
        if isinstance(outcome, Refusal):
            raise _refused(outcome)
        return {"order": order_row(outcome)}

    def _tell(self) -> None:
        """Private streams hear at once what was done to their account."""
        self._simulation.hub.push(self._simulation.exchange.take_pushes())


def _refused(refusal: Refusal) -> AdminRefused:
    return AdminRefused(409, f"the exchange refuses with {refusal.code}: {refusal.text}")
