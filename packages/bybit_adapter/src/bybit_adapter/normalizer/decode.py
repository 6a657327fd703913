"""The text of a frame becomes JSON values; publicTrade frames, the bulk, are read directly.

It knows the two shapes, and no meaning.
"""

import msgspec
import orjson

from bybit_adapter.normalizer.words import TradeFrame

TRADE_HEAD = '{"topic":"publicTrade.'
_TRADE_HEAD = TRADE_HEAD.encode()
_trade_frame = msgspec.json.Decoder(TradeFrame).decode


class Undecodable(ValueError):
    """A frame is no JSON."""


def decode(frame: bytes | str) -> object:
    """A TradeFrame, or the frame's JSON value as dict, list, str, int, float, bool or None.

    A publicTrade frame of another shape (an element without price, say) comes as its JSON value,
    for the closer look. Undecodable says where the text is wrong.
    """
    is_trades = (
        frame.startswith(_TRADE_HEAD) if isinstance(frame, bytes) else frame.startswith(TRADE_HEAD)
    )
    if is_trades:
        try:
            return _trade_frame(frame)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
            pass
    try:
        value: object = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"expected JSON, found {error}") from error
    return value
