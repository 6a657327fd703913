"""What a daemon heard and asked for, as its own journal tells it, in market time.

It knows the lines of the journal; it refuses to know what they should be.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appkit.journals.reader import lines_from
from bench.gridbot.venue import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An event that was handled or a request that left, `at` market time in microseconds.

    `kind` is the name of the event's or the request's message; a notice's is its event.
    """

    seq: int
    at: int
    kind: str
    body: Row


def deeds(folder: Path, since: int = 0) -> list[Deed]:
    """What the newest journal in a folder tells from a sequence number on, oldest first."""
    newest = max(folder.glob("*.jsonl"))
    return [deed for text in lines_from(newest, since) for deed in _of_line(text)]


def _of_line(text: str) -> Iterator[Deed]:
    if not text.endswith("\n"):
        return  # the line that is being written
    line = json.loads(text)
    seq, at, kind, body = line["seq"], line["now_us"], line["kind"], line["body"]
    if kind != "Effects":
        yield Deed(seq=seq, at=at, kind=kind, body=body)
        return
    for request in body["requests"]:
        yield Deed(seq=seq, at=at, kind=request["kind"], body=request["body"])
    for notice in body["notices"]:
        yield Deed(seq=seq, at=at, kind=notice["event"], body=notice)
