"""An end of our own is not logged as an error; every other word of the library is."""

import logging
import threading

import pytest

from bybit_adapter.ws_client.own_ends import LIBRARY, own_end


def said_in_a_thread(text: str, *, is_our_end: bool) -> None:
    """The library says something on a socket's thread, which we may have told to end."""
    go_on = threading.Event()

    def run() -> None:
        go_on.wait(10)
        logging.getLogger(LIBRARY).error(text)

    thread = threading.Thread(target=run)
    thread.start()
    with own_end(thread.ident if is_our_end else None):
        go_on.set()
        thread.join()


def test_the_last_words_of_a_socket_that_we_end_are_no_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said_in_a_thread("Connection to remote host was lost. - goodbye", is_our_end=True)

    assert caplog.records == []


def test_what_others_say_meanwhile_and_afterwards_is_heard(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said_in_a_thread("lost", is_our_end=False)
    with own_end(threading.get_ident()):
        logging.getLogger(LIBRARY).error("hushed")
    logging.getLogger(LIBRARY).error("later")

    assert [record.message for record in caplog.records] == ["lost", "later"]
