"""Finds the known word nearest to a misspelt one; it knows nothing of where the words come from."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like `word`, or None when nothing is near enough to be meant."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(known)}
    matches = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`", did you mean X?"` for a near word, else an empty text."""
    near = nearest(word, known)
    return f", did you mean {near}?" if near is not None else ""
