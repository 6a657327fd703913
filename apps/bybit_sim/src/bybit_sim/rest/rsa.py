"""RSA signatures of system-generated keys (bybit.md A.1: SHA-256, PKCS #1 v1.5): verifying only.

It refuses to know requests; it reads public keys in PEM, either of the two usual forms.
"""

import base64
import hashlib
import hmac

PEM_BEGINS = "-----BEGIN"
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03


def verifies(public_pem: str, text: bytes, signature_base64: str) -> bool:
    """Whether the signature of `text` was made with the private half of the key.

    A ValueError if the key is not an RSA public key in PEM.
    """
    modulus, exponent = _public_key(public_pem)
    try:
        signature = base64.b64decode(signature_base64, validate=True)
    except ValueError:
        return False
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    opened = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    tail = b"\x00" + _SHA256_PREFIX + hashlib.sha256(text).digest()
    expected = b"\x00\x01" + b"\xff" * (size - 2 - len(tail)) + tail
    return hmac.compare_digest(opened, expected)


def _public_key(pem: str) -> tuple[int, int]:
    lines = [line.strip() for line in pem.strip().splitlines()]
    encoded = base64.b64decode("".join(lines[1:-1]), validate=True)
    body, _ = _element(encoded, _SEQUENCE)
    if body and body[0] == _SEQUENCE:
        # SubjectPublicKeyInfo: the algorithm, then the key inside a bit string
        _, rest = _element(body, _SEQUENCE)
        wrapped, _ = _element(rest, _BIT_STRING)
        body, _ = _element(wrapped[1:], _SEQUENCE)
    modulus, rest = _element(body, _INTEGER)
    exponent, _ = _element(rest, _INTEGER)
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def _element(encoded: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first DER element, and what follows it."""
    if len(encoded) < 2 or encoded[0] != tag:
        raise ValueError(
            "expected an RSA public key in PEM (BEGIN PUBLIC KEY or BEGIN RSA PUBLIC KEY)"
        )
    length, start = encoded[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(encoded[2:start], "big")
    return encoded[start : start + length], encoded[start + length :]
