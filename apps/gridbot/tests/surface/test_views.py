"""What the surface asks of an account."""

from typing import Any

from gridbot.shell.account_loop import AccountLoop
from gridbot.surface.views import AccountView, RunFacts


def as_view(loop: AccountLoop) -> AccountView:
    """The type checker proves here that the daemon's loop is what the surface asks for."""
    return loop


def test_a_simulated_account_shows_itself_as_the_surface_asks(account: Any) -> None:
    view: AccountView = account

    assert view.name == "main"
    assert view.settled().ready
    assert [stream.name for stream in view.streams()] == ["private", "tickers.BTCUSDT"]
    assert callable(as_view)


def test_the_facts_of_a_run_are_compared_by_value(facts: RunFacts) -> None:
    assert facts == RunFacts(
        version=facts.version,
        shadow=False,
        started_at=facts.started_at,
        environments=(("main", "demo"),),
    )
