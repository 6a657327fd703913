"""The limits as they are meant for the exchange."""

from bybit_adapter.ws_client.words import Timing
from gridcore.clock import SECOND_US


def test_a_dead_connection_is_replaced_within_45_seconds() -> None:
    limits = Timing()

    worst = limits.pong_age_us_max + limits.check_us + 2 * limits.backoff_us_min

    assert worst <= 43 * SECOND_US


def test_pings_and_their_limits_suit_the_library_and_the_exchange() -> None:
    limits = Timing()

    # websocket-client wants the interval above the wait, Bybit recommends 20 s (bybit.md B.1).
    assert limits.pong_wait_us < limits.ping_us == 20 * SECOND_US
    assert limits.pong_age_us_max == 2 * limits.ping_us
    assert limits.io_us > limits.ping_us


def test_an_exit_fits_into_a_shutdown() -> None:
    assert Timing().exit_us < 5 * SECOND_US


def test_every_client_has_the_same_safe_limits_unless_somebody_says_otherwise_l57() -> None:
    limits = Timing()

    assert limits == Timing()
    assert limits.chatty == ("tickers.",)
    assert (limits.backoff_us_min, limits.backoff_us_max) == (SECOND_US, 30 * SECOND_US)
    assert limits.abandoned_max == 8
