"""What an operator is told, as JSON, as a file and as metrics; it refuses to judge."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from appkit.atomic import write_bytes
from event_saver.keeper import KeeperState
from event_saver.writer.writer import WriterState
from grid_db.words import Environment
from gridcore.clock import SECOND_US, Instant
from gridcore.message import message


@message
class StreamStatus:
    """One writer's stream: the newest exchange time that came, and what became of its items."""

    name: str
    newest_us: Instant
    in_flight: int
    writer: WriterState


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

    def metrics(self) -> bytes:
        """Prometheus text."""
        registry = CollectorRegistry()

        def gauge(name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
            return Gauge(f"event_saver_{name}", help_text, labels, registry=registry)

        gauge("healthy", "1 when everything works").set(self.healthy)
        gauge("ready", "1 when every stream delivers").set(self.ready)
        newest = gauge("newest_exchange_seconds", "newest exchange time that came", ("stream",))
        counts = gauge("items", "items of a stream by what became of them", ("stream", "fate"))
        failures = gauge("database_failures", "attempts in a row that failed", ("stream",))
        for stream in self.streams:
            newest.labels(stream.name).set(stream.newest_us / SECOND_US)
            failures.labels(stream.name).set(stream.writer.failures)
            for fate in ("depth", "written", "inserted", "buried", "lost", "dropped"):
                counts.labels(stream.name, fate).set(getattr(stream.writer, fate))
        if self.keeper is not None:
            gaps = gauge("gaps", "gaps by what became of them", ("state",))
            for state in ("open", "filled", "given_up", "failed"):
                gaps.labels(state).set(getattr(self.keeper, state))
        text: bytes = generate_latest(registry)
        return text


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
