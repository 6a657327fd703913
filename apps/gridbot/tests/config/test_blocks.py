import pytest
from pydantic import ValidationError

from gridbot.config.blocks import (
    GuardBlock,
    GuardPolicy,
    JournalBlock,
    LeaseBlock,
    LoggingBlock,
    LogLevel,
    SurfaceBlock,
    TelegramBlock,
)


def test_pages_beyond_this_machine_need_a_token() -> None:
    assert SurfaceBlock(host="::1").token is None
    assert SurfaceBlock.model_validate({"host": "0.0.0.0", "token": "env:TOKEN"}).port == 18100
    with pytest.raises(ValidationError, match="expected a token"):
        SurfaceBlock.model_validate({"host": "0.0.0.0"})


def test_commands_come_from_the_allowed_chats_else_from_the_one_that_is_told() -> None:
    alone = TelegramBlock(bot_token="env:BOT", chat_id=7)

    assert alone.command_chats == (7,)
    assert alone.model_copy(update={"allowed_chats": (8, 9)}).command_chats == (8, 9)


def test_a_lease_outlives_one_renewal_that_fails() -> None:
    assert LeaseBlock(length_s=21, renew_s=10).renew_s == 10
    with pytest.raises(ValidationError, match="one renewal that fails would lose the lease"):
        LeaseBlock(length_s=20, renew_s=10)


def test_journals_are_kept_for_a_bounded_time_and_size() -> None:
    assert (JournalBlock().keep_days, JournalBlock().keep_megabytes) == (30, 2000)
    with pytest.raises(ValidationError, match="greater than 0"):
        JournalBlock(keep_days=0)


def test_a_guard_waits_long_enough_for_a_slow_disk_and_leaves_closes_alone() -> None:
    keys = {"main": {"api_key": "env:KEY", "api_secret": "env:SECRET"}}
    block = GuardBlock.model_validate({"keys": keys})

    assert (block.silent_s, block.policy) == (30, GuardPolicy.CANCEL_OPENS)
    with pytest.raises(ValidationError, match="greater than or equal to 3"):
        GuardBlock.model_validate({"keys": keys, "silent_s": 2})


def test_the_level_of_any_logger_can_be_set_but_a_part_of_the_kernel_must_exist() -> None:
    levels = {"gridcore.grid": "DEBUG", "pybit": "ERROR"}
    block = LoggingBlock.model_validate({"levels": levels})
    assert block.levels == {"gridcore.grid": LogLevel.DEBUG, "pybit": LogLevel.ERROR}

    with pytest.raises(ValidationError, match=r"gridcore\.session, found 'gridcore\.gird'"):
        LoggingBlock.model_validate({"levels": {"gridcore.gird": "DEBUG"}})
    with pytest.raises(ValidationError, match="pattern"):
        LoggingBlock.model_validate({"levels": {"a b": "DEBUG"}})


@pytest.mark.parametrize("url", ["http://example.com", "ftp://127.0.0.1", "api.telegram.org"])
def test_a_bot_token_never_travels_in_clear_beyond_this_machine(url: str) -> None:
    keys = {"bot_token": "env:BOT", "chat_id": 7}
    local = TelegramBlock.model_validate(keys | {"api_url": "http://127.0.0.1:8081/"})
    assert local.api_url == "http://127.0.0.1:8081"

    with pytest.raises(ValidationError, match="expected an address with https://"):
        TelegramBlock.model_validate(keys | {"api_url": url})
