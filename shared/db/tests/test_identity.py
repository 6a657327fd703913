from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_db import identity

NAMES = st.text(min_size=1, max_size=40).filter(lambda name: name == name.strip())


def test_ids_are_those_that_earlier_recordings_hold() -> None:
    """L86: recorder and bot join on these; computed once with uuid.uuid5 and written down."""
    assert identity.user_id_of("main") == "562610fa-13fd-5cdd-bb8d-bd58ecf8e381"
    assert identity.account_id_of("main") == "f2fea4a9-f3f6-5895-8724-3424674f9381"
    assert identity.strategy_id_of("ltc_main") == "67e9cd54-72cb-5313-940d-714ee77edff3"


@given(NAMES)
def test_a_name_gives_the_uuid_of_its_kind_in_the_one_namespace(name: str) -> None:
    namespace = UUID("12345678-1234-5678-1234-567812345678")

    assert identity.account_id_of(name) == str(uuid5(namespace, "account:" + name))


@given(NAMES)
def test_the_same_name_never_gives_one_id_to_two_kinds(name: str) -> None:
    ids = {
        identity.user_id_of(name),
        identity.account_id_of(name),
        identity.strategy_id_of(name),
    }

    assert len(ids) == 3


@pytest.mark.parametrize("name", ["", " ", " main", "main\n"])
def test_a_name_that_is_empty_or_has_blanks_around_it_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="without surrounding blanks"):
        identity.account_id_of(name)


def test_fresh_ids_are_uuids_and_differ() -> None:
    first, second = identity.new_id(), identity.new_id()

    assert first != second
    assert str(UUID(first)) == first
