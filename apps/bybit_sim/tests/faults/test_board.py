"""When faults act: windows, targets, chances, counts, and sources of their own."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bybit_sim.faults.board import ACTED_KEPT, FaultBoard
from bybit_sim.faults.words import Fault, WireFault

W = WireFault


def fault(kind: WireFault, **changes: Any) -> Fault:
    return Fault(**{"kind": kind, "from_ms": 1000, "until_ms": 2000, **changes})


def test_a_fault_acts_from_the_beginning_of_its_window_and_not_at_its_end() -> None:
    delayed = fault(W.REPLY_DELAYED, amount=50)
    board = FaultBoard(1, [delayed])

    hits = [board.request("/v5/order/create", 1, at) for at in (999, 1000, 1999, 2000)]

    assert hits == [None, delayed, delayed, None]


def test_a_fault_acts_on_its_target_and_on_its_account_only() -> None:
    lost = fault(W.FRAME_LOST, target="execution*", uid=7)
    board = FaultBoard(1, [lost])

    assert board.frame("execution.fast", 7, 1000) == (lost,)
    assert board.frame("order", 7, 1000) == ()
    assert board.frame("execution", 8, 1000) == ()
    assert board.frame("execution", None, 1000) == ()


def test_a_fault_of_requests_never_acts_on_frames_or_sockets() -> None:
    board = FaultBoard(1, [fault(W.REQUEST_LOST)])

    assert board.frame("*", 1, 1000) == ()
    assert board.connection("private", 1, 1000, 1) is None
    assert board.whole(1000) == ()
    assert board.answer(W.AUTH_REFUSED, "private", 1, 1000) is None


def test_a_count_limits_how_often_a_fault_acts() -> None:
    board = FaultBoard(1, [fault(W.CONNECTION_RESET, count=2)])

    hits = [board.request("/v5/market/time", None, 1000) for _ in range(4)]

    assert [hit is not None for hit in hits] == [True, True, False, False]
    assert board.standing()[0].acted == 2


def test_of_several_faults_the_first_put_on_the_board_befalls_a_request() -> None:
    first, second = fault(W.RET_CODE, amount=10016), fault(W.CONNECTION_RESET)
    board = FaultBoard(1, [first, second])

    assert board.request("/v5/order/create", 1, 1500) == first
    assert [one.acted for one in board.standing()] == [1, 0]


def test_a_frame_suffers_every_fault_that_hits_it_but_a_lost_one_none_beside() -> None:
    late, twice = fault(W.FRAME_DELAYED, amount=9), fault(W.FRAME_REPEATED)
    lost = fault(W.FRAME_LOST, target="order")
    board = FaultBoard(1, [late, twice, lost])

    assert board.frame("wallet", 1, 1000) == (late, twice)
    assert board.frame("order", 1, 1000) == (lost,)


def test_a_connection_is_drawn_once_for_each_fault_however_often_it_is_asked() -> None:
    board = FaultBoard(3, [fault(W.SOCKET_RESET, chance=500)])

    asked = {
        serial: [board.connection("private", 1, at, serial) for at in range(1000, 1100)]
        for serial in range(200)
    }

    hits = [sum(hit is not None for hit in answers) for answers in asked.values()]
    assert max(hits) == 1
    assert 60 < sum(hits) < 140


def test_a_connection_that_opens_later_in_the_window_is_hit_as_well() -> None:
    closed = fault(W.SOCKET_CLOSED, amount=1001, target="private")
    board = FaultBoard(1, [closed])

    assert board.connection("public", None, 1000, 1) is None
    assert board.connection("private", 5, 1000, 2) == closed
    assert board.connection("private", 5, 1200, 3) == closed
    assert board.connection("private", 5, 2000, 4) is None


def test_a_forgotten_connection_is_drawn_anew() -> None:
    board = FaultBoard(1, [fault(W.SOCKET_EOF)])
    assert board.connection("trade", 5, 1000, 9) is not None
    assert board.connection("trade", 5, 1000, 9) is None

    board.forget(9)

    assert board.connection("trade", 5, 1000, 9) is not None


def test_an_answer_is_refused_by_the_kind_of_socket_or_by_one_of_its_topics() -> None:
    by_kind = fault(W.AUTH_REFUSED, target="private")
    by_topic = fault(W.ACK_REFUSED, target="tickers.*")
    board = FaultBoard(1, [by_kind, by_topic])

    assert board.answer(W.AUTH_REFUSED, "private", None, 1000) == by_kind
    assert board.answer(W.AUTH_REFUSED, "trade", None, 1000) is None
    topics = ("publicTrade.BTCUSDT", "tickers.BTCUSDT")
    assert board.answer(W.ACK_REFUSED, "public", None, 1000, topics) == by_topic
    assert board.answer(W.ACK_REFUSED, "public", None, 1000, topics[:1]) is None


def test_the_whole_server_is_in_a_state_while_the_window_lasts_and_it_counts_once() -> None:
    down = fault(W.MAINTENANCE)
    board = FaultBoard(1, [down])

    states = [board.whole(at) for at in (999, 1000, 1500, 1999, 2000)]

    assert states == [(), (down,), (down,), (down,), ()]
    assert board.standing()[0].acted == 1


def test_clocks_skewed_together_add_up() -> None:
    later = fault(W.CLOCK_SKEWED, amount=-200, from_ms=1500)
    board = FaultBoard(1, [fault(W.CLOCK_SKEWED, amount=900), later])

    assert [board.skew_ms(at) for at in (0, 1000, 1500, 2000)] == [0, 900, 700, 0]


def test_a_fault_taken_off_acts_no_more_and_its_number_is_not_used_again() -> None:
    board = FaultBoard(1, [fault(W.FRAME_LOST)])

    assert board.remove(1)
    assert not board.remove(1)

    assert board.frame("order", 1, 1000) == ()
    assert board.add(fault(W.FRAME_REPEATED)) == 2
    assert [one.number for one in board.standing()] == [2]


def test_the_log_tells_each_act_once_and_keeps_the_newest() -> None:
    board = FaultBoard(1, [fault(W.FRAME_LOST, until_ms=10_000)])
    for at in range(1000, 1000 + ACTED_KEPT + 3):
        board.frame("wallet", 4, at)

    kept = board.acted_since(0)
    newest = board.acted_since(kept[-2].serial)

    assert len(kept) == ACTED_KEPT
    assert [(act.serial, act.at_ms, act.uid) for act in newest] == [(503, 1502, 4)]
    assert (newest[0].number, newest[0].kind, newest[0].subject) == (1, W.FRAME_LOST, "wallet")


@given(
    seed=st.integers(0, 2**32),
    chances=st.lists(st.integers(1, 1000), min_size=2, max_size=4),
    gone=st.integers(0, 3),
)
def test_a_fault_taken_out_leaves_the_draws_of_all_others_as_they_were(
    seed: int, chances: list[int], gone: int
) -> None:
    faults = [fault(W.FRAME_REPEATED, chance=chance, detail=str(chance)) for chance in chances]
    left = faults[gone % len(faults)]
    others = [one for one in faults if one != left]

    everybody, without = FaultBoard(seed, faults), FaultBoard(seed, others)

    for at in range(1000, 1050):
        with_it = [one for one in everybody.frame("order", 1, at) if one != left]
        assert with_it == list(without.frame("order", 1, at))


def test_equal_faults_draw_from_different_sources() -> None:
    twin = fault(W.FRAME_REPEATED, chance=500)
    board = FaultBoard(1, [twin, twin])

    hits = {len(board.frame("order", 1, at)) for at in range(1000, 1200)}

    assert hits == {0, 1, 2}


def test_the_seed_decides_what_is_hit() -> None:
    def hits(seed: int) -> list[bool]:
        board = FaultBoard(seed, [fault(W.CONNECTION_RESET, chance=300)])
        return [board.request("/v5/order/create", 1, at) is not None for at in range(1000, 1200)]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 30 < sum(hits(1)) < 90
