"""The audit log."""

import asyncio
import stat
from pathlib import Path

import orjson

from gridbot.surface.audit import FILES_KEPT, AuditLog


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_lines_stand_on_the_disk_in_order_when_they_are_written(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "made")

    async def write() -> list[bool]:
        return await asyncio.gather(*(log.write({"number": number}) for number in range(20)))

    assert asyncio.run(write()) == [True] * 20
    assert [line["number"] for line in lines(log.path)] == list(range(20))


def test_what_stands_there_is_kept_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    for number in range(2):
        log = AuditLog(tmp_path)
        asyncio.run(log.write({"number": number}))

    assert [line["number"] for line in lines(log.path)] == [0, 1]
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_full_files_are_kept_up_to_a_limit(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, bytes_max=30)

    async def write() -> None:
        for number in range(FILES_KEPT + 4):
            assert await log.write({"number": number, "text": "x" * 10})

    asyncio.run(write())

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["audit.jsonl", *(f"audit.jsonl.{n}" for n in range(1, FILES_KEPT + 1))]
    assert lines(log.path)[0]["number"] == FILES_KEPT + 3
    assert lines(tmp_path / "audit.jsonl.1")[0]["number"] == FILES_KEPT + 2


def test_a_disk_that_refuses_is_told_and_gets_the_line_once_it_takes_it(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    log = AuditLog(blocked)

    assert asyncio.run(log.write({"number": 1})) is False
    blocked.unlink()

    assert asyncio.run(log.write({"number": 2})) is True
    assert [line["number"] for line in lines(log.path)] == [1, 2]


def test_a_disk_that_hangs_does_not_hold_a_command_up(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, wait_s=0)

    assert asyncio.run(log.write({"number": 1})) is False


def test_half_a_character_of_a_stranger_is_written_down_as_a_question_mark(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)

    assert asyncio.run(log.write({"command": "\ud800pause", "count": 2}))

    assert lines(log.path) == [{"command": "?pause", "count": 2}]
