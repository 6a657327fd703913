"""The supervision as a pure function of events and time."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bybit_adapter.ws_client.clock import Moment
from bybit_adapter.ws_client.supervisor import TRANSITIONS, Supervisor
from bybit_adapter.ws_client.words import (
    Acknowledged,
    Authenticated,
    Command,
    Connected,
    Ended,
    Event,
    Fatal,
    FatalKind,
    Leave,
    Left,
    Open,
    Opened,
    OpenFailed,
    Outage,
    Phase,
    Reason,
    Restored,
    Stop,
    Subscribe,
    Timing,
    Vitals,
)
from gridcore.clock import MINUTE_US, SECOND_US, Instant

TICKERS = "tickers.BTCUSDT"
TRADES = "publicTrade.BTCUSDT"
HEALTHY = Vitals(alive=True, pongs=0, pong_at=None, heard_at=None, topics={})


AHEAD_US = 7 * SECOND_US
"""The exchange's clock is so far ahead of ours."""


def us(seconds: float) -> int:
    """A moment after the beginning, by the steady clock."""
    return int(seconds * SECOND_US)


def told_at(seconds: float) -> Instant:
    """A moment after the beginning, as the consumer is told it."""
    return Instant(us(seconds) + AHEAD_US)


def at(seconds: float) -> Moment:
    """A moment after the beginning."""
    return Moment(steady_us=us(seconds), exchange=told_at(seconds))


def at_us(steady_us: int) -> Moment:
    """A moment by the steady clock."""
    return at(steady_us / SECOND_US)


def supervisor(*topics: str, private: bool = False) -> Supervisor:
    """A supervisor at the beginning, with the real limits and the shortest waits."""
    return Supervisor(topics, private=private, timing=Timing(), draw=lambda: 0.0, now=at(0))


def asked(commands: list[Command]) -> list[Subscribe]:
    """The subscriptions among commands."""
    return [one for one in commands if isinstance(one, Subscribe)]


def live(*topics: str) -> Supervisor:
    """A public supervisor that is live since 1 s."""
    one = supervisor(*(topics or (TICKERS, TRADES)))
    one.start(at(0))
    request = asked(one.handle(Opened(generation=1), at(0.5)))[0].request
    one.handle(Acknowledged(generation=1, request=request, accepted=True, text=""), at(1))
    assert one.phase is Phase.LIVE
    return one


def cut(generation: int) -> Ended:
    """A connection that the server has cut."""
    return Ended(generation=generation, reason=Reason.CLOSED, detail="cut", status=None)


class TestTheWayUp:
    def test_a_public_connection_is_live_once_everything_is_acknowledged(self) -> None:
        one = supervisor(TICKERS)

        assert one.start(at(0)) == [Open(generation=1)]
        request = asked(one.handle(Opened(generation=1), at(1)))[0]
        before = one.phase
        told = one.handle(
            Acknowledged(generation=1, request=request.request, accepted=True, text=""), at(2)
        )

        assert (before, one.phase) == (Phase.SUBSCRIBING, Phase.LIVE)
        assert [type(command) for command in told] == [Restored]

    def test_a_private_connection_asks_for_nothing_before_it_is_authenticated(self) -> None:
        one = supervisor("order", private=True)
        one.start(at(0))

        assert one.handle(Opened(generation=1), at(1)) == [Connected(generation=1, at=told_at(1))]
        assert one.phase is Phase.AUTHENTICATING
        told = one.handle(Authenticated(generation=1, accepted=True, text=""), at(2))

        assert [type(command) for command in told] == [Subscribe]

    def test_an_authentication_answered_before_the_construction_returned_counts(self) -> None:
        one = supervisor("order", private=True)
        one.start(at(0))
        one.handle(Authenticated(generation=1, accepted=True, text=""), at(0.9))

        told = one.handle(Opened(generation=1), at(1))

        assert [type(command) for command in told] == [Connected, Subscribe]

    def test_an_end_before_the_construction_returned_counts(self) -> None:
        one = supervisor(TICKERS)
        one.start(at(0))
        one.handle(cut(1), at(0.9))

        told = one.handle(Opened(generation=1), at(1))

        assert [type(command) for command in told] == [Leave, Outage]
        assert one.phase is Phase.WAITING

    def test_the_cause_of_a_failed_construction_is_what_its_socket_said(self) -> None:
        one = supervisor(TICKERS)
        one.start(at(0))
        one.handle(
            Ended(generation=1, reason=Reason.CLOSED, detail="HTTP 403", status=403), at(0.9)
        )

        told = one.handle(OpenFailed(generation=1, detail="too many attempts", status=None), at(1))

        assert isinstance(told[0], Outage)
        assert told[0].detail == "HTTP 403"
        assert one.next_deadline() == us(1) + 10 * MINUTE_US


