"""What the page and the admin endpoints ask of a running simulator. It refuses to act."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from bybit_sim.exchange.exchange import Exchange
from bybit_sim.exchange.words import Push
from bybit_sim.faults.board import FaultBoard
from bybit_sim.faults.words import Fault
from bybit_sim.page.requests import RequestLog
from gridcore.sides import SideType


class Playing(Protocol):
    """The player's controls."""

    @property
    def speed(self) -> str: ...
    @property
    def paused(self) -> bool: ...
    @property
    def ended(self) -> bool:
        """The tape is over; the server keeps serving."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def step(self, count: int) -> None: ...
    def set_speed(self, speed: str) -> None:
        """ValueError for a speed that is none."""

    def inject_trade(self, symbol: str, price: Decimal, qty: Decimal, side: SideType) -> None: ...
    def move_price(self, symbol: str, price: Decimal) -> None: ...


class Connection(Protocol):
    """One open socket."""

    @property
    def kind(self) -> str:
        """ "public", "private" or "trade"."""

    @property
    def uid(self) -> int | None:
        """Whose login it has."""


class Sockets(Protocol):
    """The server's open sockets."""

    def connections(self) -> Sequence[Connection]: ...
    def disconnect(self, kind: str | None, uid: int | None, fault: Fault) -> int:
        """Lets a fault of whole sockets act at once on those of a kind and of an account."""


class Pushing(Protocol):
    """Where private frames go."""

    def push(self, pushes: Sequence[Push]) -> None: ...


class Simulation(Protocol):
    """A running simulator."""

    @property
    def exchange(self) -> Exchange: ...
    @property
    def player(self) -> Playing: ...
    @property
    def board(self) -> FaultBoard: ...
    @property
    def requests(self) -> RequestLog: ...
    @property
    def hub(self) -> Pushing: ...
    @property
    def server(self) -> Sockets: ...
    def elapsed_ms(self) -> int:
        """Wall clock since the simulator began: the time of faults."""
