"""Refusal codes and what each asks of us (spec/live.md 1.7, bybit.md A.6; L11, L115)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridcore.session import codes
from gridcore.session.codes import Reaction, reaction_to_cancel, reaction_to_place


@pytest.mark.parametrize("code", [10002, 10006, 10018, 403, 429])
def test_only_what_certainly_did_not_happen_and_may_pass_later_is_retried_a22(code: int) -> None:
    assert reaction_to_place(code) is Reaction.RETRY
    assert reaction_to_cancel(code) is Reaction.RETRY


@pytest.mark.parametrize("code", [10000, 10016, 500, 502, 503, 504, 599])
def test_a_server_error_leaves_the_outcome_open_l05(code: int) -> None:
    assert reaction_to_place(code) is Reaction.AMBIGUOUS
    assert reaction_to_cancel(code) is Reaction.AMBIGUOUS


@pytest.mark.parametrize(
    "code", [401, 10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 33004]
)
def test_a_refused_key_is_an_authentication_failure_whatever_was_asked_a23(code: int) -> None:
    assert reaction_to_place(code) is Reaction.AUTHENTICATION
    assert reaction_to_cancel(code) is Reaction.AUTHENTICATION


@pytest.mark.parametrize(
    ("code", "to_place"),
    [
        (110004, Reaction.BALANCE),
        (110007, Reaction.BALANCE),
        (110012, Reaction.BALANCE),
        (110044, Reaction.BALANCE),
        (110045, Reaction.BALANCE),
        (110052, Reaction.BALANCE),
        (110017, Reaction.POSITION_STALE),
        (110072, Reaction.DUPLICATE_ID),
        (10014, Reaction.DUPLICATE_ID),
        (110009, Reaction.LIMIT),
        (110020, Reaction.LIMIT),
        (110021, Reaction.LIMIT),
        (110023, Reaction.LIMIT),
        (110042, Reaction.LIMIT),
        (110090, Reaction.LIMIT),
        (30228, Reaction.LIMIT),
        (3400139, Reaction.LIMIT),
    ],
)
def test_what_only_concerns_placements_merely_refuses_a_cancel_a08_a20_a21(
    code: int, to_place: Reaction
) -> None:
    assert reaction_to_place(code) is to_place
    assert reaction_to_cancel(code) is Reaction.REFUSED


@pytest.mark.parametrize("code", [110001, 110008, 110010, 170213])
def test_an_order_that_is_gone_ends_its_cancel_a13(code: int) -> None:
    assert reaction_to_cancel(code) is Reaction.ORDER_GONE
    assert reaction_to_place(code) is Reaction.REFUSED


def test_an_order_in_progress_is_cancelled_later_and_a_placement_in_progress_is_open() -> None:
    assert reaction_to_cancel(110079) is Reaction.IN_PROGRESS
    assert reaction_to_place(110079) is Reaction.AMBIGUOUS


@pytest.mark.parametrize("code", [10001, 10017, 110003, 110066, 110094, 499, 600, 0, -1, 987654])
def test_any_other_code_is_a_plain_refusal_and_never_a_reason_to_retry(code: int) -> None:
    assert reaction_to_place(code) is Reaction.REFUSED
    assert reaction_to_cancel(code) is Reaction.REFUSED


def test_every_named_code_has_a_name_of_its_own() -> None:
    named = [value for value in vars(codes).values() if type(value) is int]

    assert len(named) > 30
    assert len(named) == len(set(named))


def test_every_reaction_can_come() -> None:
    known = [value for value in vars(codes).values() if type(value) is int] + [10001]
    answers = {
        reaction(code) for code in known for reaction in (reaction_to_place, reaction_to_cancel)
    }

    assert answers == set(Reaction)


@given(st.integers(-10, 4_000_000))
def test_a_cancel_and_a_placement_agree_on_what_does_not_depend_on_the_request(code: int) -> None:
    either = {Reaction.RETRY, Reaction.AUTHENTICATION}

    assert (reaction_to_place(code) in either) is (reaction_to_cancel(code) in either)