class TestLosses:
    def test_a_loss_is_told_after_the_connection_is_silenced(self) -> None:
        one = live()
        one.tick(replace(HEALTHY, pong_at=at(20), heard_at=at(21)), at(22))

        told = one.handle(cut(1), at(23))

        assert told == [
            Leave(generation=1),
            Outage(
                topics=(TICKERS, TRADES),
                since=told_at(21),
                noticed_at=told_at(23),
                reason=Reason.CLOSED,
                detail="cut",
            ),
        ]
        assert one.next_deadline() == us(24)
        assert one.tick(None, at(24)) == [Open(generation=2)]

    def test_what_an_older_connection_still_says_is_not_heard(self) -> None:
        one = live()
        one.handle(cut(1), at(23))
        one.tick(None, at(24))
        one.handle(Opened(generation=2), at(25))

        assert one.handle(cut(1), at(25)) == []
        assert (
            one.handle(Acknowledged(generation=1, request="", accepted=True, text=""), at(25)) == []
        )
        assert one.phase is Phase.SUBSCRIBING

    def test_no_pong_for_two_intervals_is_the_end(self) -> None:
        one = live(TRADES)

        assert one.tick(replace(HEALTHY, pong_at=at(20)), at(60)) == []
        told = one.tick(replace(HEALTHY, pong_at=at(20)), at(60.1))

        assert isinstance(told[1], Outage)
        assert told[1].reason is Reason.PONG_MISSING
        assert told[1].since == told_at(20)

    def test_a_thread_that_ended_without_a_word_is_noticed(self) -> None:
        # websocket-client before 1.9 ends so after a close frame (bybit.md C.4).
        one = live()

        told = one.tick(replace(HEALTHY, alive=False), at(2))

        assert isinstance(told[1], Outage)
        assert told[1].reason is Reason.THREAD_ENDED

    def test_a_silent_topic_costs_the_connection_and_each_topic_has_its_own_beginning(
        self,
    ) -> None:
        one = live()
        heard = {TICKERS: (9, at(50)), TRADES: (9, at(80))}

        told = one.tick(
            Vitals(alive=True, pongs=4, pong_at=at(79), heard_at=at(80), topics=heard), at(81)
        )

        leave, tickers, trades = told
        assert leave == Leave(generation=1)
        assert isinstance(tickers, Outage)
        assert isinstance(trades, Outage)
        assert (tickers.topics, tickers.since) == ((TICKERS,), told_at(50))
        assert (trades.topics, trades.since) == ((TRADES,), told_at(80))

    @pytest.mark.parametrize("trades", [{TRADES: (9, at(45))}, {}])
    def test_pongs_do_not_vouch_for_the_quiet_topics_beside_a_silent_one(
        self, trades: dict[str, tuple[int, Moment]]
    ) -> None:
        """Frames vanish while the heartbeat lives: in doubt is all that the silence covers."""
        one = live()

        told = one.tick(
            Vitals(
                alive=True,
                pongs=4,
                pong_at=at(79),
                heard_at=at(79),
                topics={TICKERS: (9, at(50)), **trades},
            ),
            at(81),
        )

        sinces = {one.topics: one.since for one in told if isinstance(one, Outage)}
        assert sinces == {(TICKERS,): told_at(50), (TRADES,): told_at(50)}

    @pytest.mark.parametrize("private", [True, False])
    def test_an_answer_that_does_not_come_costs_the_connection(self, private: bool) -> None:
        one = supervisor("order", private=private)
        one.start(at(0))
        one.handle(Opened(generation=1), at(1))

        assert one.tick(HEALTHY, at(10.9)) == []
        told = one.tick(HEALTHY, at(11))

        late = Reason.AUTHENTICATION_LATE if private else Reason.SUBSCRIPTION_LATE
        assert isinstance(told[1], Outage)
        assert told[1].reason is late

    def test_a_construction_that_hangs_is_abandoned_and_replaced(self) -> None:
        one = supervisor(TICKERS)
        one.start(at(0))

        told = one.tick(None, at(10))

        assert [type(command) for command in told] == [Outage]
        assert one.abandoned() == 1
        assert one.tick(None, at(11)) == [Open(generation=2)]

    def test_what_was_abandoned_in_its_construction_is_shown_out_when_it_comes(self) -> None:
        one = supervisor(TICKERS)
        one.start(at(0))
        one.tick(None, at(10))
        one.tick(None, at(11))

        told = one.handle(Opened(generation=1), at(12))

        assert told == [Leave(generation=1)]
        assert one.phase is Phase.OPENING
        one.handle(Left(generation=1), at(13))
        assert one.abandoned() == 0

    def test_a_connection_that_was_stable_resets_the_back_off(self) -> None:
        one = supervisor(TICKERS)
        one.start(at(0))
        for generation in range(1, 4):
            one.handle(OpenFailed(generation=generation, detail="no", status=None), at(100))
            one.tick(None, at_us(one.next_deadline()))
        request = asked(one.handle(Opened(generation=4), at(200)))[0].request
        one.handle(Acknowledged(generation=4, request=request, accepted=True, text=""), at(201))
        one.tick(HEALTHY, at(211))

        one.handle(cut(4), at(212))

        assert one.next_deadline() == us(213)


