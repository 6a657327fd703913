from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from appkit.exits import UserError
from gridbot.config.model import GridbotConfig
from gridbot.setups import account_config, config_hash, policies_of, session_of, setup_of
from gridbot.terms import SymbolTerms
from gridcore.config import CloseGate, IdentitySalt, SidePolicy, SizingConfig
from gridcore.session.effects import TimeInForce
from gridcore.session.ownership import ForeignOrders, OrphanOrders

MakeTerms = Callable[..., SymbolTerms]
MAIN = {"name": "main", "api_key": "env:KEY", "api_secret": "env:SECRET"}
SPARE = {"name": "spare", "api_key": "env:KEY2", "api_secret": "env:SECRET2"}


def config(strategy: dict[str, Any] | None = None, **changes: Any) -> GridbotConfig:
    grid = {"strat_id": "grid", "account": "main", "symbol": "BTCUSDT"} | (strategy or {})
    return GridbotConfig.model_validate({"accounts": [MAIN], "strategies": [grid]} | changes)


def test_a_setup_is_the_configuration_at_the_exchanges_terms(make_terms: MakeTerms) -> None:
    found = config({"amount": "25", "grid_step": "0.4"}, safety={"audit_orders_s": 5})
    terms = make_terms(leverage=Decimal(7))

    setup = setup_of(found, found.strategies[0], terms)

    assert setup.sizing == SizingConfig(amount="25", leverage=Decimal(7))
    assert (setup.strat_id, setup.taker_fee) == ("grid", Decimal("0.00055"))
    assert (setup.grid.grid_step, setup.safety.audit_orders_s) == (Decimal("0.4"), 5)
    assert setup.instrument == terms.instrument


def test_what_else_a_strategy_states_reaches_the_kernel(make_terms: MakeTerms) -> None:
    found = config(
        {
            "side_policy": "on_fill",
            "close_gate": "strict",
            "time_in_force": "GTC",
            "identity_salt": "none",
            "anchor_price": "99000.5",
            "max_margin": "3",
        }
    )

    setup = setup_of(found, found.strategies[0], make_terms())

    assert (setup.grid.side_policy, setup.close_gate) == (SidePolicy.ON_FILL, CloseGate.STRICT)
    assert (setup.time_in_force, setup.salt) == (TimeInForce.GTC, IdentitySalt.NONE)
    assert (setup.anchor_price, setup.risk.max_margin) == (Decimal("99000.5"), Decimal(3))


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ({"tick_size": "0.5"}, "tick_size 0.5 of the configuration contradicts the exchange's 0.1"),
        ({"leverage": 5}, "leverage 5 of the configuration contradicts the exchange's 10"),
    ],
)
def test_a_hand_written_fact_that_is_wrong_refuses_the_start(
    make_terms: MakeTerms, strategy: dict[str, Any], reason: str
) -> None:
    """A05, L116."""
    found = config(strategy)

    with pytest.raises(UserError, match=reason):
        setup_of(found, found.strategies[0], make_terms())


def test_a_hand_written_fact_that_is_right_changes_nothing(make_terms: MakeTerms) -> None:
    checked = config({"tick_size": "0.10", "leverage": "10.0"})

    setup = setup_of(checked, checked.strategies[0], make_terms())

    assert setup == setup_of(config(), config().strategies[0], make_terms())


def test_what_forbids_trading_refuses_the_setup(make_terms: MakeTerms) -> None:
    """W21."""
    found = config()

    with pytest.raises(UserError, match="strategy grid: BTCUSDT is in one-way mode"):
        setup_of(found, found.strategies[0], make_terms(hedge_mode=False))
    with pytest.raises(UserError, match="expected a leverage from the exchange"):
        setup_of(found, found.strategies[0], make_terms(leverage=None))


def test_a_leverage_that_the_kernel_cannot_take_is_refused(make_terms: MakeTerms) -> None:
    found = config()

    with pytest.raises(UserError, match="strategy grid: leverage: expected a number from 1 to 125"):
        setup_of(found, found.strategies[0], make_terms(leverage=Decimal(126)))


def test_a_session_bears_its_accounts_name(make_terms: MakeTerms) -> None:
    found = config(orphan_orders="cancel", foreign_orders="refuse")
    setup = setup_of(found, found.strategies[0], make_terms())

    session = session_of(found, found.accounts[0], [setup])

    assert session.account_id == "main"
    policies = policies_of(found)
    assert (policies.orphan_orders, policies.foreign_orders) == (
        OrphanOrders.CANCEL,
        ForeignOrders.REFUSE,
    )


def test_the_hash_depends_on_what_decisions_depend_on_and_on_nothing_else() -> None:
    plain = config()
    main = plain.accounts[0]

    same = [
        config(on_stop="cancel_all"),
        config(surface={"port": 1}),
        config(accounts=[MAIN | {"api_key": "env:OTHER"}]),
        config({"grid_step": "0.20"}),
    ]
    others = [
        config({"grid_step": "0.3"}),
        config(safety={"audit_orders_s": 5}),
        config(foreign_orders="cancel"),
        config(accounts=[MAIN | {"environment": "mainnet"}]),
    ]
    assert {config_hash(one, one.accounts[0]) for one in same} == {config_hash(plain, main)}
    assert config_hash(plain, main) not in {config_hash(one, one.accounts[0]) for one in others}
    assert len({config_hash(one, one.accounts[0]) for one in others}) == len(others)


def test_an_accounts_configuration_holds_its_own_strategies_and_no_secret() -> None:
    both = config(
        accounts=[MAIN, SPARE],
        strategies=[
            {"strat_id": "a", "account": "main", "symbol": "BTCUSDT"},
            {"strat_id": "b", "account": "spare", "symbol": "BTCUSDT"},
        ],
    )

    text = account_config(both, both.account("spare")).model_dump_json()

    assert '"b"' in text
    assert '"a"' not in text
    assert "SECRET" not in text
