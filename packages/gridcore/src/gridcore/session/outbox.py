"""Where the parts of a session put what one event causes, until `handle` returns it."""

from gridcore.clock import Instant
from gridcore.session.effects import (
    NO_EFFECTS,
    Approved,
    CancelOrder,
    Effects,
    Notice,
    Record,
    Request,
    Severity,
)


class Outbox:
    """Records, requests and notices of the event in hand."""

    __slots__ = ("notices", "records", "requests")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.requests: list[Request] = []
        self.notices: list[Notice] = []

    def notice(
        self, at: Instant, logger: str, event: str, severity: Severity, **fields: str
    ) -> None:
        """Tell a person."""
        self.notices.append(
            Notice(
                at=at,
                logger=logger,
                event=event,
                severity=severity,
                fields=tuple(fields.items()),
            )
        )

    def cancel(self, request: CancelOrder) -> None:
        """Put a cancel before all placements: it frees slots and margin for them (E-12, L14)."""
        requests = self.requests
        index = len(requests)
        while index and isinstance(requests[index - 1], Approved):
            index -= 1
        requests.insert(index, request)

    def drain(self) -> Effects:
        """What was put, and an empty box afterwards."""
        if not (self.records or self.requests or self.notices):
            return NO_EFFECTS
        effects = Effects(
            records=tuple(self.records),
            requests=tuple(self.requests),
            notices=tuple(self.notices),
        )
        self.records.clear()
        self.requests.clear()
        self.notices.clear()
        return effects
