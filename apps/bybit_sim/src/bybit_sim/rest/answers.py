"""Bybit's envelope around every answer (bybit.md A.1), and the texts of refusals that are shared.

It refuses to know which call an answer belongs to.
"""

from collections.abc import Mapping

import orjson

from bybit_sim.exchange.words import Row
from bybit_sim.rest.words import Answer
from simvenue.limits import Refusal

PARAMETER_ERROR = 10001
OUT_OF_WINDOW = 10002
KEY_INVALID = 10003
SIGNATURE_WRONG = 10004
PERMISSION_DENIED = 10005
TOO_MANY_VISITS = 10006
ADDRESS_UNBOUND = 10010
ROUTE_NOT_FOUND = 10017
KEY_EXPIRED = 33004

READ_ONLY = Refusal(PERMISSION_DENIED, "Permission denied, please check your API key permissions.")
RATE_EXCEEDED = Refusal(TOO_MANY_VISITS, "Too many visits!")


def done(result: Row, extra: Mapping[str, object] | None = None, text: str = "OK") -> Answer:
    """The answer of a call that did what was asked."""
    return Answer(code=0, text=text, result=result, extra=dict(extra or {}))


def refused(refusal: Refusal) -> Answer:
    """The answer of a call that did nothing, with the exchange's reason."""
    return Answer(code=refusal.code, text=refusal.text, result={}, extra={})


def envelope(answer: Answer, time_ms: int) -> bytes:
    """The JSON of an answer; `time_ms` is the server's time, an integer, not a text."""
    return orjson.dumps(
        {
            "retCode": answer.code,
            # a text may repeat bytes of a header that are no text
            "retMsg": answer.text.encode(errors="replace").decode(),
            "result": answer.result,
            "retExtInfo": answer.extra,
            "time": time_ms,
        }
    )
