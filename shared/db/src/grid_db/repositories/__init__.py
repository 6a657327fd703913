"""The only way to rows: repositories opened for one tenant, or for the admin.

`for_user` gives what belongs to one user and the public market, nothing else; `as_admin` gives
everything, for tools that serve all. They take and give the records of `grid_db.records`.
"""

from sqlalchemy.orm import Session

from grid_db.repositories.credentials import ApiKeys, Credentials
from grid_db.repositories.leases import LeaseLost, Leases
from grid_db.repositories.ledger import DeadLetters, Gaps
from grid_db.repositories.market import Tickers, Trades
from grid_db.repositories.private import Executions, Funding, Orders
from grid_db.repositories.runs import Runs
from grid_db.repositories.scope import NotOwned, Scope
from grid_db.repositories.state import Grids, Positions, Wallets
from grid_db.repositories.tenants import Accounts, Conflict, Profile, Strategies, Users

__all__ = [
    "AdminRepositories",
    "ApiKeys",
    "Conflict",
    "LeaseLost",
    "NotOwned",
    "Repositories",
    "TenantRepositories",
    "as_admin",
    "for_user",
]


class Repositories:
    """What is there in both scopes, on one session; nothing is committed here."""

    def __init__(self, scope: Scope) -> None:
        self.accounts = Accounts(scope)
        self.credentials = Credentials(scope)
        self.strategies = Strategies(scope)
        self.runs = Runs(scope)
        self.trades = Trades(scope.session)
        self.tickers = Tickers(scope.session)
        self.executions = Executions(scope)
        self.orders = Orders(scope)
        self.funding = Funding(scope)
        self.positions = Positions(scope)
        self.wallets = Wallets(scope)
        self.grids = Grids(scope)
        self.gaps = Gaps(scope)
        self.dead_letters = DeadLetters(scope)
        self.leases = Leases(scope)


class TenantRepositories(Repositories):
    """The rows of one user, and the public market."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.profile = Profile(scope)


class AdminRepositories(Repositories):
    """The rows of all users, and the users themselves."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.users = Users(scope)


def for_user(session: Session, user_id: str) -> TenantRepositories:
    """Repositories that read and write the rows of this user only.

    `user_id` is a user's id (ValueError when it is empty); no row of another user is seen,
    changed or pointed at through them.
    """
    if not user_id:
        raise ValueError("for_user: expected the id of a user, found an empty text")
    return TenantRepositories(Scope(session, user_id))


def as_admin(session: Session) -> AdminRepositories:
    """Repositories that read and write the rows of all users: an explicit choice."""
    return AdminRepositories(Scope(session, None))
