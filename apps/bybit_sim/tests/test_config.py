from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from Crypto.PublicKey import RSA

from appkit.configuration import ConfigurationRefused
from appkit.exits import UserError
from bybit_sim.config import AccountConfig, KeyConfig, SimConfig, load_config

EXAMPLE = Path(__file__).parents[3] / "conf" / "bybit_sim.example.yaml"
ACCOUNT = "{name: a, uid: 1, keys: [{key: k, secret: s}]}"


def loaded(folder: Path, text: str) -> SimConfig:
    file = folder / "sim.yaml"
    file.write_text(text)
    return load_config(file)


def test_without_a_file_there_are_two_accounts_and_three_symbols() -> None:
    config = SimConfig()

    assert list(config.symbols) == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert [account.name for account in config.accounts] == ["demo-1", "demo-2"]
    kinds = [(key.read_only, key.expired) for key in config.accounts[1].keys]
    assert kinds == [(False, False), (True, False), (False, True)]


def test_the_example_says_what_the_defaults_are() -> None:
    assert load_config(EXAMPLE) == SimConfig()


def test_everything_of_an_account_can_be_stated(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
        symbols: {BTCUSDT: {}}
        accounts:
          - name: a
            uid: 5
            keys: [{key: k, secret: s, read_only: true, ips: ["10.0.0.1"]}]
            balance: 250.5
            maker_fee: -0.0001
            leverage: {BTCUSDT: 25}
            fill_model: queue
            partial_fills: 300
            latency_ms: 80
        """,
    )

    (account,) = config.accounts
    assert account.balance == Decimal("250.5")
    assert account.maker_fee == Decimal("-0.0001")
    assert account.leverage == {"BTCUSDT": Decimal(25)}
    assert account.keys[0].ips == ("10.0.0.1",)


@pytest.mark.parametrize("speed", ["1x", "60x", "0.5x", "max", "lockstep"])
def test_speeds_that_exist_are_accepted(speed: str) -> None:
    assert SimConfig(speed=speed).speed == speed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("speed: fast", "1x"),
        ("speed: 0x", "1x"),
        ("port: 70000", "65535"),
        ("settle: ['http://127.0.0.1:1/x']", "lockstep"),
        ("{speed: lockstep, settle: [nowhere]}", "URL"),
        (f"accounts: [{ACCOUNT}, {ACCOUNT}]", "different uid"),
        ("accounts: []", "accounts"),
        ("accounts: [{name: a, uid: 1, keys: []}]", "keys"),
        ("symbols: {BTCUSDT: {tape: t}, ETHUSDT: {}}", "a tape for every symbol"),
        ("symbols: {BTCUSDT: {tape: t, price: 5}}", "price has no effect"),
        ("symbols: {btc: {}}", "btc"),
        (
            "accounts: [{name: a, uid: 1, keys: [{key: k, secret: s}], leverage: {XRPUSDT: 5}}]",
            "not among symbols",
        ),
        ("sped: 1x", "speed"),
        ("accounts: [{name: a, uid: 1, keys: [{key: k, secret: a b}]}]", "secret"),
        (
            "accounts: [{name: a, uid: 1, keys: [{key: k, secret: '-----BEGIN PUBLIC KEY-----'}]}]",
            "RSA public key",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_expected(
    tmp_path: Path, text: str, expected: str
) -> None:
    with pytest.raises((ConfigurationRefused, UserError)) as refused:
        loaded(tmp_path, text)

    assert expected in str(refused.value)


def test_the_public_half_of_an_rsa_key_may_stand_for_the_secret() -> None:
    pem = RSA.generate(1024).public_key().export_key().decode() + "\n"

    key = KeyConfig.model_validate({"key": "k", "secret": pem})

    assert key.secret == pem


def test_two_accounts_may_not_share_a_key() -> None:
    def account(uid: int) -> dict[str, Any]:
        return {"name": f"a{uid}", "uid": uid, "keys": ({"key": "same", "secret": "s"},)}

    accounts = tuple(AccountConfig.model_validate(account(uid)) for uid in (1, 2))

    with pytest.raises(ValueError, match="same twice"):
        SimConfig(accounts=accounts)
