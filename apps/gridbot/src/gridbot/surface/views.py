"""What the surface is told of a running account; it refuses to know how accounts are run."""

from collections.abc import Sequence
from typing import Protocol

from gridbot.words import Settled, StreamAge
from gridcore.clock import Instant
from gridcore.events import OperatorCommand
from gridcore.message import message
from gridcore.session.account import AccountSession


class AccountView(Protocol):
    """One running account, as the loop that drives it shows it. All of it is called in that
    loop's thread and returns at once."""

    @property
    def name(self) -> str:
        """The account's name in the configuration."""
        ...

    @property
    def session(self) -> AccountSession:
        """The session, to be looked at only."""
        ...

    def settled(self) -> Settled:
        """How far the loop has come."""
        ...

    def turned_age_s(self) -> float:
        """Real seconds since the loop last came round; below one where all is well."""
        ...

    def streams(self) -> Sequence[StreamAge]:
        """Every stream that the account listens to."""
        ...

    def command(self, command: OperatorCommand) -> None:
        """Put an operator's command into the account's inbox."""
        ...


@message
class RunFacts:
    """What does not change while the process runs; `environments`: account -> mainnet, demo..."""

    version: str
    shadow: bool
    started_at: Instant
    environments: tuple[tuple[str, str], ...]
