"""Ids that look like the exchange's and are the same for the same seed. It refuses to roll dice."""

from hashlib import sha256


class Ids:
    """Mints the ids of one account, each kind in its own row of numbers."""

    __slots__ = ("_minted", "_salt", "_sequence")

    def __init__(self, seed: int, uid: int) -> None:
        self._salt = f"{seed}:{uid}"
        self._minted: dict[str, int] = {}
        self._sequence = 140_612_000_000

    def _mint(self, kind: str) -> str:
        number = self._minted.get(kind, 0) + 1
        self._minted[kind] = number
        digits = sha256(f"{self._salt}:{kind}:{number}".encode()).hexdigest()
        return "-".join(
            (digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:32])
        )

    def order_id(self) -> str:
        """A new orderId, in the form of a UUID."""
        return self._mint("order")

    def execution_id(self) -> str:
        """A new execId, in the form of a UUID."""
        return self._mint("execution")

    def sequence(self) -> int:
        """A new seq, which ties executions and positions; it only grows."""
        self._sequence += 1
        return self._sequence
