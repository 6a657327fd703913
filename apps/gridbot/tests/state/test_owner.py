"""Memory of an account is neither lost by another name nor used for another exchange."""

from pathlib import Path

import pytest

from appkit.exits import UserError
from appkit.journals.files import account_folder
from gridbot.state.owner import OWNER, MemoryOwner, check_owner, keep_owner

HERE = MemoryOwner(endpoint="https://here", key="0123456789abcdef")
ANOTHER = MemoryOwner(endpoint="https://here", key="fedcba9876543210")
ELSEWHERE = MemoryOwner(endpoint="https://elsewhere", key="0011223344556677")


def test_a_first_start_and_one_of_the_same_wallet_are_let_through(tmp_path: Path) -> None:
    check_owner(tmp_path, "main", HERE)
    keep_owner(tmp_path, "main", HERE)

    check_owner(tmp_path, "main", HERE)


def test_checking_changes_nothing(tmp_path: Path) -> None:
    check_owner(tmp_path, "main", HERE)

    assert list(tmp_path.iterdir()) == []


def test_a_renamed_account_is_refused_until_its_memory_has_a_place(tmp_path: Path) -> None:
    keep_owner(tmp_path, "old", HERE)

    with pytest.raises(UserError, match=r"lies in .*old, under another name") as refused:
        check_owner(tmp_path, "new", HERE)

    assert "give the account that name again" in str(refused.value.hint)
    account_folder(tmp_path, "old").rename(tmp_path / "away")
    check_owner(tmp_path, "new", HERE)


def test_accounts_that_have_swapped_their_keys_are_refused(tmp_path: Path) -> None:
    keep_owner(tmp_path, "one", HERE)
    keep_owner(tmp_path, "two", ANOTHER)

    with pytest.raises(UserError, match="under another name"):
        check_owner(tmp_path, "one", ANOTHER)


def test_memory_of_another_exchange_is_refused(tmp_path: Path) -> None:
    keep_owner(tmp_path, "main", HERE)

    with pytest.raises(UserError, match=r"is of https://here, .* names https://elsewhere"):
        check_owner(tmp_path, "main", ELSEWHERE)


def test_memory_of_another_wallet_is_refused_until_it_is_moved_away(tmp_path: Path) -> None:
    keep_owner(tmp_path, "main", HERE)

    with pytest.raises(UserError, match="is of another wallet"):
        check_owner(tmp_path, "main", ANOTHER)

    account_folder(tmp_path, "main").rename(tmp_path / "away")
    check_owner(tmp_path, "main", ANOTHER)
    keep_owner(tmp_path, "main", ANOTHER)
    check_owner(tmp_path, "main", ANOTHER)


@pytest.mark.parametrize("note", ["", "{}", '{"endpoint": 1, "key": "x"}', "[]"])
def test_a_note_that_cannot_be_read_is_written_anew(note: str, tmp_path: Path) -> None:
    path = account_folder(tmp_path, "main") / OWNER
    path.parent.mkdir(parents=True)
    path.write_text(note)

    check_owner(tmp_path, "main", HERE)
    keep_owner(tmp_path, "main", HERE)
    with pytest.raises(UserError):
        check_owner(tmp_path, "main", ELSEWHERE)
