"""Where the guard looks for signs of life: the heartbeat file, and the daemon's local pages.

Either is enough: a disk may stand still, and pages may be busy, while the daemon lives.
"""

import json
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from gridbot.guard.heartbeat import Heartbeat, read_heartbeat

ANSWER_S_MAX = 2.0
_LONGEST = 65_536

UrlOf = Callable[[Heartbeat], str | None]
"""Where the pages of the daemon are that beats so; None: it serves none yet."""


class Signs:
    """The signs of one daemon: its folder, its pages, and the token that they may want."""

    def __init__(self, folder: Path, url_of: UrlOf, token: str | None) -> None:
        self._folder = folder
        self._url_of = url_of
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._last: Heartbeat | None = None
        # Without the environment's proxies: they do not know this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def beat(self) -> Heartbeat | None:
        """The file's last sign; when it cannot be read, the one that was read before."""
        with suppress(OSError, ValueError):
            self._last = read_heartbeat(self._folder)
        return self._last

    def answers(self, beat: Heartbeat) -> bool:
        """Whether the daemon's pages say that it has come somewhere: one that is starting tends
        nothing yet. It blocks, two seconds at most."""
        url = self._url_of(beat)
        if url is None:
            return False
        request = urllib.request.Request(f"{url}/api/settled", headers=self._headers)
        try:
            with self._opener.open(request, timeout=ANSWER_S_MAX) as answer:
                told = json.loads(answer.read(_LONGEST))
        except (OSError, HTTPException, ValueError):
            return False
        handled = told.get("handled_through_us") if isinstance(told, dict) else None
        return isinstance(handled, int) and handled > 0
