"""What the desks of an account share: strategies, orders, books, modes, deadlines, the outbox."""

from collections.abc import Mapping

from gridcore.clock import Instant
from gridcore.intents import encode_wire_id, mint
from gridcore.policy import DIRECTIONS
from gridcore.session.deadlines import Deadlines
from gridcore.session.effects import Severity
from gridcore.session.ledger import Ledger
from gridcore.session.mirror import MirroredWallet
from gridcore.session.modes import Mode, ModeBoard, ModeCause, ModeRequest
from gridcore.session.orders import OrderTracker
from gridcore.session.outbox import Outbox
from gridcore.session.recent_ids import RecentIds
from gridcore.session.strategy import Strategy

EXECUTIONS_REMEMBERED = 16_384


class AccountState:
    """The memory of one account; the desks act on it."""

    __slots__ = (
        "deadlines",
        "executions",
        "last_minted",
        "ledger",
        "modes",
        "out",
        "strategies",
        "tracker",
        "wallet",
    )

    def __init__(self) -> None:
        self.out = Outbox()
        self.ledger = Ledger()
        self.wallet = MirroredWallet()
        self.modes = ModeBoard()
        self.tracker = OrderTracker()
        self.deadlines = Deadlines()
        self.executions = RecentIds(EXECUTIONS_REMEMBERED)
        self.last_minted = 0
        self.strategies: Mapping[str, Strategy] = {}

    def mint_wire_id(self, identity: str, now: Instant) -> str:
        suffix = self.last_minted = mint(now, self.last_minted)
        return encode_wire_id(identity, suffix)

    def ask_mode(
        self,
        scope: str,
        cause: ModeCause,
        ended_by: str,
        now: Instant,
        mode: Mode = Mode.NO_OPEN,
    ) -> bool:
        request = ModeRequest(scope=scope, cause=cause, mode=mode, ended_by=ended_by, since=now)
        if not self.modes.ask(request):
            return False
        self.apply_modes()
        self.out.notice(
            now,
            "gridcore.session",
            "mode_asked",
            Severity.WARNING if now else Severity.INFO,
            scope=scope or "account",
            cause=cause.value,
            mode=mode.name,
            ended_by=ended_by,
        )
        return True

    def end_mode(self, scope: str, cause: ModeCause) -> None:
        if self.modes.withdraw(scope, cause):
            self.apply_modes()

    def apply_modes(self) -> None:
        for symbol, strategy in self.strategies.items():
            for index, direction in enumerate(DIRECTIONS):
                strategy.set_mode(index, self.modes.mode(symbol, direction.value))
