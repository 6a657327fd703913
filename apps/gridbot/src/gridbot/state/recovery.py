"""Brings a session to where its last process left it: saved state, then the journal behind it.

It overwrites nothing, and refuses what does not fit, saying what to do. It sends nothing either:
what the replayed events cause was sent, or counts as never sent; the exchange is asked.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path

from appkit.account_setup import AccountSetup, SetupUnreadable, read_setup
from appkit.dates import instant_text
from appkit.exits import RunFailed, UserError
from appkit.journals.files import JournalFile, account_folder, journal_files, setup_path
from appkit.journals.reader import header_of, lines_from
from gridbot.state.saved_state import StateUnreadable, keep_corrupt_copy, load
from gridcore.clock import SECOND_US, Instant
from gridcore.instrument import Instrument
from gridcore.message import message
from gridcore.saved import Saved, SavedStateError
from gridcore.session.account import AccountSession
from gridcore.session.codec import Header, Line, TruncatedLine, encode_line, read_body
from gridcore.session.effects import Effects
from gridcore.session.forms import JournalError
from gridcore.session.rebuilding import memory_for
from gridcore.session.replay import Difference, envelopes

CLOCK_GRACE_US = 60 * SECOND_US
"""How far two measurements of one exchange's clock may lie apart."""


@message
class Recovered:
    """What a session was brought back from.

    `next_seq` is the number for the first line of the new journal file; `events` were replayed
    from line `from_seq` on. `warnings` are for a person. `difference`: the first effect that this
    code does not give again, as another version may not; the exchange is compared with anyway.
    `until`: the newest exchange time that is known to have been handled; `gone`: symbols that were
    traded, and are not any more.
    """

    is_fresh: bool
    from_seq: int
    next_seq: int
    events: int
    warnings: tuple[str, ...]
    difference: Difference | None
    until: Instant | None
    gone: tuple[str, ...]


@message
class _Base:
    """Memory, and the number of the first line behind it."""

    seq: int
    setup: AccountSetup
    snapshot: dict[str, object]


def recover(folder: Path, account: str, session: AccountSession) -> Recovered:
    """Restore a fresh session to the state in which the last process died, byte for byte.

    Events are replayed as they were handled, under the setup of then, which lies beside the
    journal. A symbol that is new, or whose strategy, tick or step is another one now, begins anew;
    of one that is gone the books stay. It blocks. UserError when files do not fit: nothing was
    changed.
    """
    files = journal_files(folder, account)
    newest = files[-1] if files else None
    try:
        base, warnings = _base(folder, account, newest)
        if base is None:
            return _fresh(warnings)
        found = _risen(base, newest)
        changed = _changed(base.setup, session)
        session.restore(memory_for(session, found.memory, changed) if changed else found.memory)
    except JournalError as error:
        where = newest.path if newest is not None else folder
        raise UserError(
            f"account {account}: the journal {where} does not fit: {error}",
            f"`gridbot replay {where}` shows the place; move that file away to go on from the state"
            " that was saved before it: what happened since is asked of the exchange",
        ) from error
    except (SavedStateError, SetupUnreadable) as error:
        place = account_folder(folder, account)
        raise UserError(
            f"account {account}: what was saved in {place} does not fit: {error}",
            f"go back to the configuration it was written with, or move {place} away to begin with"
            " what the exchange shows: own orders are adopted, books and limits begin anew",
        ) from error
    except OSError as error:
        raise RunFailed(
            f"account {account}: cannot read {error.filename}: {error.strerror}"
        ) from error
    return Recovered(
        is_fresh=False,
        from_seq=base.seq,
        next_seq=found.next_seq,
        events=found.events,
        warnings=(*warnings, *(f"{symbol} {why}" for symbol, why in changed.items())),
        difference=found.difference,
        until=max(found.until, _heard(found.memory)),
        gone=tuple(sorted(changed.keys() - session.strategies.keys())),
    )


def refuse_the_past(recovered: Recovered, folder: Path, account: str, now: Instant) -> None:
    """UserError when the exchange's time lies before what was handled already.

    Deadlines and modes would wait for a time that is long in coming: another simulator answers, or
    a clock went back. A minute is left to measurements.
    """
    if recovered.until is None or now >= recovered.until - CLOCK_GRACE_US:
        return
    raise UserError(
        f"account {account}: what was saved is of {instant_text(recovered.until)}, and the "
        f"exchange's time is {instant_text(now)}: its clock went back, or it is another exchange",
        f"give another data_folder, or move {account_folder(folder, account)} away to begin anew",
    )


