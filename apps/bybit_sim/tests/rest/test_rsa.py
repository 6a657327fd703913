"""RSA signatures, made by an independent library (bybit.md A.1: PKCS1v15, base64)."""

import base64

import pytest
from Crypto.PublicKey import RSA
from pybit._http_manager import generate_signature

from bybit_sim.rest.rsa import verifies

TEXT = b"1700000000000key5000category=linear"
PRIVATE = RSA.generate(1024)
PUBLIC_PEM = PRIVATE.public_key().export_key().decode()
PKCS1_PEM = (
    "-----BEGIN RSA PUBLIC KEY-----\n"
    + base64.b64encode(
        # the key inside the SubjectPublicKeyInfo: what follows its 22 bytes of algorithm
        PRIVATE.public_key().export_key(format="DER")[22:]
    ).decode()
    + "\n-----END RSA PUBLIC KEY-----"
)


def signature() -> str:
    text = generate_signature(True, PRIVATE.export_key().decode(), TEXT.decode())
    assert isinstance(text, str)
    return text


def test_a_signature_that_pybit_makes_verifies_with_the_public_half() -> None:
    assert verifies(PUBLIC_PEM, TEXT, signature())


def test_the_shorter_form_of_the_key_does_as_well() -> None:
    assert verifies(PKCS1_PEM, TEXT, signature())


def test_another_text_another_key_and_another_length_do_not_verify() -> None:
    other = RSA.generate(1024).public_key().export_key().decode()

    assert not verifies(PUBLIC_PEM, TEXT + b"&", signature())
    assert not verifies(other, TEXT, signature())
    assert not verifies(PUBLIC_PEM, TEXT, base64.b64encode(b"short").decode())


@pytest.mark.parametrize("text", ["not base64!", "é", ""])
def test_what_is_no_base64_is_no_signature(text: str) -> None:
    assert not verifies(PUBLIC_PEM, TEXT, text)


def test_a_key_that_is_none_says_what_is_expected() -> None:
    pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"

    with pytest.raises(ValueError, match="expected an RSA public key in PEM"):
        verifies(pem, TEXT, signature())
