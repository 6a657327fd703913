"""The configuration of a simulated exchange, as a user writes it; what it means is serve's matter.

Every key either has an effect or is refused with the reason.
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from appkit.configuration import StrictModel, load
from appkit.instruments import InstrumentKeys
from bybit_sim.rest import rsa
from simvenue.messages import FillModel

DEFAULT_PORT = 18080
LOCKSTEP = "lockstep"
WORD = r"^[\x21-\x7e]{1,128}$"
SPEED = re.compile(r"max|lockstep|(?=.*[1-9])\d{1,4}(\.\d{1,3})?x")


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("expected a finite number")
    return value


def _not_float(value: Any) -> Any:
    """A float has lost the digits that were written."""
    if isinstance(value, float):
        raise ValueError("expected a number written as text or as a Decimal, not as a float")
    return value


def _speed(text: str) -> str:
    if SPEED.fullmatch(text) is None:
        raise ValueError("expected 1x, 60x or another factor, max, or lockstep")
    return text


def _secret(text: str) -> str:
    """A word, or the public half of an RSA key in PEM: the client signs with the private half."""
    if text.startswith(rsa.PEM_BEGINS):
        rsa.verifies(text, b"", "")
    elif re.fullmatch(WORD, text) is None:
        raise ValueError("expected 1 to 128 characters without spaces, or an RSA public key in PEM")
    return text


def _settle_url(text: str) -> str:
    if re.fullmatch(r"https?://[^\s/]+(/\S*)?", text) is None:
        raise ValueError("expected an URL such as http://127.0.0.1:9000/settled")
    return text


Number = Annotated[Decimal, BeforeValidator(_not_float), AfterValidator(_finite)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
FeeRate = Annotated[Number, Field(ge=Decimal("-0.01"), le=Decimal("0.01"))]
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9._-]{1,31}$")]
Word = Annotated[str, Field(pattern=WORD)]
Secret = Annotated[str, Field(max_length=4096), AfterValidator(_secret)]
Speed = Annotated[str, AfterValidator(_speed)]
SettleUrl = Annotated[str, AfterValidator(_settle_url)]


class SymbolConfig(StrictModel):
    """One symbol: its tape, and what of its instrument differs from what is built in."""

    tape: Path | None = None
    price: Positive | None = None
    instrument: InstrumentKeys = InstrumentKeys()

    @model_validator(mode="after")
    def _price_is_for_a_synthetic_market(self) -> "SymbolConfig":
        if self.tape is not None and self.price is not None:
            raise ValueError(
                "price has no effect beside a tape: it begins a synthetic market; remove one"
            )
        return self


class SynthConfig(StrictModel):
    """The market without end that is played when no symbol has a tape."""

    trades_per_second: Annotated[Number, Field(gt=0, le=10_000)] = Decimal(5)
    volatility_pct: Annotated[Number, Field(gt=0, le=5000)] = Decimal(60)
    tickers: bool = True


class KeyConfig(StrictModel):
    """One API key of an account."""

    key: Word
    secret: Secret
    read_only: bool = False
    expired: bool = False
    ips: tuple[str, ...] = ("*",)


class AccountConfig(StrictModel):
    """One account: its keys, its money, and how its orders fill."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    uid: Annotated[int, Field(gt=0, lt=10**12)]
    keys: Annotated[tuple[KeyConfig, ...], Field(min_length=1)]
    balance: NotNegative = Decimal(10000)
    maker_fee: FeeRate = Decimal("0.0002")
    taker_fee: FeeRate = Decimal("0.00055")
    leverage: dict[Symbol, Annotated[Number, Field(ge=1, le=1000)]] = Field(default_factory=dict)
    hedge_mode: bool = True
    fill_model: FillModel = FillModel.STRICT_CROSS
    partial_fills: Annotated[int, Field(ge=0, le=1000)] = 0
    latency_ms: Annotated[int, Field(ge=0, le=60_000)] = 0


def demo_accounts() -> tuple[AccountConfig, ...]:
    """The two accounts there are when nobody configures any; the second has odd keys too."""
    return (
        AccountConfig(
            name="demo-1", uid=100001, keys=(KeyConfig(key="demo-key-1", secret="demo-secret-1"),)
        ),
        AccountConfig(
            name="demo-2",
            uid=100002,
            keys=(
                KeyConfig(key="demo-key-2", secret="demo-secret-2"),
                KeyConfig(key="demo-key-2-readonly", secret="demo-secret-2", read_only=True),
                KeyConfig(key="demo-key-2-expired", secret="demo-secret-2", expired=True),
            ),
        ),
    )


def _demo_symbols() -> dict[str, SymbolConfig]:
    return {symbol: SymbolConfig() for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT")}


class SimConfig(StrictModel):
    """A whole simulated exchange. The defaults work without any file."""

    port: Annotated[int, Field(ge=0, le=65535)] = DEFAULT_PORT
    seed: Annotated[int, Field(ge=0)] = 1
    speed: Speed = "1x"
    settle: tuple[SettleUrl, ...] = ()
    ticker_interval_ms: Annotated[int, Field(gt=0, le=60_000)] = 100
    symbols: Annotated[dict[Symbol, SymbolConfig], Field(min_length=1, max_length=50)] = Field(
        default_factory=_demo_symbols
    )
    synth: SynthConfig = SynthConfig()
    accounts: Annotated[tuple[AccountConfig, ...], Field(min_length=1, max_length=100)] = Field(
        default_factory=demo_accounts
    )
    faults: Path | None = None
    fault_seed: int | None = None
    fault_minutes: Annotated[int, Field(gt=0, le=10_000)] = 10
    vip_level: Annotated[int, Field(ge=0, le=3)] = 0
    address_limit: bool = True
    answer_delay_ms: Annotated[int, Field(ge=0, le=1000)] = 5
    idle_cut_s: Annotated[int, Field(gt=0, le=86_400)] = 600
    idle_scan_s: Annotated[int, Field(gt=0, le=600)] = 30

    @model_validator(mode="after")
    def _must_fit_together(self) -> "SimConfig":
        if self.settle and self.speed != LOCKSTEP:
            raise ValueError(
                f"settle has no effect at speed {self.speed}; write `speed: lockstep` or remove it"
            )
        _refuse_twice("uid", [str(account.uid) for account in self.accounts])
        _refuse_twice("name", [account.name for account in self.accounts])
        _refuse_twice("key", [key.key for account in self.accounts for key in account.keys])
        taped = [symbol for symbol, one in self.symbols.items() if one.tape is not None]
        if taped and len(taped) < len(self.symbols):
            missing = sorted(set(self.symbols) - set(taped))
            raise ValueError(
                f"expected a tape for every symbol or for none; {', '.join(missing)} has none"
            )
        for account in self.accounts:
            for symbol in account.leverage:
                if symbol not in self.symbols:
                    raise ValueError(
                        f"account {account.name}: leverage of {symbol}, which is not among symbols"
                    )
        return self


def _refuse_twice(key: str, values: list[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"expected a different {key} for each account; {', '.join(twice)} twice")


def load_config(path: Path) -> SimConfig:
    """Read a configuration file, or refuse it with every problem and its place."""
    return load(SimConfig, path)
