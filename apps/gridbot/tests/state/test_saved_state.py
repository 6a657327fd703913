"""The saved state: whole or not at all, and nothing else is taken for one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appkit.account_setup import AccountSetup
from appkit.journals.files import state_path
from gridbot.state.saved_state import (
    SavedState,
    StateUnreadable,
    keep_corrupt_copy,
    load,
    save,
)

MEMORY = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def setup(make_account_setup: Callable[..., AccountSetup]) -> AccountSetup:
    """What the session was set up with."""
    return make_account_setup()


@given(snapshot=MEMORY, seq=st.integers(0, 10**15))
def test_what_was_saved_is_loaded(
    snapshot: dict[str, object],
    seq: int,
    setup: AccountSetup,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("state")

    save(folder, "main", snapshot, seq, setup)

    found = load(folder, "main")
    assert found == SavedState(seq=seq, setup=setup, snapshot=snapshot)
    # Text for text: the order of what is in memory is part of it.
    assert found is not None
    assert json.dumps(found.snapshot) == json.dumps(snapshot)


def test_the_state_of_a_session_is_loaded(
    setup: AccountSetup, make_life: Callable[..., Any], tmp_path: Path
) -> None:
    life = make_life(setup.session())
    for _ in range(40):
        life.step()
    save(tmp_path, "main", life.session.snapshot(), 41, setup)

    found = load(tmp_path, "main")

    assert found is not None
    risen = setup.session()
    risen.restore(found.snapshot)
    assert risen.snapshot() == life.session.snapshot()


def test_the_last_one_saved_counts(setup: AccountSetup, tmp_path: Path) -> None:
    save(tmp_path, "main", {"a": 1}, 5, setup)
    save(tmp_path, "main", {"a": 2}, 9, setup)
    save(tmp_path, "other", {"a": 3}, 1, setup)

    assert load(tmp_path, "main") == SavedState(seq=9, setup=setup, snapshot={"a": 2})


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    assert load(tmp_path, "main") is None


def test_a_save_that_fails_leaves_what_was_saved(setup: AccountSetup, tmp_path: Path) -> None:
    save(tmp_path, "main", {"a": 1}, 5, setup)

    with pytest.raises(ValueError, match="not JSON compliant"):
        save(tmp_path, "main", {"a": float("nan")}, 6, setup)

    assert load(tmp_path, "main") == SavedState(seq=5, setup=setup, snapshot={"a": 1})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"a":1', '"a":2', "the snapshot was changed after it was written"),
        ('"format":1', '"format":7', "expected format 1, found 7"),
        ('"account":"main"', '"account":"other"', "expected account 'main', found 'other'"),
        ('"seq":5', '"seq":-5', "expected a line number and a snapshot"),
        ('"seq":5', '"seq":5.0', "expected a line number and a snapshot"),
        ('"seq":5', '"sequence":5', "expected an object of format, account, seq"),
        ('"strat_id":"grid"', '"strat_id":"other"', "the snapshot was changed"),
        ("}}", "}", "expected a saved state in JSON"),
    ],
)
def test_an_altered_file_is_refused(
    old: str, new: str, told: str, setup: AccountSetup, tmp_path: Path
) -> None:
    save(tmp_path, "main", {"a": 1}, 5, setup)
    path = state_path(tmp_path, "main")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))

    with pytest.raises(StateUnreadable, match=told):
        load(tmp_path, "main")


def test_every_corrupt_file_is_kept_and_the_same_one_once(tmp_path: Path) -> None:
    path = state_path(tmp_path, "main")
    path.parent.mkdir(parents=True)
    copies = []
    for text in ("one", "one", "two"):
        path.write_text(text)
        copies.append(keep_corrupt_copy(tmp_path, "main"))

    assert [copy.name for copy in copies] == [
        "state.json.corrupt",
        "state.json.corrupt",
        "state.json.corrupt-2",
    ]
    assert [copy.read_text() for copy in copies] == ["one", "one", "two"]
    assert path.read_text() == "two"
