"""The simulator of a run, as its admin endpoints show and steer it.

It knows requests to `/sim`; it refuses to know what a bot makes of them.
"""

from collections.abc import Mapping
from typing import Any

import requests

from bench.wire.server import Server

PATIENCE_S = 30.0

Row = Mapping[str, Any]


class Venue:
    """One running simulator. Its connection stays open while no new one is accepted."""

    def __init__(self, server: Server) -> None:
        self.http = server.http
        self._session = requests.Session()

    def account(self, name: str) -> Row:
        """Everything that ever happened on an account."""
        (found,) = [one for one in self.get("state")["accounts"] if one["name"] == name]
        row: Row = found
        return row

    def resting(self, name: str) -> list[Row]:
        """The orders of an account that rest now."""
        return [
            row
            for row in self.account(name)["orders"]
            if row["orderStatus"] in ("New", "PartiallyFilled")
        ]

    def fault(self, kind: str, **words: object) -> int:
        """Put a fault on the board; its number."""
        return int(self.post("fault", kind=kind, **words)["number"])

    def acted(self, number: int) -> int:
        """How often a fault has struck."""
        acts = self.get("faults")["acted"]
        return sum(act["number"] == number for act in acts)

    def asked(self, path: str, since: int = 0) -> list[Row]:
        """The last requests of a path, oldest first, with what they came to."""
        rows = self.get(f"requests?since={since}")["requests"]
        return [row for row in rows if row["path"] == path]

    def calm(self) -> None:
        """Take every fault off the board."""
        for fault in self.get("faults")["faults"]:
            self._checked("DELETE", f"fault/{fault['number']}")

    def get(self, what: str) -> Any:
        """An admin page."""
        return self._checked("GET", what)

    def post(self, what: str, **body: object) -> Any:
        """An admin request."""
        return self._checked("POST", what, body)

    def close(self) -> None:
        """Give up the connection."""
        self._session.close()

    def _checked(self, method: str, what: str, body: Row | None = None) -> Any:
        url = f"{self.http}/sim/{what}"
        answer = self._session.request(method, url, json=body, timeout=PATIENCE_S)
        answer.raise_for_status()
        return answer.json()
