"""The whole daemon in this process, at a simulator: it trades, stops, and takes up where it was."""

import asyncio
import json
import logging
import socket
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appkit.account_setup import read_setup
from appkit.exits import CommandError, RunFailed, UserError
from appkit.journals.files import journal_files, setup_path
from appkit.journals.reader import lines_from
from bybit_sim.config import SimConfig
from bybit_sim.faults.words import Fault, WireFault
from bybit_sim.serve import Running, running
from grid_db import schema
from grid_db.factory import DatabaseFactory
from grid_db.repositories import as_admin
from grid_db.settings import DatabaseSettings
from gridbot.config.model import GridbotConfig
from gridbot.daemon import Daemon
from gridbot.guard.heartbeat import read_heartbeat
from gridbot.logs.scrubber import Scrubber
from gridbot.shell.clock import steady_us
from gridbot.shell.stopping import STOP_S_MAX
from gridcore.events import OperatorAction, OperatorCommand, SymbolReport
from gridcore.session.replay import replay

SYMBOL, OTHER = "BTCUSDT", "ETHUSDT"


class Rig:
    """A simulator, a database and the data folder of daemons that live one after another."""

    def __init__(self, simulator: Running, folder: Path) -> None:
        self.simulator = simulator
        self.folder = folder
        self.said: list[str] = []
        self.port = 0
        self.bot_token = ""
        self.database = DatabaseFactory(DatabaseSettings.of_url(f"sqlite:///{folder / 'grid.db'}"))
        schema.upgrade(self.database)

    def daemon(
        self, *, shadow: int | None = None, stop_s: float = STOP_S_MAX, **changes: Any
    ) -> Daemon:
        keys: dict[str, Any] = {
            "accounts": self.accounts(shadow),
            "strategies": self.strategies(),
            "database_url": f"sqlite:///{self.folder / 'grid.db'}",
            "data_folder": self.folder / "data",
            "surface": {"port": 0},
            "rest_fetch_timeout": 2,
        }
        environment = {"XDG_STATE_HOME": str(self.folder / "state"), "BOT": self.bot_token}
        for number in (1, 2):
            environment[f"KEY{number}"] = f"demo-key-{number}"
            environment[f"SECRET{number}"] = f"demo-secret-{number}"
        self.port = 0
        return Daemon(
            GridbotConfig.model_validate(keys | changes),
            environment,
            say=self.said.append,
            announce=self._announce,
            scrubber=Scrubber(),
            stop_s=stop_s,
        )

    def accounts(self, shadow: int | None) -> list[dict[str, Any]]:
        return [
            {
                "name": f"demo-{number}",
                "api_key": f"env:KEY{number}",
                "api_secret": f"env:SECRET{number}",
                "environment": f"http://127.0.0.1:{self.simulator.port}",
                "shadow": number == shadow,
            }
            for number in (1, 2)
        ]

    def strategies(self) -> list[dict[str, Any]]:
        return [
            {
                "strat_id": f"grid-{number}",
                "account": f"demo-{number}",
                "symbol": SYMBOL,
                "grid_count": 10,
                "grid_step": "0.05",
                "amount": "b0.004",
            }
            for number in (1, 2)
        ]

    def _announce(self, port: int) -> None:
        self.port = port

    def resting(self) -> dict[int, list[str]]:
        """Wire ids of open orders by account."""
        return {
            uid: sorted(one.order_link_id for one in account.open_orders(SYMBOL))
            for uid, account in self.simulator.exchange.accounts.items()
        }

    def grids_stand(self) -> bool:
        return all(len(orders) == 10 for orders in self.resting().values())

    async def until(self, holds: Callable[[], bool], task: "asyncio.Task[int]") -> None:
        for _ in range(1500):
            if holds():
                return
            if task.done():
                task.result()
            await asyncio.sleep(0.02)
        raise AssertionError(f"it never came: {self.said}")


