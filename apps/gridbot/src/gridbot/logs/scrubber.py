"""Takes secrets out of texts: those that were registered, and what looks like one.

It refuses to know where texts go.
"""

import json
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from appkit.exits import RunFailed, UserError, describe

HIDDEN = "***"
LENGTH_MIN = 4
"""Shorter ones are no secrets, and would cross out half of every text."""
_LINE_MIN = 16
"""Lines of a key in several lines that are as long stand for the key."""

_NAMES = r"(?:api[-_]?key|api[-_]?secret|secret|password|passwd|token|signature|sign)"
_PATTERNS = (
    # https://api.telegram.org/bot123456:ABC...
    (re.compile(r"(\bbot)?(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}"), rf"\g<1>{HIDDEN}"),
    # postgresql://user:password@host
    (re.compile(r"(://[^/\s:@]*:)[^/\s]*@"), rf"\g<1>{HIDDEN}@"),
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|$)", re.DOTALL), HIDDEN),
    (re.compile(r"(\bBearer\s+)[A-Za-z0-9._~+/=-]+", re.IGNORECASE), rf"\g<1>{HIDDEN}"),
    (re.compile(r"(X-BAPI-(?:API-KEY|SIGN)\W{1,4})[A-Za-z0-9+/=]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (
        re.compile(
            rf"(\b{_NAMES}[\\\"']*\s*[=:]\s*[\\\"']*)(?!env:|file:|db:)[^\s\\\"'&,;}}\])]+",
            re.IGNORECASE,
        ),
        rf"\g<1>{HIDDEN}",
    ),
)


class Scrubber:
    """Knows the secrets of this process; from any thread."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def register(self, *secrets: str | None) -> None:
        """Take these out of every text from now on, however a line writes them."""
        with self._lock:
            known = set(self._known)
            for secret in secrets:
                known.update(_spellings(secret or ""))
            self._known = frozenset(known)
            if known:
                # The longest first: a secret may begin with another one.
                ordered = sorted(known, key=lambda text: (-len(text), text))
                self._pattern = re.compile("|".join(re.escape(text) for text in ordered))

    def clean(self, text: str) -> str:
        """The text, with stars for secrets."""
        pattern = self._pattern
        if pattern is not None:
            text = pattern.sub(HIDDEN, text)
        for known, instead in _PATTERNS:
            text = known.sub(instead, text)
        return text

    def raise_clean(self, error: Exception) -> None:
        """Raise, instead of an error whose words or causes hold a secret, one of clean words.

        Nothing happens where there is none in them: the error goes its way with all it knows.
        """
        told = describe(error)
        words = [told.message, told.hint or "", *(str(one) for one in _causes(error))]
        if all(self.clean(text) == text for text in words):
            return
        kind = UserError if isinstance(told, UserError) else RunFailed
        hint = None if told.hint is None else self.clean(told.hint)
        raise kind(self.clean(told.message), hint) from None

    def __repr__(self) -> str:
        return "Scrubber()"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that a traceback would show with it."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left += [one.__cause__, None if one.__suppress_context__ else one.__context__]
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions


def _spellings(secret: str) -> set[str]:
    """A secret as it stands in plain text, JSON, Python, an address, hexadecimal and base64; and
    its long lines."""
    texts = {secret, *(line for line in secret.splitlines() if len(line) >= _LINE_MIN)}
    found = set()
    for text in texts:
        if len(text) >= LENGTH_MIN:
            raw = text.encode()
            found |= {text, json.dumps(text)[1:-1], repr(text)[1:-1]}
            found |= {quote(text, safe=""), quote_plus(text), raw.hex(), b64encode(raw).decode()}
    return found
