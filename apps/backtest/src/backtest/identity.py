"""The identity that a run must satisfy: what the account gained is what its fills, fees and funding
explain. It reads the outcome and refuses to mend it."""

from decimal import Decimal

from appkit.decimals import plain_text
from backtest.cycles import Pairing
from backtest.outcome import MONEY_UNIT, RunOutcome
from gridcore.message import message
from gridcore.session.effects import LedgerKind

_SHOWN = Decimal("1e-10")


class IdentityViolated(Exception):
    """The account's gain is not explained by what happened in it; the text has the numbers."""


@message
class Identity:
    """total = cycles + inventory - fees - funding + cash, all in USDT.

    `total` is final equity less initial balance. `cycles` and `inventory` come from pairing lots,
    `fees`, `funding` (positive: paid) and `cash` from the ledger, so the two books check each
    other. `tolerance` is 1e-8 for every ledger entry, since each is rounded to 1e-8 once.
    """

    total: Decimal
    cycles: Decimal
    inventory: Decimal
    fees: Decimal
    funding: Decimal
    cash: Decimal
    difference: Decimal
    tolerance: Decimal
    unmatched: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the difference is within rounding and every close had something to close."""
        return abs(self.difference) <= self.tolerance and not self.unmatched

    def require(self) -> None:
        """Raise IdentityViolated with all numbers unless the identity holds."""
        if self.holds:
            return
        unmatched = f"; closed without having been opened: {', '.join(self.unmatched)}"
        raise IdentityViolated(
            f"the books do not balance: total {_text(self.total)} = cycles {_text(self.cycles)} + "
            f"inventory {_text(self.inventory)} - fees {_text(self.fees)} - funding "
            f"{_text(self.funding)} + cash {_text(self.cash)} is off by {_text(self.difference)} "
            f"(allowed: {_text(self.tolerance)}){unmatched if self.unmatched else ''}"
        )


def _text(amount: Decimal) -> str:
    return plain_text(amount.quantize(_SHOWN))


def check_identity(outcome: RunOutcome, pairing: Pairing) -> Identity:
    """Compute the identity of a finished run; it is up to the caller to require it."""
    sums = dict.fromkeys(LedgerKind, Decimal(0))
    for entry in outcome.ledger:
        sums[entry.kind] += entry.amount
    held = {name for name, part in pairing.symbols.items() if part.long or part.short}
    marks = {leg.symbol: leg.mark for leg in outcome.legs if leg.mark is not None}
    unmatched = [
        f"{part.unmatched} of {name}" for name, part in pairing.symbols.items() if part.unmatched
    ]
    unmatched += [f"{name} is held but has no mark" for name in sorted(held - marks.keys())]
    inventory = pairing.inventory(marks) if held <= marks.keys() else Decimal(0)
    total = outcome.final_equity - outcome.initial_balance
    fees, funding = -sums[LedgerKind.FEE], -sums[LedgerKind.FUNDING]
    # The ledger opens with the initial balance, so that its sum is the wallet.
    cash = sums[LedgerKind.CASH] - outcome.initial_balance
    return Identity(
        total=total,
        cycles=pairing.profit,
        inventory=inventory,
        fees=fees,
        funding=funding,
        cash=cash,
        difference=total - (pairing.profit + inventory - fees - funding + cash),
        tolerance=MONEY_UNIT * len(outcome.ledger),
        unmatched=tuple(unmatched),
    )
