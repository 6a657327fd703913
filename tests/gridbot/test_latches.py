"""What forbids the whole daemon to trade freely: provoked, seen with its age, and gone again.

The daemon is told to be touchy, so that what takes minutes takes seconds.
"""

import json
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from decimal import Decimal

import pytest

from bench.gridbot.bot import until
from bench.gridbot.stage import ACCOUNT, SYMBOL
from bench.gridbot.trial import Trial, trial
from gridcore.clock import SECOND_US

SAFETY = {
    "audit_orders_s": 10,
    "audit_positions_s": 10,
    "audit_wallet_s": 10,
    "ticker_gap_s": 30,
    "session_loss_limit": 50,
}
TOUCHY = (
    f"safety: {json.dumps(SAFETY)}",
    "foreign_orders: refuse",
    "lease: {length_s: 60, renew_s: 1}",
)
CREATE = "/v5/order/create"
BOOK_FILE_BYTES = 4096
"""So large may files become on a disk that is full: all that grow are larger already."""


@pytest.fixture(scope="module")
def only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """The touchy daemon and its simulator, for all stories of this module."""
    with trial(tmp_path_factory.mktemp("latches"), *TOUCHY) as one:
        one.begin()
        yield one


@pytest.fixture
def touchy(only: Trial) -> Iterator[Trial]:
    """The same, at rest."""
    only.rests()
    yield only
    only.venue.calm()


@contextmanager
def operator(one: Trial) -> Iterator[None]:
    one.bot.command("pause", ACCOUNT)
    yield
    one.bot.command("resume", ACCOUNT)


@contextmanager
def loss(one: Trial) -> Iterator[None]:
    """A large order there and back: its fees are 27.5 each way."""
    for side in ("Buy", "Sell"):
        by_hand(one, side=side, qty="0.5", position_idx=1, reduce_only=side == "Sell")
    yield
    one.bot.command("resume", ACCOUNT)


def faulty(kind: str, **words: object) -> Callable[[Trial], AbstractContextManager[None]]:
    """A fault that stands until the latch was seen."""

    @contextmanager
    def fault(one: Trial) -> Iterator[None]:
        one.venue.fault(kind, **words)
        yield
        one.venue.calm()

    return fault


@contextmanager
def no_balance(one: Trial) -> Iterator[None]:
    one.venue.fault("ret_code", target=CREATE, amount=110007, count=1)
    one.cancel_by_hand(one.opens()[3])
    yield


def stranger(link_id: str) -> Callable[[Trial], AbstractContextManager[None]]:
    """An order that is not of a configured strategy."""

    @contextmanager
    def order(one: Trial) -> Iterator[None]:
        by_hand(one, side="Buy", qty="0.002", position_idx=1, price="90000", order_link_id=link_id)
        yield
        one.venue.post("cancel", account=ACCOUNT, symbol=SYMBOL, order_link_id=link_id)

    return order


@contextmanager
def locked_database(one: Trial) -> Iterator[None]:
    with closing(sqlite3.connect(one.bot.folder / "gridbot.db")) as database:
        database.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def full_disk(one: Trial) -> Iterator[None]:
    with closing(sqlite3.connect(one.bot.folder / "gridbot.db")) as database:
        ((pid,),) = database.execute("SELECT pid FROM runs WHERE status = 'running'").fetchall()
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (BOOK_FILE_BYTES, resource.RLIM_INFINITY))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def by_hand(one: Trial, **words: object) -> None:
    """The account's owner places an order."""
    one.venue.post("order", account=ACCOUNT, symbol=SYMBOL, **words)


PROVOCATIONS: dict[str, tuple[str, Callable[[Trial], AbstractContextManager[None]]]] = {
    "operator": ("NO_OPEN", operator),
    "stream_lost": ("NO_OPEN", faulty("maintenance")),
    "stale_ticker": ("NO_OPEN", faulty("frame_lost", target="tickers*")),
    "stale_book": ("NO_OPEN", faulty("http_status", target="/v5/order/realtime", amount=502)),
    "stale_position": ("NO_OPEN", faulty("http_status", target="/v5/position/list", amount=502)),
    "stale_wallet": (
        "NO_OPEN",
        faulty("http_status", target="/v5/account/wallet-balance", amount=502),
    ),
    "balance": ("NO_OPEN", no_balance),
    "orphans": ("NO_OPEN", stranger("0123456789abcdef-1a")),
    "foreign_orders": ("NO_OPEN", stranger("by-hand")),
    "lease_unrenewed": ("NO_OPEN", locked_database),
    "journal_unwritable": ("HALT", full_disk),
    "loss_limit": ("HALT", loss),
}


@pytest.mark.parametrize("cause", PROVOCATIONS)
def test_a_latch_is_told_with_its_age_from_its_cause_to_its_end(touchy: Trial, cause: str) -> None:
    """A50: as state and as metrics."""
    mode, provoke = PROVOCATIONS[cause]
    with provoke(touchy):
        until("the latch", lambda: not touchy.latch(cause) and "none")
        first = touchy.latch(cause)
        touchy.pass_us(1)
        later = touchy.latch(cause)
        told = touchy.bot.metric(
            f'gridbot_mode_age_seconds{{account="{ACCOUNT}",cause="{cause}",mode="{mode.lower()}"}}'
        )

    until("its end", lambda: touchy.latch(cause))
    touchy.rests()

    assert first is not None
    assert later is not None
    assert (first["mode"], later["since_us"]) == (mode, first["since_us"])
    assert 0 <= first["age_us"] < later["age_us"]
    assert told * SECOND_US > first["age_us"]


def test_nothing_opens_while_nothing_is_available_and_closes_still_do(touchy: Trial) -> None:
    """A27: the owner takes all of the wallet that no order holds."""
    by_hand(touchy, side="Buy", qty="0.02", position_idx=1)
    until("closes", lambda: not touchy.closes() and "none")
    touchy.rests()
    opening, closing_order = touchy.opens()[3], touchy.closes()[0]
    opened, closed = len(touchy.placed_at(opening)), len(touchy.placed_at(closing_order))
    available = Decimal(touchy.account()["wallet"]["totalAvailableBalance"])
    touchy.venue.post("cash", account=ACCOUNT, amount=str(-available))
    until("an empty wallet", lambda: Decimal(touchy.state()["available"]) > 0 and "not yet")

    touchy.cancel_by_hand(opening)
    until("a denial", lambda: "nothing_available" not in str(touchy.state()) and "none")
    touchy.cancel_by_hand(closing_order)
    until("a close", lambda: len(touchy.placed_at(closing_order)) == closed and "none")
    opened_meanwhile = len(touchy.placed_at(opening)) - opened
    touchy.venue.post("cash", account=ACCOUNT, amount=str(available))
    touchy.rests()

    assert opened_meanwhile == 0
    assert len(touchy.placed_at(opening)) == opened + 1
