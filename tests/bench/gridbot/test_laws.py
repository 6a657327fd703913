"""The campaign's laws on journals and the exchange's account: each input can break one."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appkit.account_setup import account_setup, read_setup, write_setup
from appkit.journals.files import journal_files, journal_path, setup_path
from bench.gridbot.laws import Hearing, Judged, judged
from gridcore.clock import Instant
from gridcore.events import Event, Execution, FundingPaid, OrderUpdate
from gridcore.session.codec import FORMAT, Header, Line, encode_line
from gridcore.session.effects import Effects
from gridcore.session.setup import AccountPolicies
from gridcore.sides import LONG
from simvenue.campaign.exposure_law import ExposureChecker
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.scenarios import scenario_of
from simvenue.campaign.shell import ACCOUNT_ID
from simvenue.campaign.shrink import with_faults
from simvenue.campaign.world import World

SEED = 3
"""One symbol, with fills."""
SECOND_PROCESS = 300
"""The event with which another process goes on."""
NEVER = Instant(1 << 62)


class Journaling:
    """Writes the journals of two processes while a world without faults is played."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seq = 0
        self._lines: list[str] = []
        self._memory: dict[str, object] = {}
        self.changes: list[OrderUpdate] = []
        self.events = 0

    def begin(self, world: World) -> None:
        """A process begins with the memory that the session has."""
        scenario = world.scenario
        self._write()
        setup = account_setup(
            ACCOUNT_ID, "hash", list(scenario.setups), scenario.safety, AccountPolicies()
        )
        path = self._path = journal_path(self._folder, ACCOUNT_ID, self._seq + 1, world.now)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_setup(setup_path(path), setup)
        memory = world.session.snapshot()
        self._add(
            Header(format=FORMAT, config_hash="hash", code_version="test", snapshot=memory),
            world.now,
        )

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        """Keep an event and what it caused."""
        self._add(event, now)
        if effects:
            self._add(effects, now)
        if isinstance(event, OrderUpdate):
            self.changes.append(event)
        self.events += 1
        if self.events == SECOND_PROCESS:
            self.begin(world)

    def finished(self, world: World) -> None:
        """Nothing comes any more."""
        self._write()

    def _add(self, body: Header | Event | Effects, now: Instant) -> None:
        self._seq += 1
        self._lines.append(encode_line(Line(seq=self._seq, now=now, body=body)) + "\n")

    def _write(self) -> None:
        if self._lines:
            self._path.write_text("".join(self._lines), encoding="ascii")
            self._lines.clear()


