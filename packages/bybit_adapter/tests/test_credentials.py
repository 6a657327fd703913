import pytest

from bybit_adapter.credentials import Credentials


def test_a_secret_never_shows_in_a_text() -> None:
    """A49."""
    credentials = Credentials(key="public-part", secret="hidden-part")

    for text in (repr(credentials), str(credentials), f"{credentials}"):
        assert "hidden" not in text
        assert "public-part" not in text


@pytest.mark.parametrize(("key", "secret"), [("", "s"), ("k", ""), (" k", "s"), ("k", "s\n")])
def test_an_empty_or_padded_part_is_refused_without_being_shown(key: str, secret: str) -> None:
    with pytest.raises(ValueError, match="without spaces"):
        Credentials(key=key, secret=secret)


def test_credentials_are_compared_by_value() -> None:
    one = Credentials(key="k", secret="s")

    assert one == Credentials(key="k", secret="s")
    assert hash(one) == hash(Credentials(key="k", secret="s"))
    assert one != Credentials(key="k", secret="t")
    assert one != Credentials(key="k", secret="s", rsa=True)
