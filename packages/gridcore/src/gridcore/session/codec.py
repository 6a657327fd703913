"""Journal lines: what happened and what it caused, as JSON text and back. It refuses to know files,
clocks and what a line means.

Canonical form: {"seq":..,"now_us":..,"kind":..,"body":..}, in this order and without spaces; `kind`
is the class name of `body`, whose fields stand in the order of declaration (see forms). All text is
ASCII, other characters are escaped: a line cut anywhere is still text, and nothing that an exchange
sends can split a line or refuse to be written. A line in another form is refused, so that reading
and writing are exact inverses. No line holds a float.
"""

import json
from typing import NoReturn

from gridcore.clock import Instant
from gridcore.events import Event
from gridcore.message import message
from gridcore.session.effects import Effects
from gridcore.session.forms import JournalError, form_of

FORMAT = 1
"""Version of the journal; it rises whenever a message or the form of a line changes."""


class TruncatedLine(JournalError):
    """A line that breaks off without a newline, as a crash in the middle of a write leaves it.

    A reader may drop it when it is the last: it was not durable, so nothing it says was sent.
    """


@message
class Header:
    """The first line: who wrote the journal, and all memory of the session before the next line."""

    format: int
    config_hash: str
    code_version: str
    snapshot: dict[str, object]


@message
class Line:
    """One line; `seq` rises by one from line to line.

    Effects stand right after the event that caused them, at the same `now`, and only if there are
    any: most tickers cause none.
    """

    seq: int
    now: Instant
    body: Header | Event | Effects


@message
class Envelope:
    """A line whose body has not been read."""

    seq: int
    now: Instant
    kind: str
    body: object
    text: str
    """Without the newline."""


def encode_line(line: Line) -> str:
    """The canonical text of a line, without a newline.

    TypeError for a body that no line holds; JournalError for a number that is not finite.
    """
    envelope = {"seq": line.seq, "now_us": line.now}
    return _WRITER.encode(envelope | _BODY.write(line.body))


def decode_line(text: str) -> Line:
    """The line that encode_line wrote, with or without a newline after it.

    TruncatedLine for one that breaks off, JournalError for any other text.
    """
    return read_body(unfold(text))


def unfold(text: str) -> Envelope:
    """The envelope of a line; TruncatedLine or JournalError when it cannot be read."""
    line = text.removesuffix("\n")
    try:
        parts = _READER.decode(line)
    except JournalError:
        raise
    except (ValueError, RecursionError) as error:
        torn = isinstance(error, json.JSONDecodeError) and not text.endswith("\n")
        raise (TruncatedLine if torn else JournalError)("a whole line of JSON", line) from error
    if not isinstance(parts, dict) or tuple(parts) != ("seq", "now_us", "kind", "body"):
        raise JournalError("an object of seq, now_us, kind and body", line)
    whole, kind = form_of(int).read, form_of(str).read(parts["kind"])
    return Envelope(
        seq=whole(parts["seq"]),
        now=Instant(whole(parts["now_us"])),
        kind=kind,
        body=parts["body"],
        text=line,
    )


def read_body(envelope: Envelope) -> Line:
    """The whole line of an envelope; JournalError unless it is canonical and of this format."""
    where = f"line {envelope.seq}: "
    kind, body = envelope.kind, envelope.body
    if kind == Header.__name__ and isinstance(body, dict) and body.get("format") != FORMAT:
        # First of all: the fields of another format are others, too.
        raise JournalError(f"journal format {FORMAT}", body.get("format"), where)
    try:
        content = _BODY.read({"kind": kind, "body": body})
    except JournalError as error:
        raise JournalError(error.expected, error.found, where + error.where) from error
    line = Line(seq=envelope.seq, now=envelope.now, body=content)
    canonical = encode_line(line)
    if canonical != envelope.text:
        raise JournalError(f"the canonical text {canonical}", envelope.text, where)
    return line


def _refuse_number(text: str) -> NoReturn:
    raise JournalError("whole numbers, and all others as text", text)


_WRITER = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)
_READER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
_BODY = form_of(Header | Event | Effects)
