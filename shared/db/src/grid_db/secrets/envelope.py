"""Envelope encryption: each secret under its own data key, each data key under the master key.

It knows neither what a secret is nor where an envelope is kept. AES-256-GCM on both layers; an
envelope is bound to a name (a credential's id and account), so that a row copied over another
one does not open.
"""

import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from grid_db.secrets.master_key import KEY_BYTES, MasterKey

_NONCE_BYTES: Final = 12
_KEY_LAYER = b"grid_db v1 data key:"
_SECRET_LAYER = b"grid_db v1 secret:"


class EnvelopeError(Exception):
    """An envelope that does not open; the message never holds anything of its content."""


class WrongMasterKey(EnvelopeError):
    """The envelope is wrapped by another master key than the one given."""


class Tampered(EnvelopeError):
    """The right master key, but the bytes are not those that were sealed under this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A sealed secret: `wrapped_key` opens under the master key `master_key_id`, `sealed` under
    the data key in it. Each is a nonce of 12 bytes, the ciphertext and its tag.
    """

    master_key_id: str
    wrapped_key: bytes
    sealed: bytes

    def __repr__(self) -> str:
        return f"Envelope(master_key_id={self.master_key_id!r})"


def seal(secret: bytes, master: MasterKey, name: str) -> Envelope:
    """Seal a secret under a fresh data key, bound to `name`."""
    data_key = os.urandom(KEY_BYTES)
    return Envelope(
        master_key_id=master.key_id,
        wrapped_key=_encrypt(master.reveal(), data_key, _KEY_LAYER, name),
        sealed=_encrypt(data_key, secret, _SECRET_LAYER, name),
    )


def open_envelope(envelope: Envelope, master: MasterKey, name: str) -> bytes:
    """The secret that was sealed under `name`. Raises WrongMasterKey or Tampered."""
    data_key = _data_key(envelope, master, name)
    return _decrypt(data_key, envelope.sealed, _SECRET_LAYER, name)


def rewrap(envelope: Envelope, old: MasterKey, new: MasterKey, name: str) -> Envelope:
    """The same secret under another master key; the secret itself is never decrypted.

    Raises WrongMasterKey or Tampered.
    """
    data_key = _data_key(envelope, old, name)
    return Envelope(
        master_key_id=new.key_id,
        wrapped_key=_encrypt(new.reveal(), data_key, _KEY_LAYER, name),
        sealed=envelope.sealed,
    )


def _data_key(envelope: Envelope, master: MasterKey, name: str) -> bytes:
    if envelope.master_key_id != master.key_id:
        raise WrongMasterKey(
            f"{name}: expected master key {envelope.master_key_id}, found {master.key_id}; "
            "set GRIDBOT_MASTER_KEY or GRIDBOT_MASTER_KEY_FILE to the key that sealed it, or "
            "store the credential anew"
        )
    return _decrypt(master.reveal(), envelope.wrapped_key, _KEY_LAYER, name)


def _encrypt(key: bytes, content: bytes, layer: bytes, name: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, layer + name.encode())


def _decrypt(key: bytes, content: bytes, layer: bytes, name: str) -> bytes:
    nonce, ciphertext = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, layer + name.encode())
    except (InvalidTag, ValueError):
        raise Tampered(
            f"{name}: expected the bytes that were sealed for it, found others; the row was "
            "changed or copied from another: store the credential anew"
        ) from None
