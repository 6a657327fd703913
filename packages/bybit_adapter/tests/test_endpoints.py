import pytest

from bybit_adapter.endpoints import DEMO, MAINNET, TESTNET, EndpointRefused, endpoint


def test_the_three_environments_have_names() -> None:
    assert [endpoint(name) for name in ("mainnet", "testnet", "demo")] == [MAINNET, TESTNET, DEMO]
    assert MAINNET.rest_url == "https://api.bybit.com"
    assert TESTNET.private_url == "wss://stream-testnet.bybit.com/v5/private"


def test_demo_shows_mainnets_market_and_takes_no_orders_over_a_socket() -> None:
    assert DEMO.public_url == MAINNET.public_url
    assert DEMO.trade_url is None


def test_a_url_on_this_machine_has_its_sockets_at_the_same_port() -> None:
    found = endpoint("http://127.0.0.1:8080/")

    assert found.rest_url == "http://127.0.0.1:8080"
    assert found.public_url == "ws://127.0.0.1:8080/v5/public/linear"
    assert found.private_url == "ws://127.0.0.1:8080/v5/private"
    assert found.trade_url == "ws://127.0.0.1:8080/v5/trade"
    assert found.is_loopback


def test_a_regional_host_has_its_sockets_on_the_twin_named_stream() -> None:
    found = endpoint("https://api.bybit.nl")

    assert found.private_url == "wss://stream.bybit.nl/v5/private"
    assert endpoint("https://api-testnet.bybit.nl").private_url.startswith(
        "wss://stream-testnet.bybit.nl/"
    )
    assert not found.is_loopback


def test_another_host_has_its_sockets_on_itself() -> None:
    assert (
        endpoint("https://proxy.example:9000").private_url == "wss://proxy.example:9000/v5/private"
    )


def test_an_address_of_version_six_keeps_its_brackets() -> None:
    assert endpoint("http://[::1]:80").public_url == "ws://[::1]:80/v5/public/linear"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("main", "expected mainnet, testnet, demo"),
        ("", "expected mainnet"),
        ("ftp://127.0.0.1", "expected mainnet"),
        ("http://", "expected mainnet"),
        ("127.0.0.1:8080", "expected mainnet"),
        ("http://127.0.0.1:99999", "port"),
        ("http://127.0.0.1/v5", "nothing else"),
        ("http://127.0.0.1?x=1", "nothing else"),
        ("http://api.bybit.com", "expected https"),
    ],
)
def test_anything_else_is_refused(text: str, words: str) -> None:
    with pytest.raises(EndpointRefused, match=words):
        endpoint(text)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    """A49."""
    with pytest.raises(EndpointRefused) as caught:
        endpoint("https://user:hidden@127.0.0.1")

    assert "hidden" not in str(caught.value)
