"""Spoils one element of a frame, as FRAME_MANGLED asks. It refuses to draw: `turn` says what."""

import orjson

NO_NUMBERS = ("", "NaN", "abc", "1e999", "-", "0x10")
"""Texts that a reader of numbers has to refuse or to take for absent."""


def mangled(body: bytes, turn: int) -> bytes:
    """The frame with one field of one element missing (even turns) or no number (odd turns).

    `turn` counts the mangled frames of a connection; it walks through elements, fields and texts,
    so that in time every field is hit. A frame without elements stays as it is.
    """
    frame = orjson.loads(body)
    data = frame.get("data")
    elements = [data] if isinstance(data, dict) else data
    if not isinstance(elements, list) or not elements:
        return body
    element = elements[turn % len(elements)]
    if not isinstance(element, dict) or not element:
        return body
    names = sorted(element)
    name = names[turn // 2 % len(names)]
    if turn % 2 == 0:
        del element[name]
    else:
        element[name] = NO_NUMBERS[turn // 2 % len(NO_NUMBERS)]
    return orjson.dumps(frame)
