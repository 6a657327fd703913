"""The three configurations of the mission, and what the programs are told by their environment.

It knows what is traded and on which exchange; it refuses to know how long, and what is judged.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sqlalchemy.engine import URL

from comparator.closed_loop.market import Market
from comparator.closed_loop.ports import HOST, free_ports

ACCOUNT, UID = "main", 100001
BALANCE = Decimal(10_000)
MAKER_FEE = Decimal("0.0002")
KEY, SECRET, TOKEN = "demo-key-1", "demo-secret-1", "a-token-of-the-closed-loop"
"""Made up, for an exchange on this machine; told by the environment, as real ones are."""
KEY_NAME, SECRET_NAME, TOKEN_NAME = "LOOP_API_KEY", "LOOP_API_SECRET", "LOOP_TOKEN"

SAFETY = "{max_notional: off, max_placements_per_minute: off}"
"""The market is far wilder than a real one; caps that are derived for a real one would hold the
strategies back most of the time."""

_OTHERS = ("BYBIT_SIM_", "EVENTSAVER_", "GRIDBOT_")
"""What a user has told these programs about other runs is not for this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A grid on one symbol, with equal amounts in base units and steps in percent."""

    strat_id: str
    symbol: str
    amount: str
    grid_count: int = 20
    grid_step: str = "0.05"


TWO_STRATEGIES = (
    Strategy(strat_id="demo_btc", symbol="BTCUSDT", amount="b0.004"),
    Strategy(strat_id="demo_eth", symbol="ETHUSDT", amount="b0.1"),
)
THREE_STRATEGIES = (
    *TWO_STRATEGIES,
    Strategy(strat_id="demo_sol", symbol="SOLUSDT", amount="b2"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fills:
    """How the simulated exchange fills: its model, parts of a thousand, latency in milliseconds."""

    model: str = "strict_cross"
    partial_per_mille: int = 200
    latency_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where everything of one mission stands: ports, files, and how the programs are set up."""

    folder: Path
    seed: int
    market: Market
    strategies: Sequence[Strategy]
    fills: Fills
    exchange_port: int
    recorder_port: int
    bot_port: int

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is traded and recorded."""
        return tuple(one.symbol for one in self.strategies)

    @property
    def database_url(self) -> str:
        """The recording."""
        path = self.folder / "recording.db"
        return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)

    @property
    def journals(self) -> Path:
        """The folder of the bot's journals."""
        return self.folder / "data" / "accounts" / ACCOUNT / "journal"

    @property
    def partial_fills_seed(self) -> str:
        """The text from which the exchange draws the parts of this account's orders."""
        return f"{self.seed} {UID}"

    def file(self, name: str) -> Path:
        """The configuration of a program."""
        return self.folder / f"{name}.yaml"

    def write(self) -> None:
        """Write the three configurations. YAML takes JSON's texts, whatever a path holds."""
        for name, content in (
            ("bybit_sim", self._exchange()),
            ("event_saver", self._recorder()),
            ("gridbot", self._bot()),
        ):
            self.file(name).write_text(content, encoding="utf-8")

    def environment(self) -> Mapping[str, str]:
        """What the programs see: the secrets, no proxy for this machine, nobody else's settings."""
        others = {name: text for name, text in os.environ.items() if not name.startswith(_OTHERS)}
        return {
            **others,
            KEY_NAME: KEY,
            SECRET_NAME: SECRET,
            TOKEN_NAME: TOKEN,
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            "XDG_STATE_HOME": str(self.folder / "own"),
        }

    def _exchange(self) -> str:
        tickers = ",".join(f"tickers.{symbol}" for symbol in self.symbols)
        symbols = ",".join(self.symbols)
        settle = [
            f"http://{HOST}:{self.bot_port}/api/settled#{UID},{tickers}",
            f"http://{HOST}:{self.recorder_port}/settle#{symbols},{UID}",
        ]
        tapes = "".join(
            f"  {symbol}: {{tape: {_text(self.market.tapes[symbol])}}}\n" for symbol in self.symbols
        )
        return (
            f"port: {self.exchange_port}\n"
            f"seed: {self.seed}\n"
            "speed: lockstep\n"
            "vip_level: 3\n"
            f"settle: {json.dumps(settle)}\n"
            f"symbols:\n{tapes}"
            "accounts:\n"
            f"  - name: {ACCOUNT}\n"
            f"    uid: {UID}\n"
            f"    keys: [{{key: {KEY}, secret: {SECRET}}}]\n"
            f"    balance: {BALANCE}\n"
            f"    maker_fee: {MAKER_FEE}\n"
            f"    fill_model: {self.fills.model}\n"
            f"    partial_fills: {self.fills.partial_per_mille}\n"
            f"    latency_ms: {self.fills.latency_ms}\n"
        )

    def _recorder(self) -> str:
        strategies = "".join(
            f"      - {{strat_id: {one.strat_id}, symbol: {one.symbol}}}\n"
            for one in self.strategies
        )
        return (
            f"exchange: http://{HOST}:{self.exchange_port}\n"
            f"symbols: [{', '.join(self.symbols)}]\n"
            f"database_url: {_text(self.database_url)}\n"
            "journal_folder: recorder_journal\n"
            f"port: {self.recorder_port}\n"
            "lockstep: true\n"
            "accounts:\n"
            f"  - name: {ACCOUNT}\n"
            f'    api_key: "env:{KEY_NAME}"\n'
            f'    api_secret: "env:{SECRET_NAME}"\n'
            f"    strategies:\n{strategies}"
        )

    def _bot(self) -> str:
        strategies = "".join(
            f"  - {{strat_id: {one.strat_id}, account: {ACCOUNT}, symbol: {one.symbol}, "
            f"amount: {one.amount}, grid_count: {one.grid_count}, grid_step: {one.grid_step}}}\n"
            for one in self.strategies
        )
        return (
            "accounts:\n"
            f"  - name: {ACCOUNT}\n"
            f'    api_key: "env:{KEY_NAME}"\n'
            f'    api_secret: "env:{SECRET_NAME}"\n'
            f'    environment: "http://{HOST}:{self.exchange_port}"\n'
            f"strategies:\n{strategies}"
            f"safety: {SAFETY}\n"
            "lockstep: true\n"
            "data_folder: data\n"
            f"database_url: {_text(self.database_url)}\n"
            f'surface: {{port: {self.bot_port}, token: "env:{TOKEN_NAME}"}}\n'
        )


def stage_on(
    folder: Path, market: Market, strategies: Sequence[Strategy], fills: Fills, seed: int
) -> Stage:
    """A stage in `folder`, on ports that are free just now."""
    exchange, recorder, bot = free_ports(3)
    return Stage(
        folder=folder,
        seed=seed,
        market=market,
        strategies=tuple(strategies),
        fills=fills,
        exchange_port=exchange,
        recorder_port=recorder,
        bot_port=bot,
    )


def _text(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)
