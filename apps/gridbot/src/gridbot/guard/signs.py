"""Where the guard looks for signs of life: the heartbeat file, and the daemon's local pages.

Either is enough: a disk may stand still, and pages may be busy, while the daemon lives.
"""

import json
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from gridbot.guard.heartbeat import TURN_S_MAX, Heartbeat, read_heartbeat

ANSWER_S_MAX = 2.0
_LONGEST = 65_536

UrlOf = Callable[[Heartbeat], str | None]
"""Where the pages of the daemon are that beats so; None: it serves none yet."""


class Signs:
    """The signs of the daemon that tends `accounts`: its folder, its pages, and their token."""

    def __init__(
        self, folder: Path, url_of: UrlOf, token: str | None, accounts: Iterable[str]
    ) -> None:
        self._folder = folder
        self._accounts = frozenset(accounts)
        self._url_of = url_of
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._last: Heartbeat | None = None
        # Without the environment's proxies: they do not know this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def beat(self) -> Heartbeat | None:
        """The file's last sign. One that cannot be read, or is not there any more, is no news: a
        volume that fails must not look like a daemon that stopped as it was told to. Nor is one of
        a daemon that tends other accounts."""
        with suppress(OSError, ValueError):
            found = read_heartbeat(self._folder)
            if found is not None and self._accounts <= found.accounts:
                self._last = found
        return self._last

    def answers(self, beat: Heartbeat) -> bool:
        """Whether the daemon's pages say that it has come somewhere, and that every account's loop
        comes round: one that is starting, or stands still, tends nothing. It blocks, two seconds
        at most."""
        url = self._url_of(beat)
        if url is None:
            return False
        request = urllib.request.Request(f"{url}/api/settled", headers=self._headers)
        try:
            with self._opener.open(request, timeout=ANSWER_S_MAX) as answer:
                told = json.loads(answer.read(_LONGEST))
        except (OSError, HTTPException, ValueError):
            return False
        match told:
            case {"handled_through_us": int(handled), "turned_age_s": int(age_s) | float(age_s)}:
                return handled > 0 and age_s < TURN_S_MAX
        return False
