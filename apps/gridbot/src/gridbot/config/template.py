"""The commented configuration that a new user starts from, with a few answers filled in.

conf/gridbot.example.yaml is this text with the defaults.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from appkit.configuration import ConfigurationRefused, parse
from gridbot.config.load import MIGRATIONS
from gridbot.config.model import GridbotConfig

DEFAULTS: Mapping[str, str] = {
    "account": "main",
    "environment": "testnet",
    "api_key": "env:BYBIT_API_KEY",
    "api_secret": "env:BYBIT_API_SECRET",
    "symbol": "BTCUSDT",
    "strat_id": "btc_grid",
    "grid_count": "50",
    "grid_step": "0.2",
    "amount": "x0.001",
    "on_stop": "leave",
}
"""The answers that may be left out, in the order in which they are asked for."""

_BLANK = re.compile(r"<<(?P<name>\w+)>>(?P<room> *)(?P<comment>#)?")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_:/.-]*|\d+(\.\d+)?")
_ALWAYS_QUOTED = frozenset({"amount"})
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null"})


def filled(answers: Mapping[str, str]) -> str:
    """The commented configuration; answers left out take their defaults, KeyError for others."""
    values = {**DEFAULTS, **answers}
    if values.keys() != DEFAULTS.keys():
        raise KeyError(sorted(values.keys() - DEFAULTS.keys()))

    def value(blank: re.Match[str]) -> str:
        text = _in_yaml(blank["name"], values[blank["name"]])
        if blank["comment"] is None:
            return text + blank["room"]
        room = len(blank[0]) - 1
        return f"{text:<{room}}#" if len(text) < room else f"{text} #"

    template = files("gridbot.config").joinpath("gridbot.yaml.template")
    return _BLANK.sub(value, template.read_text(encoding="utf-8"))


def problem_with(answers: Mapping[str, str]) -> str | None:
    """What is wrong with these answers, in words that never repeat a secret; None: nothing."""
    try:
        parse(GridbotConfig, filled(answers), Path("answers"), migrations=MIGRATIONS)
    except ConfigurationRefused as refused:
        return "; ".join(problem.text for problem in refused.problems)
    return None


def _in_yaml(name: str, text: str) -> str:
    plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS
    return text if plain and name not in _ALWAYS_QUOTED else json.dumps(text, ensure_ascii=False)
