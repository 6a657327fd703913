"""The book of subscriptions and silences."""

import pytest

from bybit_adapter.ws_client.clock import Moment
from bybit_adapter.ws_client.topics import TopicBook, checked_topics
from bybit_adapter.ws_client.words import (
    Outage,
    Reason,
    Restored,
    Subscribe,
    Timing,
    Vitals,
)
from gridcore.clock import SECOND_US, Instant

TICKERS = "tickers.BTCUSDT"
TRADES = "publicTrade.BTCUSDT"


AHEAD_US = 7 * SECOND_US
"""The exchange's clock is so far ahead of ours."""


def told(seconds: float) -> Instant:
    """A moment after the beginning, as the consumer is told it."""
    return Instant(int(seconds * SECOND_US) + AHEAD_US)


def at(seconds: float) -> Moment:
    """A moment after the beginning."""
    return Moment(steady_us=int(seconds * SECOND_US), exchange=told(seconds))


def book(*topics: str, one_by_one: bool = False) -> TopicBook:
    """A book at the beginning, with the real limits."""
    return TopicBook(topics, one_by_one=one_by_one, timing=Timing(), draw=lambda: 0.0, now=at(0))


def vitals(**topics: tuple[int, Moment]) -> Vitals:
    """A socket on which `tickers` has delivered as said."""
    heard = {TICKERS: topics["tickers"]} if topics else {}
    return Vitals(alive=True, pongs=0, pong_at=None, heard_at=None, topics=heard)


class TestAsking:
    def test_public_topics_are_asked_for_together(self) -> None:
        asked = book(TICKERS, TRADES).begin(3, at(1))

        assert [(one.generation, one.topics) for one in asked] == [(3, (TICKERS, TRADES))]

    def test_private_topics_are_asked_for_one_by_one(self) -> None:
        asked = book("order", "wallet", one_by_one=True).begin(3, at(1))

        assert [one.topics for one in asked] == [("order",), ("wallet",)]

    def test_every_request_has_a_name_of_its_own_over_all_connections(self) -> None:
        topics = book("order", "wallet", one_by_one=True)

        names = [one.request for one in topics.begin(1, at(1)) + topics.begin(2, at(2))]

        assert len(set(names)) == 4

    def test_an_acknowledgement_restores_since_the_start(self) -> None:
        topics = book(TICKERS, TRADES)
        request = topics.begin(1, at(1))[0].request

        story = topics.answered(request, True, "", at(2))

        assert story == [
            Restored(
                topics=(TICKERS, TRADES),
                since=told(0),
                until=told(2),
                reason=Reason.STARTING,
                detail="",
            )
        ]
        assert topics.settled()
        assert topics.down() == ()

    def test_an_answer_to_an_older_connection_is_not_heard(self) -> None:
        topics = book(TICKERS)
        old = topics.begin(1, at(1))[0].request
        topics.begin(2, at(2))

        assert topics.answered(old, True, "", at(3)) == []
        assert not topics.settled()

    def test_an_answer_that_nobody_asked_for_is_not_heard(self) -> None:
        topics = book(TICKERS)
        topics.answered(topics.begin(1, at(1))[0].request, True, "", at(2))

        assert topics.answered("", True, "", at(3)) == []

    def test_what_nobody_answers_is_overdue_after_ten_seconds(self) -> None:
        topics = book(TICKERS)
        topics.begin(1, at(1))

        assert topics.next_deadline() == at(11).steady_us
        assert topics.overdue(at(10.9)) == ()
        assert topics.overdue(at(11)) == (TICKERS,)


class TestRefusals:
    def test_a_refused_request_is_asked_topic_by_topic(self) -> None:
        topics = book(TICKERS, TRADES)
        request = topics.begin(1, at(1))[0].request

        story = topics.answered(request, False, "no such topic", at(2))

        assert [one.topics for one in story if isinstance(one, Subscribe)] == [
            (TICKERS,),
            (TRADES,),
        ]
        assert topics.down() == (TICKERS, TRADES)

    def test_a_topic_refused_alone_is_told_once_and_asked_again_for_ever(self) -> None:
        topics = book(TICKERS)
        request = topics.begin(1, at(1))[0].request

        story = topics.answered(request, False, "no such topic", at(2))

        assert isinstance(story[0], Outage)
        assert story[0].reason is Reason.SUBSCRIPTION_REFUSED
        assert story[0].detail == "no such topic"
        assert topics.settled()
        waits = []
        now = at(2)
        for _ in range(7):
            deadline = topics.next_deadline()
            assert deadline is not None
            waits.append((deadline - now.steady_us) / SECOND_US)
            now = at(deadline / SECOND_US)
            assert topics.due(at(deadline / SECOND_US - 0.01)) == []
            again = topics.due(now)
            assert topics.answered(again[0].request, False, "no such topic", now) == []
        assert waits == [1, 2, 4, 8, 15, 15, 15]

    def test_an_acknowledged_topic_is_not_asked_again(self) -> None:
        topics = book(TICKERS)
        topics.answered(topics.begin(1, at(1))[0].request, True, "", at(2))

        assert topics.due(at(1_000)) == []
        assert topics.next_deadline() is None


