"""Asks the local pages of the programs: JSON over HTTP, perhaps of a program that is not up yet."""

import http.client
import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from appkit.exits import RunFailed
from comparator.closed_loop.ports import HOST
from gridcore.clock import Instant

ASK_S_MAX = 30.0
POLL_S = 0.1

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""No proxy stands between two programs of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How far a program is: the newest market time that it has wholly handled; is it ready."""

    through: Instant
    in_flight: int
    ready: bool


def settled(port: int, page: str) -> Settled | None:
    """What a settle page says; None while nobody answers there."""
    row = asked(port, page)
    if row is None:
        return None
    return Settled(
        through=Instant(_whole(row, "handled_through_us")),
        in_flight=_whole(row, "in_flight"),
        ready=bool(row.get("ready")),
    )


def asked(port: int, page: str) -> dict[str, object] | None:
    """The JSON object of a page; None while nobody answers, RunFailed for anything else."""
    url = f"http://{HOST}:{port}{page}"
    try:
        with _DIRECT.open(url, timeout=ASK_S_MAX) as answer:
            found = json.loads(answer.read())
    except (OSError, http.client.HTTPException):
        # Not up yet, or ending: whoever asks looks at the process as well.
        return None
    except ValueError as error:
        raise RunFailed(f"{url}: expected JSON, found something else: {error}") from error
    if not isinstance(found, dict):
        raise RunFailed(f"{url}: expected a JSON object, found {type(found).__name__}")
    return found


def until(
    what: str, holds: Callable[[], bool], still_well: Callable[[], None], patience_s: float
) -> None:
    """Look until something holds; RunFailed when it does not within `patience_s`.

    `still_well` is called between two looks and raises what makes waiting vain.
    """
    ends_at = time.monotonic() + patience_s
    while not holds():
        still_well()
        if time.monotonic() > ends_at:
            raise RunFailed(f"expected within {patience_s:g} s: {what}")
        time.sleep(POLL_S)


def _whole(row: dict[str, object], name: str) -> int:
    found = row.get(name)
    if not isinstance(found, int):
        raise RunFailed(f"expected a whole number as {name}, found {found!r}")
    return found
