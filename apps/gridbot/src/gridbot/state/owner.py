"""Whose memory lies in an account's folder: the exchange, and the account there.

Names of accounts are the operator's to change; memory must neither be lost by that nor serve
another wallet.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from appkit.atomic import write_text
from appkit.exits import UserError
from appkit.journals.files import account_folder
from gridbot.folders import durable_folder
from gridcore.message import message

OWNER: Final = "owner.json"


@message
class MemoryOwner:
    """The exchange's address, and what stands for the account there (lock_file.key_hash)."""

    endpoint: str
    key: str


def check_owner(folder: Path, account: str, owner: MemoryOwner) -> None:
    """UserError when the memory that this account would take up is of another exchange or wallet,
    or when this wallet's lies under another name. Nothing is changed."""
    own = account_folder(folder, account)
    for path, other in _owners(folder):
        if path != own and other == owner:
            raise UserError(
                f"account {account}: memory of its wallet lies in {path}, under another name",
                f"give the account that name again, or move {path} away to begin with what the "
                "exchange shows: own orders are adopted, books and limits begin anew",
            )
    known = _owner(own)
    if known is None or known == owner:
        return
    here = f"account {account}: what was saved in {own} is of"
    mended = f"give the account another name, or another data_folder, or move {own} away"
    if known.endpoint != owner.endpoint:
        raise UserError(
            f"{here} {known.endpoint}, the configuration names {owner.endpoint}", mended
        )
    raise UserError(f"{here} another wallet than the one that its key trades on", mended)


def keep_owner(folder: Path, account: str, owner: MemoryOwner) -> None:
    """Note whose the memory is from now on; it blocks."""
    path = account_folder(folder, account) / OWNER
    if _owner(path.parent) != owner:
        durable_folder(path.parent)
        write_text(path, json.dumps({"endpoint": owner.endpoint, "key": owner.key}) + "\n")


def _owners(folder: Path) -> Iterator[tuple[Path, MemoryOwner]]:
    for path in sorted((folder / "accounts").glob(f"*/{OWNER}")):
        owner = _owner(path.parent)
        if owner is not None:
            yield path.parent, owner


def _owner(place: Path) -> MemoryOwner | None:
    """None where nobody has noted it: no memory, or an unreadable note, which is written anew."""
    try:
        noted = json.loads((place / OWNER).read_bytes())
    except (OSError, ValueError):
        return None
    match noted:
        case {"endpoint": str(endpoint), "key": str(key)}:
            return MemoryOwner(endpoint=endpoint, key=key)
        case _:
            return None
