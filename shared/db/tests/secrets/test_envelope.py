import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_db.secrets.envelope import (
    Envelope,
    EnvelopeError,
    Tampered,
    WrongMasterKey,
    open_envelope,
    rewrap,
    seal,
)
from grid_db.secrets.master_key import MasterKey

OLD = MasterKey(b"o" * 32)
NEW = MasterKey(b"n" * 32)
SECRETS = st.binary(max_size=300)


@given(SECRETS, st.text(max_size=60))
def test_what_is_sealed_opens_under_its_key_and_name(secret: bytes, name: str) -> None:
    assert open_envelope(seal(secret, OLD, name), OLD, name) == secret


@given(st.binary(min_size=8, max_size=300))
def test_no_part_of_an_envelope_holds_the_secret(secret: bytes) -> None:
    envelope = seal(secret, OLD, "credential")

    assert secret not in envelope.sealed + envelope.wrapped_key
    assert OLD.reveal() not in envelope.sealed + envelope.wrapped_key
    assert repr(envelope) == f"Envelope(master_key_id={OLD.key_id!r})"


def test_each_secret_has_its_own_data_key_and_nonces() -> None:
    """The same secret twice: nothing tells that it is the same."""
    first, second = seal(b"secret", OLD, "credential"), seal(b"secret", OLD, "credential")

    assert first.sealed != second.sealed
    assert first.wrapped_key != second.wrapped_key


def test_another_master_key_is_refused_by_its_name() -> None:
    envelope = seal(b"secret", OLD, "credential 7")

    with pytest.raises(WrongMasterKey) as refusal:
        open_envelope(envelope, NEW, "credential 7")

    assert str(refusal.value).startswith(
        f"credential 7: expected master key {OLD.key_id}, found {NEW.key_id}; set GRIDBOT_MASTER_"
    )


def test_a_key_that_claims_the_right_name_does_not_open_it() -> None:
    forged = dataclasses.replace(seal(b"secret", OLD, "c"), master_key_id=NEW.key_id)

    with pytest.raises(Tampered):
        open_envelope(forged, NEW, "c")


def test_an_envelope_that_was_copied_to_another_name_does_not_open() -> None:
    """One tenant's row pasted over another's is no way to its secret."""
    envelope = seal(b"secret", OLD, "tenant one")

    with pytest.raises(Tampered, match="tenant two: expected the bytes that were sealed for it"):
        open_envelope(envelope, OLD, "tenant two")


def test_the_secret_of_one_envelope_does_not_open_with_the_key_of_another() -> None:
    first, second = seal(b"first", OLD, "c"), seal(b"second", OLD, "c")

    with pytest.raises(Tampered):
        open_envelope(dataclasses.replace(first, sealed=second.sealed), OLD, "c")


@given(SECRETS, st.data())
def test_any_changed_byte_is_noticed(secret: bytes, data: st.DataObject) -> None:
    envelope = seal(secret, OLD, "c")
    split = len(envelope.sealed)
    content = bytearray(envelope.sealed + envelope.wrapped_key)
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    sealed, wrapped_key = bytes(content[:split]), bytes(content[split:])

    with pytest.raises(Tampered):
        open_envelope(
            dataclasses.replace(envelope, sealed=sealed, wrapped_key=wrapped_key), OLD, "c"
        )


@given(st.binary(max_size=27))
def test_a_truncated_envelope_is_a_changed_one(rest: bytes) -> None:
    envelope = Envelope(master_key_id=OLD.key_id, wrapped_key=rest, sealed=rest)

    with pytest.raises(EnvelopeError):
        open_envelope(envelope, OLD, "c")


@given(SECRETS)
def test_after_rotation_the_new_key_opens_it_and_the_old_one_no_longer(secret: bytes) -> None:
    rotated = rewrap(seal(secret, OLD, "c"), OLD, NEW, "c")

    assert open_envelope(rotated, NEW, "c") == secret
    with pytest.raises(WrongMasterKey):
        open_envelope(rotated, OLD, "c")


def test_rotation_needs_the_key_that_sealed_it() -> None:
    with pytest.raises(WrongMasterKey):
        rewrap(seal(b"secret", OLD, "c"), NEW, OLD, "c")
