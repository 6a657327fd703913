"""What was wrong with recorded comparisons of live and backtest trades."""

from bbu_reference.framework import Rule

TWO_MEDIANS = Rule(
    name="two_medians",
    reason="The median of an even number of deltas was the upper of the middle two in one place "
    "and their mean in another; it is their mean.",
    adr="0050",
)
SHIFTED_PAIRS = Rule(
    name="shifted_pairs",
    reason="Trades paired by their number within an id, so that a missing one shifted all later "
    "pairs, also onto another side or another day; they pair by side and time at the least cost.",
    adr="0051",
)
UNKNOWN_DIRECTION = Rule(
    name="unknown_direction",
    reason="A trade without a direction counted as short; it is what its side and profit say.",
    adr="0052",
)
UNNUMBERED = Rule(
    name="unnumbered",
    reason="Trades that were not numbered overwrote one another; every table numbers its rows.",
    adr="0052",
)
MIXED_ORDER = Rule(
    name="mixed_order",
    reason="Executions of another symbol or side were summed into the first one's trade when their "
    "ids were equal; an order has one symbol and one side.",
    adr="0052",
)
READING_ORDER = Rule(
    name="reading_order",
    reason="Trades of one time, id and side were numbered as they were read; they are numbered by "
    "order id, so that the order of reading does not matter.",
    adr="0052",
)
