"""What a user can do about an answer of the exchange that is no help; it changes nothing itself."""

from bybit_adapter.errors import (
    AuthenticationRefused,
    ErrorKind,
    Failure,
    RateLimited,
    Rejected,
)

KEY = (
    "check that api_key and api_secret belong together and to this environment, that the key has "
    "not expired, that it may trade contracts, and that it is bound to this machine's address"
)
LINK = "check the network, the proxy and `environment`, then try again"
_BY_KIND = {
    ErrorKind.CLOCK: "set the machine's clock by NTP; signatures are bound to the time",
    ErrorKind.PARAMETER: "check the symbol: only USDT perpetuals of the exchange are known",
    ErrorKind.POSITION_MODE: "switch to hedge mode while the symbol has neither position nor order",
    ErrorKind.NOT_TRADING: "the symbol does not trade; choose another one, or wait",
}
_OTHERWISE = "`gridbot doctor` asks for everything and says what to mend"


def remedy_of(failure: Failure) -> str:
    """How to mend a failed question, in one sentence."""
    match failure:
        case AuthenticationRefused():
            return KEY
        case RateLimited():
            return "wait a minute: the exchange was asked too often from this address or key"
        case Rejected():
            return _BY_KIND.get(failure.kind, _OTHERWISE)
        case _:
            return LINK


def may_pass(failure: Failure) -> bool:
    """Whether the same question may succeed when it is asked again."""
    match failure:
        case AuthenticationRefused():
            return False
        case Rejected():
            return failure.retryable
        case _:
            return True


def in_words(failure: Failure) -> str:
    """What was answered, with its code where it has one."""
    return failure.text if failure.code is None else f"{failure.text} (code {failure.code})"
