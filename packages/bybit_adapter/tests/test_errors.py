import pytest
from hypothesis import given
from hypothesis import strategies as st
from pybit.exceptions import FailedRequestError, InvalidRequestError

from bybit_adapter import errors
from bybit_adapter.errors import (
    AuthenticationRefused,
    ErrorKind,
    LinkFault,
    Operation,
    OutcomeUnknown,
    Policy,
    Rejected,
    Unanswered,
    code_in_text,
    policy_of_code,
    policy_of_fault,
    policy_of_status,
    to_failure,
)
from gridcore.session import codes

AMBIGUOUS = [
    policy_of_code(10000),
    policy_of_code(10016),
    policy_of_status(500),
    policy_of_status(502),
    policy_of_status(503),
    policy_of_status(599),
    policy_of_fault(LinkFault.TIMED_OUT),
    policy_of_fault(LinkFault.BROKEN),
    policy_of_fault(LinkFault.MALFORMED),
]


@pytest.mark.parametrize(
    ("code", "kind", "retryable", "ambiguous"),
    [
        (10000, ErrorKind.SERVER, True, True),
        (10001, ErrorKind.PARAMETER, False, False),
        (10002, ErrorKind.CLOCK, True, False),
        (10003, ErrorKind.AUTHENTICATION, False, False),
        (10004, ErrorKind.AUTHENTICATION, False, False),
        (10005, ErrorKind.AUTHENTICATION, False, False),
        (10006, ErrorKind.RATE_LIMIT, True, False),
        (10010, ErrorKind.AUTHENTICATION, False, False),
        (10014, ErrorKind.DUPLICATE_ID, False, False),
        (10016, ErrorKind.SERVER, True, True),
        (10018, ErrorKind.ADDRESS_LIMIT, True, False),
        (10019, ErrorKind.SERVER, True, True),
        (33004, ErrorKind.AUTHENTICATION, False, False),
        (110001, ErrorKind.ORDER_GONE, False, False),
        (110003, ErrorKind.PRICE_RANGE, False, False),
        (110007, ErrorKind.BALANCE, False, False),
        (110017, ErrorKind.NOTHING_TO_REDUCE, False, False),
        (110020, ErrorKind.LIMIT, False, False),
        (110025, ErrorKind.UNCHANGED, False, False),
        (110043, ErrorKind.UNCHANGED, False, False),
        (110072, ErrorKind.DUPLICATE_ID, False, False),
        (110079, ErrorKind.IN_PROGRESS, True, True),
        (110094, ErrorKind.NOTIONAL, False, False),
        (999_999, ErrorKind.OTHER, False, False),
    ],
)
def test_every_code_has_one_meaning(
    code: int, kind: ErrorKind, retryable: bool, ambiguous: bool
) -> None:
    assert policy_of_code(code) == Policy(kind=kind, retryable=retryable, ambiguous=ambiguous)


@pytest.mark.parametrize(
    ("status", "kind", "ambiguous"),
    [
        (400, ErrorKind.PARAMETER, False),
        (401, ErrorKind.AUTHENTICATION, False),
        (403, ErrorKind.ADDRESS_LIMIT, False),
        (404, ErrorKind.PARAMETER, False),
        (408, ErrorKind.TIMEOUT, True),
        (418, ErrorKind.OTHER, False),
        (429, ErrorKind.ADDRESS_LIMIT, False),
        (302, ErrorKind.MALFORMED, True),
        (500, ErrorKind.SERVER, True),
        (504, ErrorKind.SERVER, True),
        (530, ErrorKind.SERVER, True),
    ],
)
def test_an_http_status_is_judged_by_the_same_table(
    status: int, kind: ErrorKind, ambiguous: bool
) -> None:
    policy = policy_of_status(status)

    assert (policy.kind, policy.ambiguous) == (kind, ambiguous)


@pytest.mark.parametrize("policy", AMBIGUOUS)
def test_what_is_ambiguous_never_becomes_a_rejection_of_a_create(policy: Policy) -> None:
    """L05: a create without a clear answer may rest at the exchange."""
    failure = to_failure(policy, Operation.CREATE, code=None, text="no answer")

    assert isinstance(failure, OutcomeUnknown)
    assert policy.ambiguous


@pytest.mark.parametrize("policy", AMBIGUOUS)
def test_a_change_without_an_answer_is_unknown_too_and_a_read_is_merely_unanswered(
    policy: Policy,
) -> None:
    change = to_failure(policy, Operation.CHANGE, code=None, text="")
    read = to_failure(policy, Operation.READ, code=None, text="")

    assert isinstance(change, OutcomeUnknown)
    assert isinstance(read, Unanswered)


@given(st.integers(-1, 5_000_000), st.sampled_from(Operation))
def test_a_create_is_rejected_only_by_codes_that_leave_no_doubt(
    code: int, operation: Operation
) -> None:
    policy = policy_of_code(code)
    if errors.is_limit(policy):
        return

    failure = to_failure(policy, operation, code=code, text="")

    if isinstance(failure, Rejected) and operation is Operation.CREATE:
        assert not policy.ambiguous
    if isinstance(failure, OutcomeUnknown):
        assert operation is not Operation.READ


