"""Where Bybit is: mainnet, testnet, demo, or any server that speaks its protocol.

It knows addresses; it refuses to open them.
"""

from urllib.parse import urlsplit

from gridcore.message import message

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class EndpointRefused(ValueError):
    """A text that names no endpoint; the message says what is expected."""


@message
class Endpoint:
    """The addresses of one environment, without a trailing slash. None: it has no such socket."""

    name: str
    rest_url: str
    public_url: str
    private_url: str
    trade_url: str | None

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, so that no proxy lies between."""
        return urlsplit(self.rest_url).hostname in _LOOPBACK


MAINNET = Endpoint(
    name="mainnet",
    rest_url="https://api.bybit.com",
    public_url="wss://stream.bybit.com/v5/public/linear",
    private_url="wss://stream.bybit.com/v5/private",
    trade_url="wss://stream.bybit.com/v5/trade",
)
TESTNET = Endpoint(
    name="testnet",
    rest_url="https://api-testnet.bybit.com",
    public_url="wss://stream-testnet.bybit.com/v5/public/linear",
    private_url="wss://stream-testnet.bybit.com/v5/private",
    trade_url="wss://stream-testnet.bybit.com/v5/trade",
)
# Demo trading shows mainnet's market and takes no orders over a socket (bybit.md B.1).
DEMO = Endpoint(
    name="demo",
    rest_url="https://api-demo.bybit.com",
    public_url="wss://stream.bybit.com/v5/public/linear",
    private_url="wss://stream-demo.bybit.com/v5/private",
    trade_url=None,
)

_NAMED = {one.name: one for one in (MAINNET, TESTNET, DEMO)}


def endpoint(text: str) -> Endpoint:
    """The endpoint of a name (mainnet, testnet, demo) or of a URL such as http://127.0.0.1:8080.

    A URL's sockets are on the same host and port, at Bybit's own paths; those of a host named api.*
    or api-*.* are on its stream.* twin, as everywhere at Bybit. EndpointRefused for anything else,
    and for plain http to another machine, since requests carry the key.
    """
    known = _NAMED.get(text)
    return _at_url(text) if known is None else known


def _at_url(text: str) -> Endpoint:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError as error:
        raise EndpointRefused(f"expected a port from 0 to 65535 in {text!r}") from error
    host = parts.hostname
    if parts.scheme not in _SOCKET_SCHEMES or not host:
        raise EndpointRefused(
            f"expected mainnet, testnet, demo, or a URL such as http://127.0.0.1:8080, "
            f"found {text!r}"
        )
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise EndpointRefused("expected a URL of a scheme, a host and a port, and nothing else")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise EndpointRefused(
            f"expected https for {host}: requests carry the key, and http is for this machine only"
        )
    suffix = "" if port is None else f":{port}"
    rest_url = f"{parts.scheme}://{_bracketed(host)}{suffix}"
    sockets = f"{_SOCKET_SCHEMES[parts.scheme]}://{_bracketed(_stream_host(host))}{suffix}/v5"
    return Endpoint(
        name=rest_url,
        rest_url=rest_url,
        public_url=f"{sockets}/public/linear",
        private_url=f"{sockets}/private",
        trade_url=f"{sockets}/trade",
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _stream_host(host: str) -> str:
    label, dot, domain = host.partition(".")
    if label == "api" or label.startswith("api-"):
        return f"stream{label.removeprefix('api')}{dot}{domain}"
    return host