class TestLosses:
    def test_each_loss_is_told_once_until_it_is_over(self) -> None:
        topics = book(TICKERS, TRADES)
        topics.answered(topics.begin(1, at(1))[0].request, True, "", at(2))

        first = topics.lost(topics.topics, at(50), at(60), Reason.CLOSED, "cut")
        again = topics.lost(topics.topics, at(70), at(80), Reason.OPEN_FAILED, "no")
        story = topics.answered(topics.begin(2, at(90))[0].request, True, "", at(91))

        assert [(one.topics, one.since) for one in first] == [((TICKERS, TRADES), told(50))]
        assert again == []
        assert story == [
            Restored(
                topics=(TICKERS, TRADES),
                since=told(50),
                until=told(91),
                reason=Reason.CLOSED,
                detail="cut",
            )
        ]

    def test_a_start_that_fails_is_told_with_its_reason_once(self) -> None:
        topics = book(TICKERS)

        first = topics.lost((TICKERS,), at(5), at(6), Reason.OPEN_FAILED, "no")
        again = topics.lost((TICKERS,), at(7), at(8), Reason.OPEN_FAILED, "no")

        assert [one.since for one in first] == [told(0)]
        assert again == []


class TestSilence:
    def acknowledged(self) -> TopicBook:
        """Tickers, trades and orders, acknowledged at 2 s."""
        topics = book(TICKERS, TRADES)
        topics.answered(topics.begin(1, at(1))[0].request, True, "", at(2))
        return topics

    def test_a_chatty_topic_is_silent_thirty_seconds_after_its_last_frame(self) -> None:
        topics = self.acknowledged()

        assert topics.silent(vitals(tickers=(9, at(50))), at(80)) == {}
        assert topics.silent(vitals(tickers=(9, at(50))), at(80.1)) == {TICKERS: at(50)}

    def test_a_topic_that_never_spoke_counts_from_its_acknowledgement(self) -> None:
        topics = self.acknowledged()

        assert topics.silent(vitals(), at(32)) == {}
        assert topics.silent(vitals(), at(32.1)) == {TICKERS: at(2)}

    def test_trades_and_private_topics_may_be_silent_for_ever(self) -> None:
        topics = book(TRADES, "order")
        topics.answered(topics.begin(1, at(1))[0].request, True, "", at(2))

        assert topics.silent(vitals(), at(1_000_000)) == {}

    def test_a_halted_market_costs_ever_fewer_connections(self) -> None:
        topics = self.acknowledged()
        gaps = []
        now = at(2)
        for _ in range(7):
            start = now
            while not topics.silent(vitals(tickers=(1, start)), now):
                now = at(now.steady_us / SECOND_US + 0.1)
            gaps.append(round((now.steady_us - start.steady_us) / SECOND_US))
            topics.answered(topics.begin(1, now)[0].request, True, "", now)
        assert gaps == [30, 60, 120, 240, 480, 600, 600]

    def test_a_topic_that_flows_again_has_its_short_limit_back(self) -> None:
        topics = self.acknowledged()
        topics.silent(vitals(tickers=(1, at(2))), at(40))

        topics.silent(vitals(tickers=(2, at(41))), at(41))

        assert topics.silent(vitals(tickers=(2, at(41))), at(72)) == {TICKERS: at(41)}


class TestChecks:
    def test_sensible_topics_stay_as_they_are(self) -> None:
        assert checked_topics([TICKERS, TRADES]) == (TICKERS, TRADES)

    @pytest.mark.parametrize(
        ("topics", "message"),
        [
            ([], "expected topics"),
            ([""], "expected topics"),
            ([TICKERS, TICKERS], "once"),
            ([f"tickers.{number:0>100}" for number in range(200)], "several clients"),
        ],
    )
    def test_what_no_connection_can_ask_for_is_refused(
        self, topics: list[str], message: str
    ) -> None:
        with pytest.raises(ValueError, match=message):
            checked_topics(topics)
