from pathlib import Path

import pytest
import yaml

from gridbot.config.load import load_config
from gridbot.config.template import DEFAULTS, filled, problem_with

EXAMPLE = Path(__file__).parents[4] / "conf" / "gridbot.example.yaml"


def test_the_shipped_example_is_the_template_with_its_defaults() -> None:
    assert filled({}) == EXAMPLE.read_text(encoding="utf-8")


def test_the_example_writes_out_nothing_but_defaults() -> None:
    """What is shown as a default is one, so that nobody copies a surprise."""
    config = load_config(EXAMPLE, {})
    accounts = [{"name": "main", "api_key": "env:BYBIT_API_KEY", "api_secret": "env:X"}]
    strategies = [{"strat_id": "btc_grid", "account": "main", "symbol": "BTCUSDT"}]

    least = type(config).model_validate({"accounts": accounts, "strategies": strategies})

    hidden = {"accounts", "data_folder"}
    assert config.model_dump(exclude=hidden) == least.model_dump(exclude=hidden)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account", 'say "hi": #1'),
        ("account", "true"),
        ("account", "a-very-long-name-of-an-account-that-needs-more-room"),
        ("strat_id", "größe"),
        ("api_key", "file:/run/secrets/my key"),
        ("amount", "b0.001"),
    ],
)
def test_any_answer_comes_back_as_it_was_given(name: str, value: str) -> None:
    written = yaml.safe_load(filled({name: value}))

    places = {
        "account": written["accounts"][0]["name"],
        "api_key": written["accounts"][0]["api_key"],
        "strat_id": written["strategies"][0]["strat_id"],
        "amount": written["strategies"][0]["amount"],
    }
    assert places[name] == value
    assert problem_with({name: value}) is None


def test_an_answer_that_the_configuration_refuses_is_explained() -> None:
    assert problem_with({"symbol": "btc"}) == "expected a symbol such as BTCUSDT, found 'btc'"
    assert problem_with({}) is None


def test_an_answer_to_no_question_is_a_defect() -> None:
    with pytest.raises(KeyError, match="colour"):
        filled({**DEFAULTS, "colour": "red"})
