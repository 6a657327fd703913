"""What the desks of an account share: strategies, orders, books, modes, deadlines, the outbox."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gridcore.clock import SECOND_US, Instant
from gridcore.config import SafetyConfig
from gridcore.intents import encode_wire_id, mint
from gridcore.policy import DIRECTIONS
from gridcore.saved import Saved
from gridcore.session.authentication import AuthenticationWatch
from gridcore.session.deadlines import Deadlines
from gridcore.session.drawdown import Drawdown
from gridcore.session.effects import LedgerEntry, LedgerKind, Severity, SnapshotKind
from gridcore.session.ledger import Ledger
from gridcore.session.ledger_doubts import (
    DOUBT_LIMIT,
    DoubtKind,
    LedgerDoubt,
    doubt_memory,
    doubt_of,
)
from gridcore.session.loss import SessionLoss
from gridcore.session.mirror import MirroredWallet
from gridcore.session.modes import Mode, ModeBoard, ModeCause, ModeRequest
from gridcore.session.orders import OrderTracker, TrackedOrder
from gridcore.session.outbox import Outbox
from gridcore.session.questions import PATIENCE_MAX_US, Questions
from gridcore.session.recent_ids import RecentIds
from gridcore.session.strategy import Strategy

EXECUTIONS_REMEMBERED = 16_384
LAG_US = 2 * SECOND_US
"""How far an answer may lag behind: it had to know only what is older than this."""
MARGIN_US = 10 * SECOND_US
"""Executions are asked for again from this long before they were last known to be complete."""


class AccountState:
    """The memory of one account; the desks act on it."""

    __slots__ = (
        "attention",
        "authentication",
        "balance_refused_at",
        "deadlines",
        "drawdown",
        "executions",
        "known_to",
        "last_minted",
        "ledger",
        "loss",
        "loss_moved",
        "modes",
        "out",
        "questions",
        "strategies",
        "suspicions",
        "tracker",
        "unexecuted",
        "unknown_profits",
        "wallet",
    )

    def __init__(self, safety: SafetyConfig) -> None:
        self.out = Outbox()
        self.ledger = Ledger()
        self.wallet = MirroredWallet()
        self.modes = ModeBoard()
        self.tracker = OrderTracker()
        self.deadlines = Deadlines()
        self.executions = RecentIds(EXECUTIONS_REMEMBERED)
        self.last_minted = 0
        self.strategies: Mapping[str, Strategy] = {}
        self.questions = Questions(self._since_of)
        self.attention: dict[str, Instant] = {}
        """Wire id -> when an order wants attention."""
        self.known_to: dict[str, Instant] = {}
        """Symbol ("" for cash) -> from when on executions (movements) may be unknown."""
        self.unexecuted: dict[str, Instant] = {}
        """Wire id -> when to ask for executions that an order's filled quantity lacks."""
        self.unknown_profits: list[LedgerDoubt] = []
        """Closes whose profit our own executions cannot tell; the wallet can."""
        self.suspicions: dict[str, str] = {}
        """Symbol -> why belief and exchange are to be compared as soon as this event is done."""
        self.loss = SessionLoss(safety)
        self.loss_moved = False
        """Whether this event moved the day's profit."""
        self.drawdown = Drawdown(safety.drawdown_limit_pct)
        self.authentication = AuthenticationWatch()
        self.balance_refused_at: Instant | None = None
        """When the exchange last said that the wallet does not carry an order."""

    def mint_wire_id(self, identity: str, now: Instant) -> str:
        suffix = self.last_minted = mint(now, self.last_minted)
        return encode_wire_id(identity, suffix)

    # -- modes -----------------------------------------------------------------------------

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

    # -- books -----------------------------------------------------------------------------

    def enter(self, entries: Sequence[LedgerEntry]) -> None:
        """Make entries of the ledger durable; profits, fees and funding count for the day.

        To be called after whatever the ledger booked, without entries too: it may be in doubt.
        """
        self.out.records.extend(entries)
        for entry in entries:
            if entry.kind is not LedgerKind.CASH:
                self.loss.book(entry.amount, entry.at)
                self.loss_moved = True
            elif self.drawdown.active:
                self.drawdown.move_cash(entry.amount)
        for doubt in self.ledger.take_doubts():
            self.out.notice(
                doubt.at,
                "gridcore.session",
                "books_in_doubt",
                Severity.ALERT,
                kind=doubt.kind.value,
                symbol=doubt.symbol or "",
                reference=doubt.reference,
            )
            if doubt.kind is DoubtKind.PROFIT_UNKNOWN:
                self.unknown_profits.append(doubt)
                del self.unknown_profits[:-DOUBT_LIMIT]
            if doubt.symbol is not None:
                self.suspect(doubt.symbol, "the books are in doubt")

    def equity(self) -> Decimal | None:
        """Our books and the unrealised profit of every leg at its stored mark; None while unknown.

        The books, as they take a movement of cash in one step with the limit's peak.
        """
        if not self.ledger.opened:
            return None
        total = self.ledger.balance
        for strategy in self.strategies.values():
            for leg in strategy.pair.legs:
                total += leg.unrealised
        return total

    def suspect(self, symbol: str, reason: str) -> None:
        """Belief and exchange may differ on a symbol."""
        self.suspicions.setdefault(symbol, reason)

    # -- questions to the exchange ---------------------------------------------------------

    def want(self, symbol: str | None, now: Instant, reason: str, *kinds: SnapshotKind) -> None:
        """Ask the exchange, and go on asking until it answers."""
        cooling = self.authentication.cooling
        for kind in kinds:
            request = self.questions.want(kind, symbol, now, reason, later=cooling)
            if request is not None:
                self.out.requests.append(request)
        self.wake_questions(now)

    def wake_questions(self, now: Instant) -> None:
        """Come back when a question is to be put again; while our key is dead none is."""
        due = self.questions.next_deadline()
        if due is not None and self.authentication.cooling:
            due = Instant(now + PATIENCE_MAX_US)
        self.deadlines.set("questions", due)

    def _since_of(self, kind: SnapshotKind, symbol: str | None) -> Instant | None:
        """Executions since they were last complete, and since every order that is in doubt."""
        if kind is SnapshotKind.WALLET:
            return self.known_to.get("")
        if kind is not SnapshotKind.EXECUTIONS:
            return None
        since = self.known_to.get(symbol or "")
        for order in self.tracker.live():
            if order.symbol == symbol and (order.unlisted or order.wire_id in self.attention):
                since = order.sent_at if since is None else min(since, order.sent_at)
        return since

    # -- orders that want attention --------------------------------------------------------

    def attend(self, order: TrackedOrder, at: Instant) -> None:
        """Look at an order again at an instant, unless it is terminal by then."""
        order.due = at
        self.attention[order.wire_id] = at
        self.deadlines.set("orders", min(self.attention.values()))

    def let_go(self, order: TrackedOrder) -> None:
        """An order needs no attention any more."""
        order.due = None
        if self.attention.pop(order.wire_id, None) is not None:
            self.deadlines.set("orders", min(self.attention.values(), default=None))

    # -- memory ----------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """All memory except the strategies', serialisable."""
        return {
            "last_minted": self.last_minted,
            "ledger": self.ledger.snapshot(),
            "wallet": self.wallet.snapshot(),
            "modes": self.modes.snapshot(),
            "orders": self.tracker.snapshot(),
            "deadlines": self.deadlines.snapshot(),
            "executions": self.executions.snapshot(),
            "questions": self.questions.snapshot(),
            "attention": dict(self.attention),
            "known_to": dict(self.known_to),
            "unexecuted": dict(self.unexecuted),
            "loss": self.loss.snapshot(),
            "drawdown": self.drawdown.snapshot(),
            "authentication": self.authentication.snapshot(),
            "balance_refused_at": self.balance_refused_at,
            "unknown_profits": [doubt_memory(doubt) for doubt in self.unknown_profits],
        }

    def restore(self, saved: Saved) -> None:
        """The inverse of snapshot."""
        self.last_minted = saved.whole("last_minted")
        self.ledger.restore(saved.part("ledger"))
        self.wallet.restore(saved.part("wallet"))
        self.modes.restore(saved.parts("modes"))
        self.tracker.restore(saved.part("orders"))
        self.deadlines.restore(saved.part("deadlines"))
        self.executions.restore(str(item) for item in saved.list_of("executions"))
        self.questions.restore(saved.part("questions"))
        self.attention = saved.instants("attention")
        self.known_to = saved.instants("known_to")
        self.unexecuted = saved.instants("unexecuted")
        self.loss.restore(saved.part("loss"))
        self.drawdown.restore(saved.part("drawdown"))
        self.authentication.restore(saved.part("authentication"))
        self.balance_refused_at = saved.instant_or_none("balance_refused_at")
        self.unknown_profits = [doubt_of(part) for part in saved.parts("unknown_profits")]
