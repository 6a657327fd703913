"""Reads the answer to a batch: every order in it has an end of its own (bybit.md A.4)."""

from bybit_adapter.errors import (
    ErrorKind,
    Failure,
    OutcomeUnknown,
    RateLimited,
    is_limit,
    policy_of_code,
    shortened,
    to_failure,
)
from bybit_adapter.normalizer.words import BadElement, Row
from bybit_adapter.rate_limiter import WINDOW_US
from bybit_adapter.rest import reading
from bybit_adapter.rest.caller import malformed
from bybit_adapter.rest.calls import Call
from bybit_adapter.rest.order_words import Accepted, read_accepted
from bybit_adapter.rest.words import Answer
from gridcore.clock import Instant


def read_batch(
    call: Call, answer: Answer, wire_ids: list[str], now: Instant
) -> tuple[Accepted | Failure, ...]:
    """One result for each order of a batch, in their order; `now` is by the budget's clock.

    `result` holds the names and `retExtInfo` the codes; an order that either does not mention may
    have been carried out.
    """
    results = _legs(answer.row, len(wire_ids))
    verdicts = _legs(answer.extra, len(wire_ids))
    return tuple(
        _leg(call, result, verdict, wire_id, answer.exchange_at, now)
        for result, verdict, wire_id in zip(results, verdicts, wire_ids, strict=True)
    )


def _legs(part: Row, count: int) -> list[Row | None]:
    """One row for each leg of a batch; None where the answer does not say."""
    found = part.get("list")
    rows = found if isinstance(found, list) else []
    legs: list[Row | None] = [row if isinstance(row, dict) else None for row in rows[:count]]
    return legs + [None] * (count - len(legs))


def _leg(
    call: Call,
    result: Row | None,
    verdict: Row | None,
    wire_id: str,
    exchange_at: Instant | None,
    now: Instant,
) -> Accepted | Failure:
    if verdict is None or result is None:
        text = f"{call.path}: the answer says nothing of {wire_id or 'an order'}"
        return OutcomeUnknown(kind=ErrorKind.MALFORMED, code=None, text=text)
    try:
        code = reading.required_whole(verdict, "code")
    except BadElement as error:
        return malformed(call, str(error))
    if code == 0:
        return read_accepted(call, result, wire_id, exchange_at)
    text = str(verdict.get("msg", ""))
    policy = policy_of_code(code, text)
    if is_limit(policy):
        # The budget's own pause comes from the headers; one leg only says "not in this second".
        return RateLimited(
            not_before=Instant(now + WINDOW_US), everything=False, code=code, text=shortened(text)
        )
    return to_failure(policy, call.operation, code=code, text=text)
