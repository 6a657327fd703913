"""Why drawn mutants that no test notices are right to live.

A mutant that is missing here and survives is a hole in the tests, or a reason to be written.
"""

NO_REASON = "no reason given"

SURVIVORS: dict[str, str] = {
    "session/account.py:AccountSession.handle:f4cf4873": (
        "The flag spares a comparison. Without it the loss is judged after every event, with the "
        "same result, as only what sets the flag moves it."
    ),
    "session/booked_leg.py:BookedLeg.__init__:7625c1d7": ("No instant lies below 0."),
    "session/deadlines.py:Deadlines.due:2ebe545c": (
        "A short way: when the earliest deadline is not due the selection below finds none."
    ),
    "session/exposure.py:Exposure._refresh:a641e131": (
        "A short way: with the same positions and orders the values below come out the same."
    ),
    "session/exposure.py:Exposure._refresh:72a2852c": (
        "The version spares a calculation. Without it the same values are found every time."
    ),
    "session/listings.py:ListingDesk._settle:d1604946": (
        "The placement may be sent again at once, and the next ticker does so without a timer."
    ),
    "session/order_desk.py:OrderDesk.execution:747d4d19": (
        "Of two equal quantities either will do."
    ),
    "session/risk_watch.py:RiskWatch.legs:c8e0efc5": (
        "No version is -1, so the first call finds the legs either way; later ones only find them "
        "anew."
    ),
    "session/risk_watch.py:RiskWatch.verdict:82a2bb5e": (
        "A short way: rules that are switched off, or have no position, answer neutral themselves."
    ),
    "session/strategy.py:Strategy.quiet_band:9d9f3100": (
        "Of two equal bounds either is the bound."
    ),
    "session/strategy.py:Strategy.quiet_band:40c8a720": (
        "Of two equal bounds either is the bound."
    ),
}
"""The mutant's identity, as `python -m tools.mutation --drawn` prints it, and the reason."""


def reason_of(identity: str) -> str:
    """Why the mutant survives."""
    return SURVIVORS.get(identity, NO_REASON)
