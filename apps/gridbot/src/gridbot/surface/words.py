"""The surface's own small types: where it listens, and the commands it knows."""

from enum import StrEnum

from gridcore.events import OperatorAction
from gridcore.message import message


@message
class SurfaceSettings:
    """Where the surface listens (port 0: a free one); without a token it takes no commands."""

    host: str
    port: int
    token: str | None

    def __repr__(self) -> str:
        token = "none" if self.token is None else "set"
        return f"SurfaceSettings(host={self.host!r}, port={self.port}, token {token})"


class CommandName(StrEnum):
    """What an operator may ask for, as it stands in the path."""

    PAUSE = "pause"
    RESUME = "resume"
    CLOSE_ONLY = "close-only"
    CANCEL_ALL = "cancel-all"
    HALT = "halt"
    ORPHANS_ADOPT = "orphans-adopt"
    ORPHANS_CANCEL = "orphans-cancel"


ACTIONS = {
    CommandName.PAUSE: OperatorAction.NO_OPEN,
    CommandName.RESUME: OperatorAction.RESUME,
    CommandName.CLOSE_ONLY: OperatorAction.CLOSE_ONLY,
    CommandName.CANCEL_ALL: OperatorAction.CANCEL_ALL,
    CommandName.HALT: OperatorAction.HALT,
    CommandName.ORPHANS_ADOPT: OperatorAction.ORPHANS_ADOPT,
    CommandName.ORPHANS_CANCEL: OperatorAction.ORPHANS_CANCEL,
}
