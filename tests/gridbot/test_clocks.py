"""The whole daemon on a machine whose clocks a story sets, at the market's own pace."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.gridbot.bot import until
from bench.gridbot.host_clock import BEGUN, JUMPED, HostClock
from bench.gridbot.stage import ACCOUNT
from bench.gridbot.trial import Trial, trial
from gridcore.clock import MINUTE_US, SECOND_US

HOUR_S = 3600
OFTEN = (
    "safety: {audit_orders_s: 2, audit_positions_s: 2, audit_wallet_s: 2}",
    "symbol_check_s: 2",
    "lease: {length_s: 30, renew_s: 1}",
)
JOBS = {
    "book": "/v5/order/realtime",
    "positions": "/v5/position/list",
    "wallet": "/v5/account/wallet-balance",
    "symbol": "/v5/market/instruments-info",
}
REFUSED_SIGNATURE = 10002
WATCHED_US = 5 * SECOND_US


@pytest.fixture
def clock(tmp_path: Path) -> HostClock:
    """The machine's clocks: the steady ones begin at 0 with the daemon."""
    return HostClock(tmp_path / "clock")


@pytest.fixture
def trading(tmp_path: Path, clock: HostClock) -> Iterator[Trial]:
    """A daemon on that machine, whose grid stands."""
    environment = clock.environment()
    with trial(tmp_path / "bot", *OFTEN, speed=1, environment=environment) as one:
        one.begin()
        yield one


def mark(one: Trial) -> int:
    """The number of the simulator's newest request."""
    return max(int(row["serial"]) for row in one.venue.get("requests")["requests"])


def done(one: Trial, since: int) -> Counter[str]:
    """How often each periodic job asked after a request."""
    rows = one.venue.get(f"requests?since={since}")["requests"]
    names = {path: name for name, path in JOBS.items()}
    return Counter(names[row["path"]] for row in rows if row["path"] in names)


def refused_signatures(one: Trial, since: int) -> int:
    """How many requests after one were refused for the time of their signature."""
    rows = one.venue.get(f"requests?since={since}")["requests"]
    return sum(row["code"] == REFUSED_SIGNATURE for row in rows)


def test_every_job_of_a_daemon_runs_again_and_again_on_a_machine_that_has_just_started(
    trading: Trial,
) -> None:
    """A29: its steady clocks begin at 0."""
    since = mark(trading)

    until("every job twice", lambda: [name for name in JOBS if done(trading, since)[name] < 2])

    assert BEGUN in trading.bot.said()
    assert trading.modes() == set()


@pytest.mark.parametrize("offset_s", [HOUR_S, -HOUR_S], ids=["ahead", "back"])
def test_a_wall_clock_that_jumps_by_an_hour_moves_no_timer_and_no_signature(
    trading: Trial, clock: HostClock, offset_s: int
) -> None:
    """A30: requests and a login are signed as before."""
    order = trading.opens()[3]
    since, heard_since, from_us = mark(trading), trading.mark(), trading.now_us()

    clock.jump_to(offset_s)
    until("the jump", lambda: JUMPED.format(offset_s) not in trading.bot.said() and "not yet")
    trading.pass_us(WATCHED_US)
    lost = trading.since(heard_since, "StreamLost")
    trading.venue.post("disconnect", kind="private", account=ACCOUNT)
    trading.until_deed(heard_since, "StreamRestored")
    trading.cancel_by_hand(order)
    until("its level again", lambda: len(trading.placed_at(order)) < 2 and "none")
    trading.rests()
    seconds = (trading.now_us() - from_us) / SECOND_US
    jobs = done(trading, since)

    assert lost == []
    assert refused_signatures(trading, since) == 0
    assert all(1 <= jobs[name] <= seconds + 3 for name in JOBS)
    assert abs(trading.state()["handled_through_us"] - trading.now_us()) < MINUTE_US
