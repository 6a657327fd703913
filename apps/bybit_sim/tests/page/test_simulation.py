"""What the page asks of a simulator is what a simulator offers."""

from typing import Any

from bybit_sim.page.admin import Admin
from bybit_sim.page.simulation import Simulation


def test_the_tests_simulator_is_one_for_the_admin(simulation: Any) -> None:
    offered: Simulation = simulation

    assert [path for _, path, _ in Admin(offered).table()][:2] == ["/sim", "/sim/state"]