def ms(at: Instant) -> str:
    return str(at // 1000)


def order_row(change: OrderUpdate, world: World) -> dict[str, object]:
    instrument = world.scenario.symbols[0].instrument
    return {
        "symbol": change.symbol,
        "orderId": change.order_id,
        "orderLinkId": change.wire_id,
        "orderType": "Limit",
        "orderStatus": change.status.value,
        "side": change.side.value,
        "positionIdx": 1 if change.direction is LONG else 2,
        "price": str(instrument.price(change.price)),
        "qty": str(instrument.qty(change.qty)),
        "leavesQty": str(instrument.qty(change.leaves)),
        "cumExecQty": str(instrument.qty(change.filled)),
        "reduceOnly": change.reduce_only,
        "updatedTime": ms(change.at),
    }


def execution_row(row: Execution, world: World) -> dict[str, object]:
    instrument = world.scenario.symbols[0].instrument
    return {
        "symbol": row.symbol,
        "orderId": row.order_id,
        "orderLinkId": row.wire_id,
        "execId": row.exec_id,
        "execType": row.kind.value,
        "execTime": ms(row.at),
        "execPrice": str(instrument.price(row.price)),
        "execQty": str(instrument.qty(row.qty)),
        "leavesQty": str(instrument.qty(row.leaves)),
        "closedSize": str(instrument.qty(row.closed)),
        "execFee": str(row.fee),
        "side": row.side.value,
        "positionIdx": 1 if row.direction is LONG else 2,
        "seq": row.sequence,
        "isMaker": row.is_maker,
    }


def funding_row(row: FundingPaid, world: World) -> dict[str, object]:
    return {
        "symbol": row.symbol,
        "execId": row.exec_id,
        "execType": "Funding",
        "execTime": ms(row.at),
        "execPrice": str(row.price),
        "execQty": str(world.scenario.symbols[0].instrument.qty(row.qty)),
        "execFee": str(-row.amount),
        "feeRate": str(row.rate),
        "side": "Buy" if row.direction is LONG else "Sell",
        "positionIdx": 1 if row.direction is LONG else 2,
    }


def account_of(world: World, changes: list[OrderUpdate]) -> dict[str, Any]:
    """What a simulator would tell of the world's account."""
    (spec,) = world.scenario.symbols
    symbol = spec.instrument.symbol
    return {
        "name": ACCOUNT_ID,
        "now_us": world.now,
        "changes": {"order": [order_row(change, world) for change in changes]},
        "positions": [
            {
                "symbol": symbol,
                "positionIdx": index,
                "side": side,
                "size": str(spec.instrument.qty(leg.size)),
                "avgPrice": str(leg.entry or ""),
                "updatedTime": ms(world.now),
            }
            for index, side, leg in zip(
                (1, 2), ("Buy", "Sell"), world.venue.legs(symbol), strict=True
            )
        ],
        "wallet": {"coin": [{"coin": "USDT", "walletBalance": str(world.venue.wallet)}]},
        "executions": [
            execution_row(row, world) if isinstance(row, Execution) else funding_row(row, world)
            for row in world.records.executions[symbol]
        ],
        "transactions": [],
    }


Lived = tuple[Path, dict[str, Any]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Journals of two processes, and the account that they leave. Only to be read."""
    folder = tmp_path_factory.mktemp("data")
    journaling = Journaling(folder)
    world = World(with_faults(scenario_of(SEED), ()), (journaling,))
    journaling.begin(world)
    world.play()
    return folder, account_of(world, journaling.changes)


@pytest.fixture
def account(lived: Lived) -> dict[str, Any]:
    """The account, to be changed by a test."""
    return copy.deepcopy(lived[1])


def laws(found: Judged) -> list[str]:
    return sorted(text.split(":")[0] for text in found.broken)


def test_two_processes_without_faults_break_no_law(lived: Lived) -> None:
    found = judged(*lived, NEVER)

    assert found.broken == ()
    assert found.processes == 2
    assert found.events > 2 * SECOND_PROCESS


def test_a_second_order_at_a_level_is_seen_at_the_very_change(
    lived: Lived, account: dict[str, Any]
) -> None:
    changes = account["changes"]["order"]
    number = next(n for n, row in enumerate(changes) if row["orderStatus"] == "New")
    twin = changes[number] | {"orderId": "twin"}
    changes[number + 1 : number + 1] = [twin, twin | {"orderStatus": "Cancelled"}]

    assert laws(judged(lived[0], account, NEVER)) == ["one_order_per_level"]


def test_an_order_that_no_journal_has_sent_is_told(lived: Lived, account: dict[str, Any]) -> None:
    changes = account["changes"]["order"]
    changes += [
        changes[0] | {"orderId": "x", "orderLinkId": "other-hand", "orderStatus": status}
        for status in ("New", "Cancelled")
    ]

    assert laws(judged(lived[0], account, NEVER)) == ["wire_ids_unique"]


def test_a_fee_of_another_size_unbalances_the_ledger(lived: Lived, account: dict[str, Any]) -> None:
    account["executions"][5]["execFee"] = "0.12345"

    assert laws(judged(lived[0], account, NEVER)) == ["ledger_balances"]


def test_an_execution_that_nobody_heard_of_unbalances_the_ledger(
    lived: Lived, account: dict[str, Any]
) -> None:
    account["executions"].append(account["executions"][-1] | {"execId": "unheard"})

    assert "ledger_balances" in laws(judged(lived[0], account, NEVER))


@pytest.mark.parametrize("name", ["size", "avgPrice"])
def test_a_leg_that_differs_is_told(lived: Lived, account: dict[str, Any], name: str) -> None:
    held = next(row for row in account["positions"] if float(row["size"]))
    held[name] = str(2 * float(held[name]))

    assert laws(judged(lived[0], account, NEVER)) == ["books_agree"]


def test_an_order_that_is_gone_at_the_exchange_is_told(
    lived: Lived, account: dict[str, Any]
) -> None:
    last = account["changes"]["order"][-1]
    account["changes"]["order"].append(last | {"orderStatus": "Cancelled", "leavesQty": "0"})

    assert "books_agree" in laws(judged(lived[0], account, NEVER))


def test_caps_are_those_of_the_setup(lived: Lived) -> None:
    folder, account = lived
    first = journal_files(folder, ACCOUNT_ID)[0].path
    hearing = Hearing(read_setup(setup_path(first)), account, [ExposureChecker()])
    told = hearing.stand.scenario
    (setup,) = told.setups
    narrow = replace(setup, safety=replace(setup.safety, max_open_orders=1))
    hearing.stand.scenario = replace(told, setups=(narrow,))

    hearing.hear(first, NEVER)

    assert [broken.law.value for broken in hearing.broken] == ["exposure_within_caps"]


def test_a_restart_that_forgets_is_told(lived: Lived, tmp_path: Path) -> None:
    folder, account = lived
    first, second = (one.path for one in journal_files(folder, ACCOUNT_ID))
    shorter = tmp_path / first.name
    lines = first.read_text(encoding="ascii").splitlines(keepends=True)
    shorter.write_text("".join(lines[:-20]), encoding="ascii")
    setup_path(shorter).write_bytes(setup_path(first).read_bytes())
    hearing = Hearing(read_setup(setup_path(first)), account, [])

    hearing.hear(shorter, NEVER)
    hearing.hear(second, NEVER)

    assert "session_runs: a restart changed the state" in str(hearing.broken[0])


class Objecting:
    """A checker that objects to everything."""

    def handled(self, world: World, event: Event, now: Instant, effects: Effects) -> None:
        raise LawBroken(Law.MODES_OBEYED, "so it is", now)

    def finished(self, world: World) -> None:
        raise AssertionError("it was asked again")


def test_a_checker_that_has_objected_is_not_asked_again(lived: Lived) -> None:
    assert judged(*lived, NEVER, [Objecting()]).broken == ("modes_obeyed: so it is",)


def test_an_end_that_was_never_at_rest_is_not_judged(lived: Lived, account: dict[str, Any]) -> None:
    account["wallet"]["coin"][0]["walletBalance"] = "1"

    assert judged(lived[0], account, None).broken == ()
    assert laws(judged(lived[0], account, NEVER)) == ["books_agree", "ledger_balances"]