class TestTheEnd:
    def test_three_refused_authentications_in_a_row_are_fatal(self) -> None:
        one = supervisor("order", private=True)
        one.start(at(0))
        refusal = "API key is invalid."
        for generation in (1, 2):
            one.handle(Opened(generation=generation), at(generation))
            told = one.handle(
                Authenticated(generation=generation, accepted=False, text=refusal), at(generation)
            )
            assert Leave(generation=generation) in told
            one.tick(None, at(generation + 90))
        one.handle(Opened(generation=3), at(200))

        told = one.handle(Authenticated(generation=3, accepted=False, text=refusal), at(200))

        assert told == [
            Leave(generation=3),
            Fatal(kind=FatalKind.AUTHENTICATION, at=told_at(200), detail=refusal),
        ]
        assert one.phase is Phase.FAILED

    def test_an_authentication_that_expires_costs_the_connection(self) -> None:
        one = supervisor("order", private=True)
        one.start(at(0))
        one.handle(Opened(generation=1), at(1))
        request = asked(one.handle(Authenticated(generation=1, accepted=True, text=""), at(1)))[0]
        one.handle(
            Acknowledged(generation=1, request=request.request, accepted=True, text=""), at(2)
        )

        told = one.handle(Authenticated(generation=1, accepted=False, text="expired"), at(3))

        assert isinstance(told[1], Outage)
        assert told[1].reason is Reason.AUTHENTICATION_REFUSED

    def test_the_ninth_hanging_connection_is_fatal(self) -> None:
        one = supervisor(TICKERS)
        told = one.start(at(0))
        while not any(isinstance(command, Fatal) for command in told):
            told = one.tick(None, at_us(one.next_deadline()))

        assert one.abandoned() == 9
        assert one.generation == 9
        assert one.phase is Phase.FAILED

    def test_connections_that_hang_and_then_end_are_never_fatal(self) -> None:
        one = supervisor(TICKERS)
        one.start(at(0))
        for _ in range(2_000):
            for command in one.tick(None, at_us(one.next_deadline())):
                assert not isinstance(command, Fatal)
            if one.generation > 3:
                one.handle(
                    OpenFailed(generation=one.generation - 3, detail="at last", status=None),
                    at_us(one.next_deadline()),
                )

        assert one.generation > 500

    def test_a_stop_leaves_and_waits_for_the_exit_until_its_deadline(self) -> None:
        one = live()

        assert one.handle(Stop(), at(5)) == [Leave(generation=1)]
        assert not one.finished()
        one.tick(None, at(8.9))
        assert not one.finished()
        one.tick(None, at(9))

        assert one.finished()
        assert one.phase is Phase.STOPPED

    def test_a_stop_while_constructing_waits_for_the_object_to_show_it_out(self) -> None:
        one = supervisor(TICKERS)
        one.start(at(0))

        assert one.handle(Stop(), at(1)) == []
        assert not one.finished()
        assert one.handle(Opened(generation=1), at(2)) == [Leave(generation=1)]
        one.handle(Left(generation=1), at(3))

        assert one.finished()

    @pytest.mark.parametrize("phase", list(Phase))
    def test_every_phase_has_its_row(self, phase: Phase) -> None:
        assert TRANSITIONS[phase]


