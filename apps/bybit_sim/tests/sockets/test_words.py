from bybit_sim.sockets.words import Handled, SocketKind


def test_kinds_of_sockets_have_the_names_that_faults_use() -> None:
    assert [kind.value for kind in SocketKind] == ["public", "private", "trade"]


def test_a_message_comes_to_nothing_unless_something_is_said() -> None:
    handled = Handled()

    assert handled.replies == ()
    assert handled.later is None
    assert not handled.reset
