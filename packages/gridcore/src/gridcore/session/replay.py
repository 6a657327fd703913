"""Replays a journal: the same events must cause the same effects, byte for byte. It refuses to know
where the lines come from and who made the session."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.message import message
from gridcore.session.codec import (
    Envelope,
    Header,
    Line,
    TruncatedLine,
    encode_line,
    read_body,
    unfold,
)
from gridcore.session.effects import Effects
from gridcore.session.forms import JournalError


class Replayable(Protocol):
    """What a replay needs of an AccountSession."""

    def restore(self, memory: Mapping[str, object]) -> None:
        """Take back what snapshot() gave."""
        ...

    def handle(self, event: Event, now: Instant) -> Effects:
        """Take one event; return what it causes."""
        ...


@message
class Difference:
    """The first line at which a journal and the session part.

    `expected` is the line as recorded, None when the journal ends before it: a difference, or a
    crash after the event was written and before its effects were. `found` is the line that the
    session gives, None when the recorded effects have no cause.
    """

    seq: int
    expected: str | None
    found: str | None


def replay(
    lines: Iterable[str], session: Replayable, *, config_hash: str | None = None
) -> Difference | None:
    """Restore a fresh session from a journal's header and hand it every recorded event.

    Returns the first difference, or None when there is none. JournalError for a journal that
    cannot be read or, if a hash is given, was written under another configuration; SavedStateError
    when its snapshot does not fit the session; TruncatedLine when the last line breaks off: all
    lines before it agree.
    """
    recorded = envelopes(lines)
    header = _header(recorded, config_hash)
    session.restore(header.snapshot)
    due: Line | None = None
    for envelope in recorded:
        if due is not None or envelope.kind == Effects.__name__:
            found = None if due is None else encode_line(due)
            if envelope.text != found:
                return Difference(seq=envelope.seq, expected=envelope.text, found=found)
            due = None
            continue
        line = read_body(envelope)
        if isinstance(line.body, Header | Effects):
            raise JournalError("an event", envelope.text, f"line {line.seq}: ")
        effects = session.handle(line.body, line.now)
        if effects:
            due = Line(seq=line.seq + 1, now=line.now, body=effects)
    return None if due is None else Difference(seq=due.seq, expected=None, found=encode_line(due))


def envelopes(lines: Iterable[str]) -> Iterator[Envelope]:
    """The envelopes of a journal's lines, in order and without a gap.

    JournalError for a line that cannot be read or whose number does not follow the one before;
    TruncatedLine only for the last line, after all others have been given.
    """
    rest = iter(lines)
    text = next(rest, None)
    expected: int | None = None
    while text is not None:
        following = next(rest, None)
        try:
            envelope = unfold(text)
        except TruncatedLine as error:
            if following is None:
                raise
            raise JournalError("a line of JSON", error.found, _after(expected)) from error
        if expected is not None and envelope.seq != expected:
            raise JournalError(f"line {expected}", f"line {envelope.seq}")
        yield envelope
        expected = envelope.seq + 1
        text = following


def _after(seq: int | None) -> str:
    return "first line: " if seq is None else f"line {seq}: "


def _header(recorded: Iterator[Envelope], config_hash: str | None) -> Header:
    first = next(recorded, None)
    if first is None:
        raise JournalError("a header", "an empty journal")
    header = read_body(first).body
    if not isinstance(header, Header):
        raise JournalError("a header as the first line", first.text)
    if config_hash is not None and header.config_hash != config_hash:
        raise JournalError(f"configuration {config_hash}", header.config_hash)
    return header