NAMES = (TICKERS, TRADES)
GENERATIONS = st.integers(-2, 1)
REASONS = st.sampled_from([Reason.CLOSED, Reason.PONG_MISSING, Reason.CONSUMER_FAILED])
TEXTS = st.sampled_from(["", "no"])


@st.composite
def happenings(draw: st.DrawFn) -> tuple[str, int, bool, int, Reason]:
    """What happens next: a kind, which generation relative to the current one, yes or no, delay."""
    kind = draw(
        st.sampled_from(
            ["opened", "failed", "authenticated", "acknowledged", "ended", "left", "tick", "silent"]
        )
    )
    return (
        kind,
        draw(GENERATIONS),
        draw(st.booleans()),
        draw(st.sampled_from([0, SECOND_US // 2, SECOND_US, 12 * SECOND_US, 50 * SECOND_US])),
        draw(REASONS),
    )


@settings(max_examples=200)
@given(private=st.booleans(), story=st.lists(happenings(), max_size=60))
def test_whatever_happens_the_story_told_is_one_story(
    private: bool, story: list[tuple[str, int, bool, int, Reason]]
) -> None:
    """Losses and restorations alternate per topic; each generation is opened once and left once.

    Each interval begins before it ends, and there is always a next moment to look at the clock.
    """
    one = Supervisor(NAMES, private=private, timing=Timing(), draw=lambda: 0.5, now=at(0))
    told = one.start(at(0))
    requests = [command.request for command in asked(told)]
    now = at(0)
    for kind, step, yes, delay_us, reason in story:
        now = at_us(now.steady_us + delay_us)
        generation = max(1, one.generation + step)
        event: Event | None = None
        match kind:
            case "opened":
                if generation == one.generation and one.phase is not Phase.OPENING:
                    continue
                event = Opened(generation=generation)
            case "failed":
                event = OpenFailed(generation=generation, detail="no", status=None)
            case "authenticated":
                event = Authenticated(generation=generation, accepted=yes, text="")
            case "acknowledged":
                event = Acknowledged(
                    generation=generation,
                    request=requests[step] if len(requests) > 1 else "",
                    accepted=yes,
                    text="",
                )
            case "ended":
                event = Ended(generation=generation, reason=reason, detail="", status=None)
            case "left":
                event = Left(generation=generation)
        commands = [] if event is None else one.handle(event, now)
        vitals = replace(HEALTHY, alive=kind != "silent", pong_at=now)
        commands += one.tick(vitals, now)
        requests += [command.request for command in asked(commands)]
        told += commands
        if one.phase not in (Phase.FAILED, Phase.STOPPED):
            assert one.next_deadline() > now.steady_us

    opened = [command.generation for command in told if isinstance(command, Open)]
    assert opened == list(range(1, len(opened) + 1))
    for topic in NAMES:
        down = True
        first = True
        for command in told:
            if isinstance(command, Outage) and topic in command.topics:
                assert not down or first
                assert command.since <= command.noticed_at
                down, first = True, False
            elif isinstance(command, Restored) and topic in command.topics:
                assert down
                assert command.since <= command.until
                down, first = False, False
        assert (topic in one.down()) == down
