"""What the simulator tells against what the database holds: equal, explained, or a fault.

Explained are public trades in a gap that was given up or in a dead letter, and states of orders,
legs and wallet between two that are kept, inside a gap: the exchange lists what is so now and keeps
no history of how it came (bybit.md A.5). Executions and funding are never explained.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from bench.recorder.kept import GapRow, Kept
from bench.recorder.market import Traded
from bench.recorder.rows import Account, Leg, OrderChange

T = TypeVar("T", bound=Hashable)
SHOWN = 3
AROUND_US = 1_000_000
"""Outages are noticed a little late or early."""
GIVEN_UP = ("unrecoverable", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`faults` are what cannot be; the rest counts rows.

    `between`: states of orders, legs and wallet that came and went inside gaps.
    """

    trades: int
    executions: int
    funding: int
    orders: int
    legs: int
    wallets: int
    trades_in_gaps: int
    trades_in_letters: int
    between: int
    letters: int
    gaps_filled: int
    gaps_given_up: int
    faults: Sequence[str]

    def text(self) -> str:
        """The finding, for people."""
        head = (
            f"kept: {self.trades:,} public trades, {self.executions:,} executions, "
            f"{self.funding:,} fundings, {self.orders:,} order states, {self.legs:,} leg states, "
            f"{self.wallets:,} wallet states\n"
            f"gaps: {self.gaps_filled} filled, {self.gaps_given_up} given up, with "
            f"{self.trades_in_gaps:,} public trades; dead letters: {self.letters}, with "
            f"{self.trades_in_letters} public trades; {self.between} states of orders, legs and "
            "wallet came and went in outages\n"
        )
        return head + "".join(f"FAULT: {fault}\n" for fault in self.faults)


def compare(told: Sequence[Traded], account: Account, kept: Kept) -> Comparison:
    """Compare everything; `told` are the public trades since the recorder was ready."""
    faults: list[str] = []
    gapped, lettered = _trades(told, kept, faults)
    _same("executions", account.executions, kept.executions, faults)
    _same("funding", account.funding, kept.funding, faults)
    between = _orders(account.orders, kept, faults)
    between += _legs(account, kept, faults)
    between += _wallets(account, kept, faults)
    given_up = [gap for gap in kept.gaps if gap.state in GIVEN_UP]
    wrong = [gap for gap in given_up if gap.stream not in ("trades", "tickers")]
    _note("gaps that may not be given up", wrong, faults)
    _note("gaps left open", [gap for gap in kept.gaps if gap.state == "open"], faults)
    return Comparison(
        trades=len(kept.trades),
        executions=len(kept.executions),
        funding=len(kept.funding),
        orders=len(kept.orders),
        legs=len(kept.legs),
        wallets=len(kept.wallets),
        trades_in_gaps=gapped,
        trades_in_letters=lettered,
        between=between,
        letters=len(kept.letters),
        gaps_filled=len(kept.gaps) - len(given_up),
        gaps_given_up=len([gap for gap in given_up if gap.stream == "trades"]),
        faults=tuple(faults),
    )


def _trades(told: Sequence[Traded], kept: Kept, faults: list[str]) -> tuple[int, int]:
    """How many trades are missing in gaps that were given up, and in dead letters."""
    # Ids ascend: they end with the number of the trade.
    here = [trade for trade in kept.trades if trade.trade_id >= told[0].trade_id]
    _note("public trades that nobody told", _without(here, set(told)), faults)
    missing = _without(told, set(here))
    given_up = [gap for gap in kept.gaps if gap.stream == "trades" and gap.state in GIVEN_UP]
    letters = "\n".join(letter.payload for letter in kept.letters)
    gapped, lettered, gone = 0, 0, []
    for trade in missing:
        if trade.trade_id in letters:
            lettered += 1
        elif _inside(trade.at_us, given_up, 0):
            gapped += 1
        else:
            gone.append(trade)
    _note("public trades that are missing without a gap", gone, faults)
    return gapped, lettered


def _orders(told: Sequence[OrderChange], kept: Kept, faults: list[str]) -> int:
    _note("states of orders that nobody told", _without(kept.orders, set(told)), faults)
    missing = _without(told, set(kept.orders))
    gaps = [gap for gap in kept.gaps if gap.stream == "orders"]
    gone = [change for change in missing if not _inside(change.at_us, gaps, AROUND_US)]
    _note("states of orders that are missing outside of gaps", gone, faults)
    last = {change.order_id: change for change in told}
    _note("last states of orders", _without(last.values(), set(kept.orders)), faults)
    return len(missing) - len(gone)


def _legs(account: Account, kept: Kept, faults: list[str]) -> int:
    booked = {state.leg for state in account.legs} | set(account.last_legs)
    _note(
        "legs that nobody told",
        [state for state in kept.legs if state.leg not in booked and state.leg.size],
        faults,
    )
    gaps = [gap for gap in kept.gaps if gap.stream == "positions"]
    # A leg that did not change is told with the one that did: the newest change dates a row.
    times = accumulate((state.leg.at_us for state in account.legs), max)
    there = set(kept.legs)
    missing = [
        (at_us, state)
        for at_us, state in zip(times, account.legs, strict=True)
        if state not in there
    ]
    gone = [state for at_us, state in missing if not _inside(at_us, gaps, AROUND_US)]
    _note("legs that are missing outside of gaps", gone, faults)
    last = {(state.leg.symbol, state.leg.side): state.leg for state in kept.legs}
    wrong = [leg for leg in account.last_legs if _differs(last.get((leg.symbol, leg.side)), leg)]
    _note("last states of legs", wrong, faults)
    return len(missing) - len(gone)


def _wallets(account: Account, kept: Kept, faults: list[str]) -> int:
    missing = _without(account.wallets, set(kept.wallets))
    gaps = [gap for gap in kept.gaps if gap.stream == "wallet" and gap.from_us < gap.to_us]
    if missing and not gaps:
        _note("states of the wallet", missing, faults)
    if kept.wallets[-1].balance != account.last_balance:
        text = f"{account.last_balance}, found {kept.wallets[-1].balance}"
        faults.append(f"the last balance: expected {text}")
    return len(missing)


def _differs(kept: Leg | None, told: Leg) -> bool:
    return kept is None or kept[3:6] != told[3:6]


def _same(what: str, told: Sequence[T], kept: Sequence[T], faults: list[str]) -> None:
    _note(f"{what} that are missing", _without(told, set(kept)), faults)
    _note(f"{what} that nobody told", _without(kept, set(told)), faults)


def _without(rows: Iterable[T], those: Collection[T]) -> list[T]:
    return [row for row in rows if row not in those]


def _inside(at_us: int, gaps: Sequence[GapRow], around_us: int) -> bool:
    return any(gap.from_us - around_us <= at_us <= gap.to_us + around_us for gap in gaps)


def _note(what: str, rows: Sequence[object], faults: list[str]) -> None:
    if rows:
        shown = "; ".join(str(row) for row in rows[:SHOWN])
        faults.append(f"{what}: {len(rows)}, the first: {shown}")
