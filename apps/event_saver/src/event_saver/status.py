"""What an operator is told, as JSON and as a file; it refuses to know how it is looked at."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from appkit.atomic import write_bytes
from event_saver.codec import Item
from event_saver.delays import DelayCounts
from event_saver.keeper import KeeperState
from event_saver.writer.writer import Writer, WriterState
from grid_db.words import Environment
from gridcore.clock import SECOND_US, Instant
from gridcore.message import message


@message
class StreamStatus:
    """One writer's stream: the newest exchange time that came (0 before the first), what became
    of its items, and how long they took."""

    name: str
    newest_us: Instant
    in_flight: int
    writer: WriterState
    delays: DelayCounts


@message
class Status:
    """The recorder at one moment; `streams` by name, with the age of their newest message."""

    at_us: Instant
    environment: Environment
    database: str
    healthy: bool
    ready: bool
    down: Sequence[str]
    streams: Sequence[StreamStatus]
    keeper: KeeperState | None

    def as_json(self) -> dict[str, Any]:
        """Only what JSON knows; no secret is in it."""
        streams = {}
        for stream in self.streams:
            age_us = self.at_us - stream.newest_us if stream.newest_us else None
            streams[stream.name] = {
                "newest_us": stream.newest_us or None,
                "age_s": None if age_us is None else age_us / SECOND_US,
                "in_flight": stream.in_flight,
                **asdict(stream.writer),
            }
        return {
            "at_us": self.at_us,
            "environment": self.environment.value,
            "database": self.database,
            "healthy": self.healthy,
            "ready": self.ready,
            "down": list(self.down),
            "streams": streams,
            "gaps": None if self.keeper is None else asdict(self.keeper),
        }

    def write(self, path: Path) -> None:
        """Put it into a file that is always whole."""
        write_bytes(path, orjson.dumps(self.as_json(), option=orjson.OPT_INDENT_2) + b"\n")


def stream_of(writer: Writer[Item], delays: DelayCounts) -> StreamStatus:
    """What a writer's stream is like now."""
    return StreamStatus(
        name=writer.name,
        newest_us=writer.watermark.newest,
        in_flight=writer.watermark.in_flight,
        writer=writer.state(),
        delays=delays,
    )


def status_of(
    *,
    now: Instant,
    environment: Environment,
    database: str,
    ready: bool,
    down: Sequence[str],
    streams: Sequence[StreamStatus],
    keeper: KeeperState | None,
) -> Status:
    """The status; healthy when every stream delivers, every writer lives and the database takes."""
    works = all(one.writer.alive and not one.writer.failures for one in streams)
    return Status(
        at_us=now,
        environment=environment,
        database=database,
        healthy=ready and works and (keeper is None or not keeper.ended),
        ready=ready,
        down=tuple(down),
        streams=tuple(streams),
        keeper=keeper,
    )