Story = Callable[[Rig], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def whole(story: Story, speed: int = 1) -> None:
        async def inside() -> None:
            config = SimConfig.model_validate(
                {
                    "port": 0,
                    "seed": 5,
                    "speed": f"{speed}x",
                    "vip_level": 3,
                    "symbols": {SYMBOL: {"price": 100_000}, OTHER: {"price": 3_000}},
                    "synth": {"trades_per_second": 4, "volatility_pct": 5},
                }
            )
            async with running(config) as simulator:
                rig = Rig(simulator, tmp_path)
                try:
                    await story(rig)
                finally:
                    rig.database.dispose()

        asyncio.run(inside())

    return whole


async def asked(port: int, path: str) -> tuple[int, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_two_accounts_trade_stop_and_take_up_where_they_were(play: Play) -> None:
    """A02 with files: the second life finds the first one's orders, and its journals replay."""

    async def story(rig: Rig) -> None:
        first = rig.daemon()
        running_first = asyncio.create_task(first.run())
        await rig.until(rig.grids_stand, running_first)
        settled = await asked(rig.port, "/api/settled")
        first.stop.request("a test")
        assert await running_first == 0
        rig.simulator.player.pause()
        before, sent = rig.resting(), len(rig.simulator.requests.since(0))

        second = rig.daemon()
        running_second = asyncio.create_task(second.run())
        await rig.until(lambda: rig.port != 0, running_second)
        loops = second.accounts.values()
        await rig.until(
            lambda: not any(loop.session.standing_modes() for loop in loops), running_second
        )
        second.stop.request("a test")
        assert await running_second == 0

        paths = [one.path for one in rig.simulator.requests.since(0)[sent:]]
        assert settled[0] == 200
        assert settled[1]["ready"]
        assert rig.resting() == before
        assert not any("create" in path or "cancel" in path for path in paths)
        for file in journal_files(rig.folder / "data", "demo-1"):
            session = read_setup(setup_path(file.path)).session()
            assert replay(lines_from(file.path, 0), session) is None
        with rig.database.get_session() as session_of_database:
            runs = as_admin(session_of_database).runs.recent()
        assert [run.status.value for run in runs] == ["completed"] * 4

    play(story)


def test_a_shadow_beside_a_real_account_trades_for_itself_and_begins_flat_again(
    play: Play,
) -> None:
    """L23: nothing of it reaches the exchange, or the state of the real one."""

    async def story(rig: Rig) -> None:
        async def life() -> Any:
            """Both grids stand; what the pages say then."""
            daemon = rig.daemon(shadow=2)
            task = asyncio.create_task(daemon.run())
            await rig.until(lambda: rig.port != 0, task)
            shadow = daemon.accounts["demo-2"].session
            await rig.until(lambda: len(rig.resting()[100001]) == 10, task)
            await rig.until(lambda: len(shadow.live_orders()) == 10, task)
            await rig.until(lambda: read_heartbeat(rig.folder / "data") is not None, task)
            beating = read_heartbeat(rig.folder / "data")
            _, state = await asked(rig.port, "/api/state")
            daemon.stop.request("a test")
            assert await task == 0
            assert beating is not None
            assert (beating.port, beating.ended) == (rig.port, False)
            return state

        state = await life()
        environments = {one["name"]: one["environment"] for one in state["accounts"]}
        assert not environments["demo-1"].endswith(", shadow")
        assert environments["demo-2"].endswith(", shadow")
        assert not state["shadow"]
        (rig.folder / "data" / "heartbeat.json").unlink()
        await life()

        ended = read_heartbeat(rig.folder / "data")
        assert ended is not None
        assert ended.ended
        assert rig.resting()[100002] == []
        flat = "demo-2: in the shadow: it begins flat with 10000.00 USDT, what an earlier shadow"
        assert sum(said.startswith(flat) for said in rig.said) == 2
        assert journal_files(rig.folder / "data", "demo-2") == []
        files = journal_files(rig.folder / "data" / "shadow", "demo-2")
        assert len(files) == 2
        for file in files:
            session = read_setup(setup_path(file.path)).session()
            assert replay(lines_from(file.path, 0), session) is None
        with rig.database.get_session() as session_of_database:
            runs = as_admin(session_of_database).runs.recent()
        assert sorted(run.run_type.value for run in runs) == ["live"] * 2 + ["shadow"] * 2

    play(story)


def test_cancel_all_on_stop_leaves_an_empty_book_and_is_no_error(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(rig: Rig) -> None:
        daemon = rig.daemon(on_stop="cancel_all")
        task = asyncio.create_task(daemon.run())
        await rig.until(rig.grids_stand, task)
        daemon.stop.request("a test")

        assert await task == 0
        assert list(rig.resting().values()) == [[], []]
        assert not [one for one in caplog.records if one.levelno >= logging.ERROR]

    play(story)


def test_an_end_at_which_everything_hangs_is_over_in_time_and_says_what_it_leaves(
    play: Play,
) -> None:
    """No answer, no frame, no database; every stage has its share of one limit, here a short one.
    What a stage needs beyond it is a thread that ends with the process."""

    async def story(rig: Rig) -> None:
        daemon = rig.daemon(on_stop="cancel_all", stop_s=1.5)
        task = asyncio.create_task(daemon.run())
        await rig.until(rig.grids_stand, task)
        for kind in (WireFault.REQUEST_LOST, WireFault.SOCKET_HALF_OPEN):
            rig.simulator.board.add(Fault(kind=kind, from_ms=0, until_ms=10**9))
        locked = sqlite3.connect(rig.folder / "grid.db", isolation_level=None)
        locked.execute("BEGIN EXCLUSIVE")
        began = steady_us()

        daemon.stop.request("a test")
        with pytest.raises(RunFailed, match="20 orders may still rest against on_stop"):
            await task
        took_us = steady_us() - began
        locked.close()

        assert took_us < 15_000_000

    play(story)


def test_accounts_are_in_the_order_of_the_configuration(play: Play) -> None:
    """Whichever gets ready first."""

    async def story(rig: Rig) -> None:
        for uid, at in ((100001, 2), (100002, 0)):
            slow = Fault(
                kind=WireFault.REPLY_DELAYED,
                from_ms=0,
                until_ms=10**9,
                target="/v5/account/wallet-balance",
                uid=uid,
                amount=150 * at,
                count=1,
            )
            rig.simulator.board.add(slow)
        daemon = rig.daemon()
        task = asyncio.create_task(daemon.run())
        await rig.until(lambda: rig.port != 0, task)
        health = await asked(rig.port, "/health")
        daemon.stop.request("a test")

        assert await task == 0
        assert list(daemon.accounts) == ["demo-1", "demo-2"]
        assert health[1]["store"]["alive"]
        assert [one["account"] for one in health[1]["leases"]] == ["demo-1", "demo-2"]
        assert {one["account"] for one in health[1]["journals"]} == {"demo-1", "demo-2"}

    play(story)


def test_a_refused_start_places_nothing_and_says_why(play: Play) -> None:
    """A04: here at once, as no repetition mends a refused parameter."""

    async def story(rig: Rig) -> None:
        refused = Fault(
            kind=WireFault.RET_CODE,
            from_ms=0,
            until_ms=10**9,
            target="/v5/order/realtime",
            amount=10003,
        )
        rig.simulator.board.add(refused)
        daemon = rig.daemon()

        with pytest.raises(UserError, match="open orders"):
            await asyncio.wait_for(daemon.run(), 30)

        paths = [one.path for one in rig.simulator.requests.since(0)]
        assert not any("create" in path for path in paths)

    play(story)


def test_orders_of_a_renamed_strategy_refuse_the_start_until_somebody_decides(
    play: Play,
) -> None:
    """The blueprint's default; what refuses a start leaves memory and book as they were."""

    async def story(rig: Rig) -> None:
        async def begun(**changes: Any) -> dict[int, list[str]]:
            """What rests once a daemon trades; it is stopped again."""
            daemon = rig.daemon(**changes)
            task = asyncio.create_task(daemon.run())
            await rig.until(lambda: rig.port != 0, task)
            loops = daemon.accounts.values()
            await rig.until(lambda: not any(loop.session.standing_modes() for loop in loops), task)
            await rig.until(rig.grids_stand, task)
            daemon.stop.request("a test")
            assert await task == 0
            return rig.resting()

        before = await begun()
        rig.simulator.player.pause()
        sent = len(rig.simulator.requests.since(0))
        renamed = [
            strategy | {"strat_id": f"other-{number}"}
            for number, strategy in enumerate(rig.strategies())
        ]
        files = {
            path: path.read_bytes() for path in (rig.folder / "data").rglob("*") if path.is_file()
        }

        with pytest.raises(UserError, match="10 orders rest with ids of our making") as refused:
            await asyncio.wait_for(rig.daemon(strategies=renamed).run(), 60)

        assert refused.value.code == 1
        paths = [one.path for one in rig.simulator.requests.since(0)[sent:]]
        assert not any("create" in path or "cancel" in path for path in paths)
        accounts = rig.folder / "data" / "accounts"
        assert {path for path in accounts.rglob("*") if path.is_file()} <= files.keys()
        rig.said.clear()
        assert await begun() == before
        assert not any("begins anew" in said for said in rig.said)
        assert sum("create" in one.path for one in rig.simulator.requests.since(0)[sent:]) == 0
        rig.simulator.player.resume()
        await begun(strategies=renamed, orphan_orders="cancel")
        assert sum("begins anew, and orders of grid-" in said for said in rig.said) == 2
        assert not set(before[100001]) & set(rig.resting()[100001])

    play(story)


def test_an_account_of_another_name_does_not_leave_its_memory_behind(play: Play) -> None:
    async def story(rig: Rig) -> None:
        daemon = rig.daemon()
        task = asyncio.create_task(daemon.run())
        await rig.until(rig.grids_stand, task)
        daemon.stop.request("a test")
        assert await task == 0
        renamed = [one | {"name": f"new-{one['name']}"} for one in rig.accounts(None)]
        theirs = [one | {"account": f"new-{one['account']}"} for one in rig.strategies()]

        with pytest.raises(UserError, match="under another name"):
            await asyncio.wait_for(rig.daemon(accounts=renamed, strategies=theirs).run(), 60)

        assert rig.grids_stand()

    play(story)


def test_orders_of_a_strategy_that_was_removed_are_told_and_hold_up_nobody(play: Play) -> None:
    """Nothing trades on its symbol any more, so that they are nobody's."""

    async def story(rig: Rig) -> None:
        async def life(symbol: str, **changes: Any) -> None:
            one = rig.strategies()[0]
            daemon = rig.daemon(
                accounts=rig.accounts(None)[:1],
                strategies=[one | {"strat_id": f"on-{symbol}", "symbol": symbol, "amount": "20"}],
                **changes,
            )
            task = asyncio.create_task(daemon.run())
            await rig.until(lambda: rig.port != 0, task)
            account = rig.simulator.exchange.accounts[100001]
            await rig.until(lambda: len(account.open_orders(symbol)) == 10, task)
            daemon.stop.request("a test")
            assert await task == 0

        await life(SYMBOL)
        before = rig.resting()[100001]
        await life(OTHER)

        said = "".join(rig.said)
        assert f"{SYMBOL} is not traded any more: its orders are nobody's now" in said
        assert "orders with ids of our making rest there, 10 of them: nobody tends them" in said
        assert rig.resting()[100001] == before

    play(story)


def test_what_cannot_work_refuses_the_start_and_what_is_odd_is_told(play: Play) -> None:
    async def story(rig: Rig) -> None:
        heavy = [one | {"amount": "b5"} for one in rig.strategies()]

        with pytest.raises(UserError, match=r"cannot begin: all long orders filled need a margin"):
            await asyncio.wait_for(rig.daemon(strategies=heavy).run(), 60)

        paths = [one.path for one in rig.simulator.requests.since(0)]
        assert not any("create" in path for path in paths)

    play(story)


def test_a_stop_while_the_exchange_does_not_answer_ends_the_start(play: Play) -> None:
    """A47."""

    async def story(rig: Rig) -> None:
        rig.simulator.board.add(
            Fault(kind=WireFault.REQUEST_LOST, from_ms=0, until_ms=10**9, target="/v5/*")
        )
        daemon = rig.daemon()
        task = asyncio.create_task(daemon.run())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.2, daemon.stop.request, "a test")

        assert await asyncio.wait_for(task, 15) == 0
        assert rig.said == ["stopped while starting: a test"]

    play(story)


def test_two_daemons_on_one_key_cannot_both_start(play: Play) -> None:
    async def story(rig: Rig) -> None:
        first = rig.daemon()
        task = asyncio.create_task(first.run())
        await rig.until(rig.grids_stand, task)

        with pytest.raises(UserError, match="traded by another process"):
            await rig.daemon(data_folder=rig.folder / "other").run()
        with pytest.raises(UserError, match="another gridbot keeps its data"):
            await rig.daemon().run()

        assert not task.done()
        first.stop.request("a test")
        await task

    play(story)


def test_a_taken_port_refuses_the_start(play: Play) -> None:
    async def story(rig: Rig) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]

            with pytest.raises(CommandError, match="cannot listen"):
                await rig.daemon(surface={"port": port}).run()

    play(story)


def test_a_stream_that_never_comes_up_ends_the_process_with_the_reason(play: Play) -> None:
    async def story(rig: Rig) -> None:
        rig.simulator.board.add(Fault(kind=WireFault.AUTH_REFUSED, from_ms=0, until_ms=10**9))

        with pytest.raises(RunFailed, match="private stream has ended"):
            await asyncio.wait_for(rig.daemon().run(), 60)

        assert list(rig.resting().values()) == [[], []]

    play(story)


def test_a_symbol_with_other_units_begins_anew_and_trades_again(play: Play) -> None:
    """ADR 0035: the account starts again, over the same claims and pages."""

    async def story(rig: Rig) -> None:
        daemon = rig.daemon(clock_speed=10)
        task = asyncio.create_task(daemon.run())
        await rig.until(rig.grids_stand, task)
        before = daemon.accounts["demo-1"]
        known = before.session.strategies[SYMBOL].instrument
        before.report(
            SymbolReport(
                symbol=SYMBOL,
                at=before.now(),
                instrument=replace(known, tick_size=Decimal("0.5")),
                leverage=Decimal(10),
                hedge_mode=True,
                trading=True,
            )
        )
        await rig.until(lambda: "demo-1: a symbol has other units" in "".join(rig.said), task)
        # It has ended, and its successor is not there yet: who commands now is heard by that one.
        assert daemon.accounts["demo-1"] is before
        word = OperatorCommand(at=before.now(), action=OperatorAction.RESUME, symbol=None)
        before.command(word)
        await rig.until(lambda: daemon.accounts["demo-1"] is not before, task)
        await rig.until(rig.grids_stand, task)
        state = await asked(rig.port, "/api/state")
        daemon.stop.request("a test")

        assert await task == 0
        newest = journal_files(rig.folder / "data", "demo-1")[-1]
        assert any("OperatorCommand" in line for line in lines_from(newest.path, 0))
        assert state[0] == 200

    play(story, speed=10)


def test_a_margin_mode_that_a_hand_changes_stops_opening_until_it_is_back(play: Play) -> None:
    """Of a strategy that was set up with it: the start tells the session, the watch what is now."""

    async def story(rig: Rig) -> None:
        daemon = rig.daemon()
        task = asyncio.create_task(daemon.run())
        await rig.until(rig.grids_stand, task)
        loop = daemon.accounts["demo-1"]
        setup = loop.session.strategies[SYMBOL].setup
        told = SymbolReport(
            symbol=SYMBOL,
            at=loop.now(),
            instrument=setup.instrument,
            leverage=setup.sizing.leverage,
            hedge_mode=True,
            trading=True,
            margin_mode="PORTFOLIO_MARGIN",
        )

        def why() -> list[str]:
            modes = loop.session.standing_modes()
            return [one.ended_by for one in modes if one.cause.value == "symbol_changed"]

        loop.report(told)
        await rig.until(lambda: bool(why()), task)
        changed = why()
        loop.report(replace(told, margin_mode=setup.margin_mode))
        await rig.until(lambda: not why(), task)
        daemon.stop.request("a test")

        assert await task == 0
        assert changed == [
            "margin mode REGULAR_MARGIN again (it is PORTFOLIO_MARGIN), or a restart"
        ]

    play(story)


def test_the_bot_tells_how_it_goes_and_obeys_its_chat(
    play: Play, make_api: Callable[[], Any], token: str
) -> None:
    async def story(rig: Rig) -> None:
        api = make_api()
        rig.bot_token = token
        async with api.served():
            chat = {"bot_token": "env:BOT", "chat_id": 4711, "api_url": api.url}
            daemon = rig.daemon(notification={"telegram": chat}, on_stop="cancel_all")
            task = asyncio.create_task(daemon.run())
            await rig.until(rig.grids_stand, task)
            await rig.until(lambda: "gridbot trades: demo-1, demo-2" in api.texts, task)
            for text in ("/status demo-1", "/orders demo-1", "/pause demo-2"):
                api.say(text)
            await rig.until(lambda: "demo-2: pause done" in api.texts, task)
            daemon.stop.request("a test")
            assert await task == 0

        first = [text.partition("\n")[0] for text in api.texts]
        assert "demo-1: 10 orders rest" in first
        assert any("orders rest" in text and "equity" in text for text in api.texts)
        assert first[-1] == "gridbot stopped: a test"
        secrets = ("demo-key-1", "demo-secret-1", token)
        assert not any(secret in text for text in api.texts for secret in secrets)

    play(story)


def test_a_start_that_is_refused_is_alerted(
    play: Play, make_api: Callable[[], Any], token: str
) -> None:
    """A04."""

    async def story(rig: Rig) -> None:
        api = make_api()
        rig.bot_token = token
        refused = Fault(
            kind=WireFault.RET_CODE,
            from_ms=0,
            until_ms=10**9,
            target="/v5/order/realtime",
            amount=10003,
        )
        rig.simulator.board.add(refused)
        async with api.served():
            chat = {"bot_token": "env:BOT", "chat_id": 4711, "api_url": api.url}
            with pytest.raises(UserError):
                await asyncio.wait_for(rig.daemon(notification={"telegram": chat}).run(), 30)

        assert api.texts[-1].startswith("gridbot ended: grid-")
        assert "open orders" in api.texts[-1]
        assert api.sent[-1]["disable_notification"] == "False"

    play(story)
