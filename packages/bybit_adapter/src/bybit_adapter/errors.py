"""What a refusal or a broken answer means: one table, and the values that a failed call ends in.

It knows codes and statuses; it refuses to know requests, and never decides what to do next.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from gridcore.clock import Instant
from gridcore.message import message

TEXT_LENGTH_MAX = 300
"""Characters of an exchange's or library's text that an error keeps."""


class ErrorKind(StrEnum):
    """What went wrong, as far as it matters to whoever asked (spec/live.md 1.7, bybit.md A.6)."""

    PARAMETER = "parameter"
    POSITION_MODE = "position_mode"
    """The account's position mode is not the one that the request assumes: a configuration."""
    UNCHANGED = "unchanged"
    """What was to be set is set already."""
    CLOCK = "clock"
    AUTHENTICATION = "authentication"
    RATE_LIMIT = "rate_limit"
    """The account asked too often at one endpoint."""
    ADDRESS_LIMIT = "address_limit"
    """The machine's address asked too often: everything has to pause."""
    SERVER = "server"
    TIMEOUT = "timeout"
    LINK = "link"
    """The connection broke after the request may have left."""
    NOT_CONNECTED = "not_connected"
    """No connection came about: the request never left."""
    MALFORMED = "malformed"
    """The answer is not one of Bybit's."""
    ORDER_GONE = "order_gone"
    PRICE_RANGE = "price_range"
    BALANCE = "balance"
    LIQUIDATION = "liquidation"
    """The order would trigger a liquidation."""
    NOTHING_TO_REDUCE = "nothing_to_reduce"
    LIMIT = "limit"
    """A limit of the account or the symbol is reached: more opens would be refused as well."""
    LEVERAGE = "leverage"
    BLOCKED_MODE_SWITCH = "blocked_mode_switch"
    DUPLICATE_ID = "duplicate_id"
    """An order with this id is known: the first request landed."""
    IN_PROGRESS = "in_progress"
    NOTIONAL = "notional"
    NOT_TRADING = "not_trading"
    THIN_BOOK = "thin_book"
    OTHER = "other"
    """A code that the table does not know: refused, and not asked again."""


class LinkFault(StrEnum):
    """How a request can fail without an answer that could be read."""

    TIMED_OUT = "timed_out"
    BROKEN = "broken"
    NOT_CONNECTED = "not_connected"
    MALFORMED = "malformed"


class Operation(StrEnum):
    """What a request does at the exchange, which decides what silence means."""

    READ = "read"
    CREATE = "create"
    CHANGE = "change"
    """Cancels, amends and settings: asked twice they do no more than once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a cause means. `retryable`: the same request may pass later, unchanged. `ambiguous`:
    a create that ended so may have been carried out nevertheless."""

    kind: ErrorKind
    retryable: bool
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class _Line:
    kind: ErrorKind
    marks: str
    codes: tuple[int, ...] = ()
    statuses: tuple[int, ...] = ()
    faults: tuple[LinkFault, ...] = ()


# marks: R retryable, A ambiguous for a create.
# fmt: off
_TABLE = (
    _Line(ErrorKind.PARAMETER, "", codes=(10001, 10017, 110018, 110019, 110064, 110092, 110093),
          statuses=(400, 404, 405)),
    _Line(ErrorKind.UNCHANGED, "", codes=(110025, 110026, 110027, 110043, 34040)),
    _Line(ErrorKind.CLOCK, "R", codes=(-1, 10002)),
    _Line(ErrorKind.AUTHENTICATION, "",
          codes=(10003, 10004, 10005, 10007, 10008, 10009, 10010,
                 10024, 10027, 10028, 10029, 33004),
          statuses=(401,)),
    _Line(ErrorKind.RATE_LIMIT, "R", codes=(10006,)),
    _Line(ErrorKind.ADDRESS_LIMIT, "R", codes=(10018, 10403, 10429), statuses=(403, 429)),
    _Line(ErrorKind.SERVER, "RA", codes=(10000, 10016, 10019), statuses=(500, 501, 502, 503, 504)),
    _Line(ErrorKind.TIMEOUT, "RA", statuses=(408,), faults=(LinkFault.TIMED_OUT,)),
    _Line(ErrorKind.LINK, "RA", faults=(LinkFault.BROKEN,)),
    _Line(ErrorKind.NOT_CONNECTED, "R", faults=(LinkFault.NOT_CONNECTED,)),
    _Line(ErrorKind.MALFORMED, "RA", faults=(LinkFault.MALFORMED,)),
    _Line(ErrorKind.ORDER_GONE, "", codes=(110001, 110008, 110010, 170213)),
    _Line(ErrorKind.PRICE_RANGE, "", codes=(110003, 110120, 110121, 30208, 30209)),
    _Line(ErrorKind.BALANCE, "", codes=(110004, 110007, 110012, 110044, 110045, 110052)),
    _Line(ErrorKind.LIQUIDATION, "", codes=(110011, 110039, 110040)),
    _Line(ErrorKind.NOTHING_TO_REDUCE, "", codes=(110017,)),
    _Line(ErrorKind.LIMIT, "",
          codes=(110009, 110020, 110021, 110023, 110042, 30228, 110090, 3400139)),
    _Line(ErrorKind.LEVERAGE, "", codes=(110013, 110085, 110086, 110089)),
    _Line(ErrorKind.BLOCKED_MODE_SWITCH, "", codes=(110024, 110028)),
    _Line(ErrorKind.DUPLICATE_ID, "", codes=(10014, 110030, 110072)),
    # An order with this id is being worked on: whether it comes to rest is not known yet.
    _Line(ErrorKind.IN_PROGRESS, "RA", codes=(110079,)),
    _Line(ErrorKind.NOTIONAL, "", codes=(110094,)),
    _Line(ErrorKind.NOT_TRADING, "", codes=(110066, 110074)),
    _Line(ErrorKind.THIN_BOOK, "", codes=(110118,)),
)
# fmt: on

