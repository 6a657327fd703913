"""Silent tickers: told once, and restored by the next one (A28, A29)."""

from hypothesis import given
from hypothesis import strategies as st

from gridcore.clock import SECOND_US, Instant
from gridcore.session.silence import TickerSilence

LIMIT = 60 * SECOND_US


def at(second: float) -> Instant:
    return Instant(int(second * SECOND_US))


def test_a_symbol_that_is_not_heard_for_the_limit_is_told_once_a28() -> None:
    silence = TickerSilence(LIMIT)
    silence.seen("BTCUSDT", at(5))
    assert silence.next_deadline() == at(65)

    assert silence.due(Instant(at(65) - 1)) == []
    assert silence.due(at(65)) == ["BTCUSDT"]

    assert silence.due(at(999)) == []
    assert silence.next_deadline() is None


def test_only_the_first_ticker_after_a_silence_restores_the_stream() -> None:
    silence = TickerSilence(LIMIT)
    silence.seen("BTCUSDT", at(0))
    silence.due(at(60))

    assert [silence.seen("BTCUSDT", at(second)) for second in (70, 71)] == [True, False]

    assert silence.next_deadline() == at(131)
    assert silence.due(at(131)) == ["BTCUSDT"], "a new silence is told anew"


def test_a_ticker_before_the_silence_was_told_restores_nothing() -> None:
    silence = TickerSilence(LIMIT)
    silence.seen("BTCUSDT", at(0))

    assert not silence.seen("BTCUSDT", at(61))
    assert silence.due(at(61)) == []


def test_a_symbol_that_was_never_seen_counts_from_when_it_was_expected_at_a_clock_of_0_a29() -> (
    None
):
    silence = TickerSilence(LIMIT)
    silence.expect("BTCUSDT", at(0))

    assert silence.next_deadline() == at(60)
    assert silence.due(at(59)) == []
    assert silence.due(at(60)) == ["BTCUSDT"]
    assert silence.seen("BTCUSDT", at(61))


def test_expecting_a_symbol_again_neither_delays_its_silence_nor_ends_it() -> None:
    silence = TickerSilence(LIMIT)
    silence.expect("BTCUSDT", at(0))
    silence.expect("BTCUSDT", at(50))
    assert silence.next_deadline() == at(60)
    silence.due(at(60))

    silence.expect("BTCUSDT", at(70))

    assert silence.next_deadline() is None
    assert silence.seen("BTCUSDT", at(71))


def test_nothing_is_due_when_nothing_is_expected() -> None:
    silence = TickerSilence(LIMIT)

    assert silence.next_deadline() is None
    assert silence.due(at(10**6)) == []


def test_each_symbol_has_a_silence_of_its_own_and_the_longest_comes_first() -> None:
    silence = TickerSilence(LIMIT)
    for symbol, second in (("SOLUSDT", 2), ("ETHUSDT", 1), ("BTCUSDT", 2), ("XRPUSDT", 50)):
        silence.seen(symbol, at(second))
    assert silence.next_deadline() == at(61)

    assert silence.due(at(62)) == ["ETHUSDT", "BTCUSDT", "SOLUSDT"]

    assert silence.next_deadline() == at(110)
    assert not silence.seen("XRPUSDT", at(63))


def test_a_stream_known_to_be_lost_is_restored_by_its_next_ticker_and_not_told_again() -> None:
    silence = TickerSilence(LIMIT)
    silence.seen("BTCUSDT", at(0))

    silence.lost("BTCUSDT")

    assert silence.next_deadline() is None
    assert silence.due(at(60)) == []
    assert silence.seen("BTCUSDT", at(61))


@given(st.lists(st.tuples(st.sampled_from("AB"), st.booleans(), st.integers(0, 90)), max_size=40))
def test_losses_and_restorations_alternate_and_fit_the_gaps(
    steps: list[tuple[str, bool, int]],
) -> None:
    silence, now = TickerSilence(LIMIT), 0
    heard: dict[str, int] = {}
    silent: set[str] = set()
    for symbol, comes, by in steps:
        now += by
        if comes:
            assert silence.seen(symbol, at(now)) is (symbol in silent)
            silent.discard(symbol)
            heard[symbol] = now
            continue
        told = silence.due(at(now))
        over = {name for name, last in heard.items() if now - last >= 60} - silent
        assert len(told) == len(over)
        assert set(told) == over
        silent |= over
