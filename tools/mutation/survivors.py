"""Why drawn mutants that no test notices are right to live.

A mutant that is missing here and survives is a hole in the tests, or a reason to be written.
"""

NO_REASON = "no reason given"

SURVIVORS: dict[str, str] = {}
"""The mutant's identity, as `python -m tools.mutation --drawn` prints it, and the reason."""


def reason_of(identity: str) -> str:
    """Why the mutant survives."""
    return SURVIVORS.get(identity, NO_REASON)