_OTHER = Policy(kind=ErrorKind.OTHER, retryable=False, ambiguous=False)
_SERVER = Policy(kind=ErrorKind.SERVER, retryable=True, ambiguous=True)
_MALFORMED = Policy(kind=ErrorKind.MALFORMED, retryable=True, ambiguous=True)
_TEXT_MARKS = (
    ("position mode", ErrorKind.POSITION_MODE),
    ("not modified", ErrorKind.UNCHANGED),
)
"""10001 is a catch-all: only its text tells these two apart (bybit.md A.6)."""


def _policies(column: str) -> dict[object, Policy]:
    found: dict[object, Policy] = {}
    for line in _TABLE:
        policy = Policy(kind=line.kind, retryable="R" in line.marks, ambiguous="A" in line.marks)
        for cause in getattr(line, column):
            assert cause not in found, f"{cause} stands twice in the table"
            found[cause] = policy
    return found


_BY_CODE = _policies("codes")
_BY_STATUS = _policies("statuses")
_BY_FAULT = _policies("faults")


def policy_of_code(code: int, text: str = "") -> Policy:
    """What a retCode other than 0 means; the text only tells kinds of 10001 apart."""
    policy = _BY_CODE.get(code, _OTHER)
    if policy.kind is ErrorKind.PARAMETER:
        lowered = text.lower()
        for words, kind in _TEXT_MARKS:
            if words in lowered:
                return Policy(kind=kind, retryable=False, ambiguous=False)
    return policy


def policy_of_status(status: int) -> Policy:
    """What an HTTP status other than 200 means."""
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    if status >= 500:
        return _SERVER
    # Redirections and statuses that Bybit never sends: somebody else has answered.
    return _MALFORMED if status < 400 else _OTHER


def policy_of_fault(fault: LinkFault) -> Policy:
    """What the failure of the link means."""
    return _BY_FAULT[fault]


@message
class Rejected:
    """The exchange refused the request, which had no effect."""

    kind: ErrorKind
    code: int
    text: str
    retryable: bool


@message
class AuthenticationRefused:
    """The exchange does not accept our key for this request; None: we have no key at all.

    `code` is a retCode or the HTTP status 401.
    """

    code: int | None
    text: str


@message
class RateLimited:
    """Nothing was done, and nothing is to be asked of the endpoint before `not_before`.

    `everything`: that holds for every endpoint. `code` is a retCode, an HTTP status, or None when
    our own budget held the request back.
    """

    not_before: Instant
    everything: bool
    code: int | None
    text: str


@message
class Unanswered:
    """No answer that could be read, and nothing was changed: a read, or it never left."""

    kind: ErrorKind
    code: int | None
    text: str


@message
class OutcomeUnknown:
    """No answer that could be read, but the exchange may have acted (L05): look before repeating.

    `code` is a retCode or an HTTP status, None when the link failed.
    """

    kind: ErrorKind
    code: int | None
    text: str


Failure = Rejected | AuthenticationRefused | RateLimited | Unanswered | OutcomeUnknown
"""Every way in which a call ends without what was asked for."""

_WITHOUT_VERDICT = frozenset(
    {
        ErrorKind.SERVER,
        ErrorKind.TIMEOUT,
        ErrorKind.LINK,
        ErrorKind.NOT_CONNECTED,
        ErrorKind.MALFORMED,
    }
)
_LIMITS = frozenset({ErrorKind.RATE_LIMIT, ErrorKind.ADDRESS_LIMIT})


def is_limit(policy: Policy) -> bool:
    """Whether the exchange asks for a pause: the caller has to say until when."""
    return policy.kind in _LIMITS


def to_failure(
    policy: Policy, operation: Operation, *, code: int | None, text: str
) -> Rejected | AuthenticationRefused | Unanswered | OutcomeUnknown:
    """How a request ended that is no matter of a rate limit.

    What is ambiguous never becomes Rejected for a create; a setting or cancel whose order is being
    worked on was refused for now.
    """
    assert not is_limit(policy), "a limit needs an instant: make a RateLimited"
    text = shortened(text)
    if policy.kind is ErrorKind.AUTHENTICATION:
        return AuthenticationRefused(code=code, text=text)
    verdict = policy.kind not in _WITHOUT_VERDICT
    may_have_acted = policy.ambiguous and operation is not Operation.READ
    if may_have_acted and (operation is Operation.CREATE or not verdict):
        return OutcomeUnknown(kind=policy.kind, code=code, text=text)
    if not verdict:
        return Unanswered(kind=policy.kind, code=code, text=text)
    assert code is not None, "a verdict has a code"
    return Rejected(kind=policy.kind, code=code, text=text, retryable=policy.retryable)


_CODE_IN_TEXT = re.compile(r"\[(-?\d{1,8})\]|\(ErrCode: (-?\d{1,8})\)")


def code_in_text(text: str) -> int | None:
    """The code in the text of an error: "[10003] ..." or pybit's "... (ErrCode: 10003)" (L115)."""
    found = _CODE_IN_TEXT.search(text)
    return None if found is None else int(found[1] or found[2])


def shortened(text: str) -> str:
    """The text on one line, at most TEXT_LENGTH_MAX characters."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_LENGTH_MAX else line[: TEXT_LENGTH_MAX - 1] + "…"
