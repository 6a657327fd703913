"""What was wrong with recorded margins, liquidation prices and books."""

from bbu_reference.framework import Rule

IGNORED_LEVERAGE = Rule(
    name="ignored_leverage",
    reason="Initial margin ignored the leverage whenever a tier matched; it is value * "
    "max(1 / leverage, tier rate).",
    adr="0012",
)
BAD_LEVERAGE = Rule(
    name="bad_leverage",
    reason="A leverage of 0 or below passed; it is refused.",
    adr="0012",
)
NO_TIERS = Rule(
    name="no_tiers",
    reason="An empty tier table gave a margin without tiers; it is refused.",
)
TEXT_NUMBERS = Rule(
    name="text_numbers",
    reason="A number was taken over with the dust of its float; it is read through its text.",
)
UNKNOWN_PRICE = Rule(
    name="unknown_price",
    reason="A price of 0 gave a liquidation ratio of 0, which reads as safe; it has no ratio.",
)
ENTRY_REFERENCE = Rule(
    name="entry_reference",
    reason="The liquidation price of a pair took the leg's entry as its reference; it is the price "
    "at which wallet and profit of both legs equal the maintenance margin there.",
    adr="0013",
)
MONEY_QUANTUM = Rule(
    name="money_quantum",
    reason="Realised profit, fee or funding carried the digits of a division; every entry is "
    "rounded once, half-even, to 1e-8.",
    adr="0014",
)
OVER_CLOSE = Rule(
    name="over_close",
    reason="A close beyond the position was charged a fee on its full quantity; the exchange cuts "
    "the order, and the fee is on what closed.",
    adr="0014",
)
