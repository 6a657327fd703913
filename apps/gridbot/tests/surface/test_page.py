"""The page: what it is made of, and how it behaves in a browser."""

import asyncio
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from gridbot.surface.organs import LeaseState, Organs
from gridbot.surface.server import Surface
from gridbot.surface.valuation import equity_of
from gridbot.surface.words import CommandName
from gridcore.events import OperatorAction, OperatorCommand, StreamLost
from gridcore.session.modes import Mode, ModeCause

Make = Callable[..., Surface]
DRAWN = (
    "document.body.dataset.link === 'live' && document.querySelectorAll('rect.order').length > 0"
)
WIDTHS = [(1280, 900), (390, 844)]


def page_file(name: str) -> str:
    return files("gridbot.surface").joinpath("page", name).read_text("utf-8")


def scripts() -> dict[str, str]:
    folder = files("gridbot.surface").joinpath("page")
    return {
        one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".js")
    }


def test_nothing_comes_from_elsewhere_and_no_text_becomes_markup() -> None:
    found = re.findall(r'(?:src|href)="([^"]*)"', page_file("index.html"))
    assert found == ["data:,", "/page.css", "/page.js"]
    assert "url(" not in page_file("page.css")
    assert "@import" not in page_file("page.css")
    for script in scripts().values():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval", script)
        assert all(path in scripts() for path in re.findall(r'from "/([^"]*)"', script))


def test_every_element_that_a_script_asks_for_is_on_the_page() -> None:
    asked = {
        name
        for script in scripts().values()
        for name in re.findall(r'\b(?:at|say|draw|canvas)\("([a-z-]+)"', script)
    }

    assert len(asked) > 30
    assert asked <= set(re.findall(r'id="([a-z-]+)"', page_file("index.html")))


def test_the_page_has_a_button_for_every_command_and_words_for_every_mode() -> None:
    buttons = re.findall(r'\{ name: "([a-z-]+)"', scripts()["controls.js"])
    assert sorted(buttons) == sorted(CommandName)

    texts = scripts()["texts.js"]
    ranked = re.search(r"MODES = \{(.*?)\};", texts, re.DOTALL)
    assert ranked is not None
    assert re.findall(r"(\w+):", ranked[1]) == [mode.name for mode in Mode]
    for cause in ModeCause:
        assert f"  {cause.value}: " in texts


def test_the_page_shows_the_account_at_every_width_and_in_both_schemes(
    make_surface: Make, account: Any, browse: Any
) -> None:
    surface = make_surface(account)
    account.walk(90)
    account.tick(995_000)
    levels = len(account.session.strategies["BTCUSDT"].engine.levels)

    async def look() -> None:
        async with (
            asyncio.TaskGroup() as tasks,
            surface.served(tasks) as port,
            browse() as browser,
        ):
            await browser.size(1280, 900)
            await browser.open(f"http://127.0.0.1:{port}/")
            await browser.until(DRAWN)
            orders = "document.querySelectorAll('rect.order').length"
            assert await browser.value(orders) == account.session.open_orders
            assert await browser.value("document.querySelectorAll('line.level').length") == levels
            assert await browser.value("document.querySelectorAll('text.fill').length") > 0
            assert await browser.value("document.getElementById('headline').textContent") == (
                "Trading"
            )
            shown = await browser.value("document.querySelector('#figures dd').textContent")
            assert shown == f"{equity_of(account.session):,.2f}"
            for width, height in WIDTHS:
                for dark in (False, True):
                    await browser.size(width, height, dark=dark)
                    await browser.until(
                        f"document.querySelector('#ladder svg').clientWidth < {width}"
                    )
                    assert await browser.value("document.documentElement.scrollWidth") <= width
            small = "[...document.querySelectorAll('#buttons button')].map(b => b.offsetHeight)"
            assert min(await browser.value(small)) >= 44
            assert browser.complaints == []

    asyncio.run(look())


def test_a_button_asks_once_more_and_acts_only_then(
    make_surface: Make, account: Any, browse: Any
) -> None:
    surface = make_surface(account)

    async def press() -> None:
        async with (
            asyncio.TaskGroup() as tasks,
            surface.served(tasks) as port,
            browse() as browser,
        ):
            await browser.open(f"http://127.0.0.1:{port}/")
            await browser.until(DRAWN)

            await browser.value("document.querySelector('[data-command=halt]').click()")
            await browser.until("document.getElementById('unlock').open")
            token = "document.getElementById('token').value = 'a-token-of-the-tests'"
            await browser.value(f"{token}; document.querySelector('#unlock .main').click()")
            await browser.until("document.getElementById('confirm').open")
            assert await browser.value("document.getElementById('confirm-scope').textContent") == (
                "main: whole account"
            )
            await browser.value("document.getElementById('confirm-no').click()")
            await browser.until("!document.getElementById('confirm').open")
            assert account.session.standing_modes() == []

            await browser.value("document.querySelector('[data-command=halt]').click()")
            await browser.until("document.getElementById('confirm').open")
            await browser.value("document.getElementById('confirm-yes').click()")
            await browser.until("document.querySelector('.toast.good') !== null")
            await browser.until("document.getElementById('headline').textContent === 'Halted'")
            assert browser.complaints == []

    asyncio.run(press())
    assert [one.mode for one in account.session.standing_modes()] == [Mode.HALT]


def test_the_page_tells_what_is_wrong_and_that_its_values_are_old(
    make_surface: Make, account: Any, browse: Any
) -> None:
    lease = LeaseState(account="main", renewed_at=None, trouble="the database does not answer")
    organs = Organs(store=None, leases=(lease,), journals=(), ears=())
    surface = make_surface(account, token=None, organs=organs)
    account.take(StreamLost(at=account.now, symbol=None, reason="closed"))
    account.take(
        OperatorCommand(at=account.now, action=OperatorAction.CLOSE_ONLY, symbol="BTCUSDT")
    )

    async def look() -> None:
        async with browse() as browser:
            async with asyncio.TaskGroup() as tasks, surface.served(tasks) as port:
                await browser.open(f"http://127.0.0.1:{port}/")
                await browser.until("document.querySelectorAll('#modes li').length === 2")
                headline = await browser.value("document.getElementById('headline').textContent")
                assert headline == "Close only, by the operator"
                organs_said = "document.getElementById('organs').textContent"
                assert await browser.value(organs_said) == (
                    "Troublemain: the database does not answer"
                )
                disabled = (
                    "[...document.querySelectorAll('#buttons button')].every(b => b.disabled)"
                )
                assert await browser.value(disabled)
            outage = "document.getElementById('outage')"
            await browser.until(f"!{outage}.hidden && {outage}.textContent.includes('old')")
            assert await browser.value("document.body.dataset.link") == "lost"

    asyncio.run(look())
