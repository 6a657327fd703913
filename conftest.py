"""How Hypothesis searches in every test of the tree, and the options of the whole run."""

import os

import pytest
from hypothesis import HealthCheck, settings

# No deadline: a busy machine is not a defect. In CI the search is the same for the same code, so
# that a red run is about the change.
settings.register_profile(
    "tree",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tree")

pytest_plugins = [
    "tests.account_setups",
    "tests.databases",
    "tests.session_lives",
    "tools.untraced",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--live-testnet`: hold Bybit's testnet to the contract instead of bybit_sim."""
    parser.addoption(
        "--live-testnet",
        action="store_true",
        help="run tests/contract against testnet (BYBIT_TESTNET_KEY, BYBIT_TESTNET_SECRET)",
    )
