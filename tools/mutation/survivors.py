"""Why drawn mutants that no test notices are right to live.

A mutant that is missing here and survives is a hole in the tests, or a reason to be written.
"""

NO_REASON = "no reason given"

SURVIVORS: dict[str, str] = {
    "session/account.py:AccountSession.handle:f4cf4873": (
        "The flag spares a comparison. Without it the loss is judged after every event, with the "
        "same result, as only what sets the flag moves it."
    ),
    "session/deadlines.py:Deadlines.due:2ebe545c": (
        "A short way: when the earliest deadline is not due the selection below finds none."
    ),
    "session/exposure.py:Exposure._refresh:a641e131": (
        "A short way: with the same positions and orders the values below come out the same."
    ),
    "session/risk_watch.py:RiskWatch.verdict:82a2bb5e": (
        "A short way: rules that are switched off, or have no position, answer neutral themselves."
    ),
    "session/strategy.py:Strategy.quiet_band:40c8a720": (
        "Of two equal bounds either is the bound."
    ),
}
"""The mutant's identity, as `python -m tools.mutation --drawn` prints it, and the reason."""


def reason_of(identity: str) -> str:
    """Why the mutant survives."""
    return SURVIVORS.get(identity, NO_REASON)
