"""What counts as equal, what as explained, and what as a fault."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bench.recorder.comparison import compare
from bench.recorder.kept import GapRow, Kept, Letter
from bench.recorder.market import Traded
from bench.recorder.rows import Account

SECOND = 1_000_000


def gap(stream: str, state: str, from_s: float, to_s: float) -> GapRow:
    return GapRow(stream, state, int(from_s * SECOND), int(to_s * SECOND), "cut")


def test_equal_rows_are_no_faults_and_are_counted(
    trades: list[Traded], account: Account, kept: Kept
) -> None:
    found = compare(trades, account, kept)

    assert found.faults == ()
    assert (found.trades, found.executions, found.orders, found.between) == (6, 1, 3, 0)
    assert "kept: 6 public trades, 1 executions" in found.text()


@pytest.mark.parametrize(
    ("gaps", "faults"),
    [
        ([], 1),
        ([gap("trades", "filled", 0, 9)], 1),
        ([gap("tickers", "unrecoverable", 0, 9)], 1),
        ([gap("trades", "unrecoverable", 3, 3.5)], 1),
        ([gap("trades", "unrecoverable", 2.5, 4)], 0),
    ],
)
def test_missing_trades_are_explained_by_a_gap_that_was_given_up_alone(
    trades: list[Traded], account: Account, kept: Kept, gaps: list[GapRow], faults: int
) -> None:
    some = replace(kept, trades=[*trades[:2], *trades[4:]], gaps=gaps)

    assert len(compare(trades, account, some).faults) == faults


def test_a_trade_in_a_dead_letter_is_explained(
    trades: list[Traded], account: Account, kept: Kept
) -> None:
    letter = Letter("trades", "publicTrade", "too large", '{"trade_id":"id-3"}')

    found = compare(
        trades, account, replace(kept, trades=trades[:2] + trades[3:], letters=[letter])
    )

    assert (found.faults, found.trades_in_letters, found.letters) == ((), 1, 1)


def test_rows_from_before_the_beginning_do_not_count(
    trades: list[Traded], account: Account, kept: Kept
) -> None:
    assert compare(trades[2:], account, kept).faults == ()


@pytest.mark.parametrize("name", ["trades", "executions", "orders"])
def test_a_row_with_another_value_is_a_fault_twice(
    trades: list[Traded], account: Account, kept: Kept, name: str
) -> None:
    rows: list[Any] = list(getattr(kept, name))
    changed = replace(kept, **{name: [rows[0]._replace(price=Decimal(7)), *rows[1:]]})

    faults = compare(trades, account, changed).faults

    assert len(faults) == 2
    assert "nobody told: 1" in " ".join(faults)


def test_executions_are_explained_by_nothing(
    trades: list[Traded], account: Account, kept: Kept
) -> None:
    lost = replace(kept, executions=[], gaps=[gap("executions", "filled", 0, 9)])

    (fault,) = compare(trades, account, lost).faults

    assert "executions that are missing: 1" in fault


def test_states_between_two_that_are_kept_are_explained_inside_a_gap(
    trades: list[Traded], account: Account, kept: Kept
) -> None:
    gaps = [gap(name, "filled", 1, 4) for name in ("orders", "positions", "wallet")]
    some = replace(
        kept,
        orders=[account.orders[0], account.orders[-1]],
        legs=account.legs[1:],
        wallets=account.wallets[1:],
    )

    assert len(compare(trades, account, some).faults) == 3
    found = compare(trades, account, replace(some, gaps=gaps))

    assert (found.faults, found.between) == ((), 3)


def test_last_states_are_explained_by_nothing(
    trades: list[Traded], account: Account, kept: Kept
) -> None:
    gaps = [gap(name, "filled", 1, 9) for name in ("orders", "positions", "wallet")]
    some = replace(
        kept,
        orders=account.orders[:-1],
        legs=account.legs[:-1],
        wallets=account.wallets[:-1],
        gaps=gaps,
    )

    faults = compare(trades, account, some).faults

    assert [fault.partition(":")[0] for fault in faults] == [
        "last states of orders",
        "last states of legs",
        "the last balance",
    ]


def test_a_gap_that_is_left_open_or_given_up_without_need_is_a_fault(
    trades: list[Traded], account: Account, kept: Kept
) -> None:
    gaps = [gap("trades", "open", 1, 2), gap("orders", "unrecoverable", 1, 2)]

    faults = compare(trades, account, replace(kept, gaps=gaps)).faults

    assert [fault.partition(":")[0] for fault in faults] == [
        "gaps that may not be given up",
        "gaps left open",
    ]
