"""Fault plans as files: YAML or JSON with one list `faults`, or a seed of the fault campaign.

It refuses to know how faults act.
"""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from pydantic import Field, model_validator

from appkit.configuration import StrictModel, load
from bybit_sim.exchange.words import Row
from bybit_sim.faults.kinds import complaint
from bybit_sim.faults.scenarios import from_scenario
from bybit_sim.faults.words import Fault, WireFault
from simvenue.campaign.scenarios import scenario_of


class FaultEntry(StrictModel):
    """One fault as a file states it; the keys are those of `Fault`."""

    kind: WireFault
    from_ms: int
    until_ms: int
    target: str = "*"
    uid: int | None = None
    chance: int = 1000
    amount: int = 0
    detail: str = Field(default="", max_length=200)
    count: int | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "FaultEntry":
        found = complaint(self.fault())
        if found is not None:
            raise ValueError(found)
        return self

    def fault(self) -> Fault:
        """The entry as the value that a board takes."""
        return Fault(**{part.name: getattr(self, part.name) for part in fields(Fault)})


class PlanFile(StrictModel):
    """A whole plan; `scenario` is the seed of a scenario of simvenue's fault campaign."""

    faults: tuple[FaultEntry, ...] = ()
    scenario: int | None = Field(default=None, ge=0)


def load_plan(path: Path) -> tuple[Fault, ...]:
    """The faults of a file; ConfigurationRefused names the line of everything that is wrong."""
    plan = load(PlanFile, path)
    stated = tuple(entry.fault() for entry in plan.faults)
    if plan.scenario is None:
        return stated
    return stated + from_scenario(scenario_of(plan.scenario)).faults


def plan_row(faults: Sequence[Fault]) -> Row:
    """A plan as one JSON object; written into a file, `load_plan` gives the faults back."""
    return {"faults": [fault_row(fault) for fault in faults]}


def fault_row(fault: Fault) -> Row:
    """One fault as plain values under the keys of a file, without those that have their default."""
    row: Row = {"kind": fault.kind.value}
    for part in fields(Fault)[1:]:
        value = getattr(fault, part.name)
        if value != part.default:
            row[part.name] = value
    return row