@message
class _Risen:
    """How far the journal led, and the memory there."""

    memory: dict[str, object]
    next_seq: int
    events: int
    difference: Difference | None
    until: Instant


def _heard(memory: dict[str, object]) -> Instant:
    """When a session last heard of its wallet; 0: never."""
    wallet = Saved(memory).part("state").part("wallet")
    return wallet.instant_or_none("seen") or Instant(0)


def _fresh(warnings: tuple[str, ...]) -> Recovered:
    return Recovered(
        is_fresh=True,
        from_seq=1,
        next_seq=1,
        events=0,
        warnings=warnings,
        difference=None,
        until=None,
        gone=(),
    )


def _base(
    folder: Path, account: str, newest: JournalFile | None
) -> tuple[_Base | None, tuple[str, ...]]:
    """The newest memory there is: the saved state, or the header of the newest journal file."""
    warnings: tuple[str, ...] = ()
    state = None
    try:
        state = load(folder, account)
    except StateUnreadable as error:
        if newest is None:
            raise SavedStateError(str(error)) from error
        copy = keep_corrupt_copy(folder, account)
        warnings = (f"{error}; kept as {copy}; the journal was used instead",)
    saved = (
        None if state is None else _Base(seq=state.seq, setup=state.setup, snapshot=state.snapshot)
    )
    if newest is None:
        return saved, warnings
    line, header = header_of(newest.path)
    if saved is not None and saved.seq > line.seq:
        return saved, warnings
    setup = read_setup(setup_path(newest.path))
    return _Base(seq=line.seq + 1, setup=setup, snapshot=header.snapshot), warnings


def _risen(base: _Base, newest: JournalFile | None) -> _Risen:
    tail: Iterator[str] = iter(()) if newest is None else lines_from(newest.path, base.seq)
    first = next(tail, None)
    if first is None:
        return _Risen(
            memory=base.snapshot, next_seq=base.seq, events=0, difference=None, until=Instant(0)
        )
    then = base.setup.session()
    then.restore(base.snapshot)
    return _replayed(chain((first,), tail), base.seq, then)


def _changed(then: AccountSetup, session: AccountSession) -> dict[str, str]:
    """The symbols of which what was saved says nothing to this session, and why."""
    known = {one.instrument.symbol: one for one in then.strategies}
    changed = {}
    for symbol, strategy in session.strategies.items():
        before, instrument = known.get(symbol), strategy.instrument
        if before is None:
            changed[symbol] = "was not traded before: it begins anew"
        elif before.strat_id != strategy.setup.strat_id:
            changed[symbol] = (
                f"was traded by {before.strat_id}, and is by {strategy.setup.strat_id} now: it "
                f"begins anew, and orders of {before.strat_id} are orphans"
            )
        elif _units(before.instrument) != _units(instrument):
            tick, step = _units(before.instrument)
            changed[symbol] = (
                f"begins anew: tick {tick} and step {step} are {instrument.tick_size} and "
                f"{instrument.qty_step} now"
            )
    gone = sorted(known.keys() - session.strategies.keys())
    return changed | dict.fromkeys(gone, "is not traded any more: its orders are nobody's now")


def _units(instrument: Instrument) -> tuple[Decimal, Decimal]:
    return instrument.tick_size, instrument.qty_step


def _replayed(lines: Iterable[str], seq: int, session: AccountSession) -> _Risen:
    """Hand every event of the lines to the session, and compare what it causes."""
    events = 0
    until = Instant(0)
    due: Line | None = None
    difference: Difference | None = None
    try:
        for envelope in envelopes(lines):
            if envelope.seq != seq:
                raise JournalError(f"line {seq}", f"line {envelope.seq}")
            found = None if due is None else encode_line(due)
            is_effects = envelope.kind == Effects.__name__
            if (is_effects or due is not None) and envelope.text != found and difference is None:
                difference = Difference(seq=seq, expected=envelope.text, found=found)
            due = None
            seq += 1
            if is_effects:
                continue
            line = read_body(envelope)
            if isinstance(line.body, Header | Effects):
                raise JournalError("an event", envelope.text, f"line {line.seq}: ")
            effects = session.handle(line.body, line.now)
            events += 1
            until = line.now
            if effects:
                due = Line(seq=seq, now=line.now, body=effects)
    except TruncatedLine:
        pass  # Not durable, so nothing it says was sent.
    memory = json.loads(json.dumps(session.snapshot()))
    return _Risen(memory=memory, next_seq=seq, events=events, difference=difference, until=until)
