"""A key with its secret, which never shows in a text. It refuses to know where they are kept."""


class Credentials:
    """An API key. `rsa`: the secret is a private key in PEM form instead of a shared secret."""

    __slots__ = ("key", "rsa", "secret")

    def __init__(self, *, key: str, secret: str, rsa: bool = False) -> None:
        for name, value in (("key", key), ("secret", secret)):
            # A private key in PEM form ends with a line break of its own.
            padded = value != value.strip() and not (rsa and name == "secret")
            if not value or padded or not value.isascii():
                raise ValueError(
                    f"expected an API {name} of ASCII characters without spaces around it"
                )
        self.key = key
        self.secret = secret
        self.rsa = rsa

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Credentials) and (self.key, self.secret, self.rsa) == (
            other.key,
            other.secret,
            other.rsa,
        )

    def __hash__(self) -> int:
        return hash((self.key, self.rsa))

    def __repr__(self) -> str:
        return f"Credentials(key={self.key[:4]}…, secret=…)"