def test_a_request_that_never_left_changed_nothing() -> None:
    policy = policy_of_fault(LinkFault.NOT_CONNECTED)

    failure = to_failure(policy, Operation.CREATE, code=None, text="refused")

    assert failure == Unanswered(kind=ErrorKind.NOT_CONNECTED, code=None, text="refused")


def test_an_order_that_is_being_worked_on_leaves_a_create_open_and_refuses_a_cancel() -> None:
    policy = policy_of_code(110079)

    create = to_failure(policy, Operation.CREATE, code=110079, text="busy")
    cancel = to_failure(policy, Operation.CHANGE, code=110079, text="busy")

    assert isinstance(create, OutcomeUnknown)
    assert cancel == Rejected(kind=ErrorKind.IN_PROGRESS, code=110079, text="busy", retryable=True)


def test_a_refused_key_is_its_own_ending() -> None:
    failure = to_failure(policy_of_code(10003), Operation.CREATE, code=10003, text="API key")

    assert failure == AuthenticationRefused(code=10003, text="API key")


def test_the_text_of_a_parameter_error_tells_a_wrong_position_mode() -> None:
    policy = policy_of_code(10001, "position idx not match position mode")

    assert policy.kind is ErrorKind.POSITION_MODE
    assert policy_of_code(10001, "order not modified").kind is ErrorKind.UNCHANGED
    assert policy_of_code(110007, "not modified").kind is ErrorKind.BALANCE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[10003] API key is invalid", 10003),
        ("Timestamp (ErrCode: 10002) (ErrTime: 12:00:00).\nRequest → POST /v5", 10002),
        ("(ErrCode: -1)", -1),
        ("no code (10003)", None),
        ("", None),
    ],
)
def test_both_text_formats_of_a_code_are_read(text: str, code: int | None) -> None:
    """L115: only one of the two was known, and the cooldown never came."""
    assert code_in_text(text) == code


def test_the_real_librarys_texts_carry_their_codes() -> None:
    """L115: tested with pybit's own exceptions."""
    refused = InvalidRequestError("POST /v5", "API key is invalid.", 10003, "12:00:00", {})
    failed = FailedRequestError("POST /v5", "HTTP status code is not 200.", 502, "12:00:00", {})

    assert code_in_text(str(refused)) == 10003
    assert code_in_text(str(failed)) == 502


def test_a_long_text_is_cut_and_kept_on_one_line() -> None:
    text = errors.shortened("a\n b\t" + "x" * 1000)

    assert text.startswith("a b x")
    assert len(text) == errors.TEXT_LENGTH_MAX


@pytest.mark.parametrize(
    ("reaction_codes", "kind"),
    [
        ((codes.SERVER_TIMEOUT, codes.SERVER_ERROR), ErrorKind.SERVER),
        (
            (
                codes.KEY_INVALID,
                codes.SIGNATURE_INVALID,
                codes.PERMISSION_DENIED,
                codes.AUTHENTICATION_FAILED,
                codes.BANNED,
                codes.ADDRESS_BANNED,
                codes.ADDRESS_NOT_BOUND,
                codes.COMPLIANCE,
                codes.TRADING_BANNED,
                codes.KEY_EXPIRED,
            ),
            ErrorKind.AUTHENTICATION,
        ),
        (
            (
                codes.WALLET_INSUFFICIENT,
                codes.AVAILABLE_INSUFFICIENT,
                codes.AVAILABLE_INSUFFICIENT_TOO,
                codes.MARGIN_INSUFFICIENT,
                codes.WALLET_INSUFFICIENT_TOO,
                codes.BALANCE_INSUFFICIENT,
            ),
            ErrorKind.BALANCE,
        ),
        (
            (
                codes.ORDER_UNKNOWN,
                codes.ORDER_FINISHED,
                codes.ORDER_CANCELLED,
                codes.ORDER_UNKNOWN_TOO,
            ),
            ErrorKind.ORDER_GONE,
        ),
        ((codes.REQUEST_REPEATED, codes.WIRE_ID_REPEATED), ErrorKind.DUPLICATE_ID),
        (
            (
                codes.NO_NEW_POSITIONS,
                codes.TOO_MANY_STOP_ORDERS,
                codes.TOO_MANY_ORDERS,
                codes.OPEN_INTEREST_LIMIT,
                codes.ONLY_REDUCING,
                codes.ONLY_REDUCING_TOO,
                codes.POSITION_LIMIT,
                codes.RISK_LIMIT,
            ),
            ErrorKind.LIMIT,
        ),
    ],
)
def test_the_session_and_the_adapter_read_a_code_alike(
    reaction_codes: tuple[int, ...], kind: ErrorKind
) -> None:
    assert {policy_of_code(code).kind for code in reaction_codes} == {kind}
