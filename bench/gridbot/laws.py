"""Judges whole processes by the laws of the fault campaign: journals, and the exchange's account.

It hands every journaled event to the kernel again and lets the campaign's own checkers look, with
the simulator's account in place of its venue. It refuses to know how a run was made.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from appkit.account_setup import AccountSetup, read_setup
from appkit.journals.files import journal_files, setup_path
from appkit.journals.reader import header_of, opened
from bench.gridbot.told import ToldVenue
from bench.gridbot.venue import Row
from gridcore.clock import Instant
from gridcore.events import Event, OrderUpdate, Ticker
from gridcore.session.account import AccountSession
from gridcore.session.codec import Header, TruncatedLine, read_body
from gridcore.session.effects import NO_EFFECTS, Approved, Effects
from gridcore.session.replay import envelopes
from gridcore.session.setup import StrategySetup
from simvenue.campaign.checkers import all_checkers
from simvenue.campaign.laws import Law, LawBroken
from simvenue.campaign.level_law import LevelChecker
from simvenue.campaign.seeds import OUR_BUGS
from simvenue.campaign.shell import first_difference
from simvenue.campaign.words import Fault, FaultKind
from simvenue.records import Records

if TYPE_CHECKING:
    from simvenue.campaign.world import Watcher, World

NEVER = Instant(1 << 62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a scenario tells of a whole-process run: no fault of it excuses anything."""

    setups: tuple[StrategySetup, ...]
    symbols: tuple[StrategySetup, ...]
    """Each has its instrument, and nobody asks for more."""
    faults: tuple[Fault, ...] = ()
    calm_from: Instant = NEVER


@dataclass(slots=True, kw_only=True)
class Stand:
    """What the campaign's checkers read of a `World`, for a session that is replayed."""

    scenario: Told
    venue: ToldVenue
    session: AccountSession
    now: Instant
    injected: dict[FaultKind, int]

    @property
    def records(self) -> Records:
        """What the exchange remembers."""
        return self.venue.records


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How many events and processes the laws looked at, and what they found."""

    events: int
    processes: int
    broken: tuple[str, ...]


def judged(
    folder: Path, account: Row, until: Instant | None, checkers: "Sequence[Watcher] | None" = None
) -> Judged:
    """Judge an account by its journals below a data folder, up to `until`, when it was at rest.

    `until` None: it never was, and its end is not judged. `account`: what the simulator told of it
    when nothing moved any more. `checkers`: all of the campaign's, fresh, unless others are given.
    """
    files = [one.path for one in journal_files(folder, str(account["name"]))]
    setup = read_setup(setup_path(files[0]))
    hearing = Hearing(setup, account, all_checkers() if checkers is None else checkers)
    for number, path in enumerate(files, 1):
        hearing.hear(path, NEVER if until is None or number < len(files) else until)
    if until is not None:
        hearing.close()
    return Judged(
        events=hearing.events, processes=len(files), broken=tuple(map(str, hearing.broken))
    )


class Hearing:
    """Processes of one account, one after the other, under checkers that outlive them."""

    def __init__(self, setup: AccountSetup, account: Row, checkers: "Sequence[Watcher]") -> None:
        setups = setup.setups()
        instruments = {one.instrument.symbol: one.instrument for one in setups}
        self.stand = Stand(
            scenario=Told(setups=tuple(setups), symbols=tuple(setups)),
            venue=ToldVenue(instruments, account),
            session=setup.session(),
            now=Instant(0),
            injected=dict.fromkeys(FaultKind, 0),
        )
        # The checkers know nothing but these attributes of a world.
        self._world = cast("World", self.stand)
        self._checkers = list(checkers)
        self._minted: set[str] = set()
        self._died: object = None
        self.events = 0
        self.broken: list[LawBroken] = []

    def hear(self, path: Path, until: Instant) -> None:
        """Take one process: a restart changes nothing, and then every event up to `until`."""
        _, header = header_of(path)
        self._risen(header)
        session = self.stand.session = read_setup(setup_path(path)).session()
        session.restore(header.snapshot)
        with opened(path) as lines:
            recorded = envelopes(lines)
            next(recorded)
            try:
                for envelope in recorded:
                    if envelope.kind == Effects.__name__ or envelope.now > until:
                        continue
                    event = read_body(envelope).body
                    assert not isinstance(event, Header | Effects), "their kinds were passed over"
                    self._take(event, envelope.now)
            except TruncatedLine:
                pass  # the process died while it wrote this line
            except OUR_BUGS as error:
                self._fails(Law.SESSION_RUNS, f"{type(error).__name__}: {error}")
        self._died = _as_json(session)

    def close(self) -> None:
        """Judge the end: everything that is told has happened, and nothing is left unexplained."""
        venue = self.stand.venue
        while venue.changes:
            self._happen()
        for checker in list(self._checkers):
            self._ask(checker, lambda one: one.finished(self._world))

    # -- inside ----------------------------------------------------------------------------

    def _risen(self, header: Header) -> None:
        risen = json.loads(json.dumps(header.snapshot))
        if self._died is not None and risen != self._died:
            where = first_difference(self._died, risen)
            self._fails(Law.SESSION_RUNS, f"a restart changed the state: {where}")

    def _take(self, event: Event, now: Instant) -> None:
        stand, venue = self.stand, self.stand.venue
        stand.now = now
        # Two clocks are never the same, but no order rests before it was sent.
        while venue.changes and venue.changes[0].at <= now:
            if venue.changes[0].wire_id not in self._minted:
                break
            self._happen()
        effects = stand.session.handle(event, now)
        self.events += 1
        for request in effects.requests:
            if isinstance(request, Approved):
                self._minted.add(request.request.wire_id)
        for checker in list(self._checkers):
            self._ask(checker, lambda one: one.handled(self._world, event, now, effects))

    def _happen(self) -> None:
        """One change at the exchange: the law of levels looks after each, not at tickers alone."""
        change = self.stand.venue.take()
        if change.wire_id not in self._minted:
            self._fails(
                Law.WIRE_IDS_UNIQUE,
                f"order {change.wire_id} is at the exchange, and no journal says that it was sent",
            )
            self._minted.add(change.wire_id)
        look = _look(change)
        for checker in list(self._checkers):
            if isinstance(checker, LevelChecker):
                self._ask(checker, lambda one: one.handled(self._world, look, look.at, NO_EFFECTS))

    def _ask(self, checker: "Watcher", asked: "Callable[[Watcher], None]") -> None:
        """What has broken once judges no more: its notes are of a world that cannot be."""
        try:
            asked(checker)
        except LawBroken as broken:
            self.broken.append(broken)
            self._checkers.remove(checker)

    def _fails(self, law: Law, what: str) -> None:
        self.broken.append(LawBroken(law, what, self.stand.now))


def _look(change: OrderUpdate) -> Ticker:
    return Ticker(symbol=change.symbol, at=change.at, last=change.price, mark=None)


def _as_json(session: AccountSession) -> object:
    return json.loads(json.dumps(session.snapshot()))
