"""Sets the process's logging up and takes it down: levels, stderr, the file, and no secrets.

It knows structlog and the standard library's logging, and refuses to know what is logged.
"""

import logging
import logging.handlers
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog

from appkit.exits import UserError
from gridbot.config.blocks import LogFormat, LoggingBlock, LogLevel
from gridbot.logs.conveyor import Conveyor
from gridbot.logs.scrubber import Scrubber

_NOISY = ("aiohttp", "alembic", "asyncio", "pybit", "sqlalchemy", "urllib3", "websocket")
"""Libraries are heard from warnings on, unless their level is set (live.md 4.24)."""
_MEGABYTE = 1024 * 1024

EventDict = MutableMapping[str, Any]
Processor = Callable[[Any, str, EventDict], Mapping[str, Any] | str | bytes]
EventLogger = structlog.stdlib.BoundLogger


def event_logger(name: str) -> EventLogger:
    """The logger of a name: `logger.info("event", field=value)`."""
    logger: EventLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return logger


@contextmanager
def logging_as(
    block: LoggingBlock,
    scrubber: Scrubber,
    *,
    quiet: bool = False,
    stream: TextIO | None = None,
) -> Iterator[None]:
    """Log as the configuration says while the block runs; the lines are out when it ends.

    `quiet`: stderr shows warnings and worse only. UserError when the file cannot be written; a
    line that a full disk refuses later is lost, as the journal holds what matters.
    """
    stream = sys.stderr if stream is None else stream
    shown = logging.StreamHandler(stream)
    shown.setLevel(logging.WARNING if quiet else logging.NOTSET)
    shown.setFormatter(_Scrubbed(_last(block.format, stream), scrubber))
    handlers: list[logging.Handler] = [shown]
    if block.file is not None:
        handlers.append(_file(block.file, block, scrubber))
    levels = dict.fromkeys(_NOISY, LogLevel.WARNING) | dict(block.levels)
    with _levels({"": block.level, **levels}):
        conveyor = Conveyor(handlers)
        root = logging.getLogger()
        root.addHandler(conveyor)
        logging.captureWarnings(True)
        loud, logging.raiseExceptions = logging.raiseExceptions, False
        before, threading.excepthook = threading.excepthook, _log_thread
        try:
            yield
        finally:
            threading.excepthook = before
            logging.raiseExceptions = loud
            logging.captureWarnings(False)
            root.removeHandler(conveyor)
            conveyor.close()


def _log_thread(ended: threading.ExceptHookArgs) -> None:
    """A thread that a mistake of ours ended: Python itself would write it to stderr as it is."""
    name = "a thread" if ended.thread is None else ended.thread.name
    error = ended.exc_value
    logging.getLogger("gridbot").error("thread_ended name=%s", name, exc_info=error)


@contextmanager
def _levels(wanted: Mapping[str, LogLevel]) -> Iterator[None]:
    before = {name: logging.getLogger(name).level for name in wanted}
    for name, level in wanted.items():
        logging.getLogger(name).setLevel(level.value)
    try:
        yield
    finally:
        for name, number in before.items():
            logging.getLogger(name).setLevel(number)


def _file(path: Path, block: LoggingBlock, scrubber: Scrubber) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path,
            maxBytes=block.file_megabytes * _MEGABYTE,
            backupCount=block.files_kept,
            encoding="utf-8",
        )
    except OSError as error:
        raise UserError(
            f"logging.file: cannot write {path}: {error.strerror}",
            "name a file in a folder that may be written to",
        ) from error
    handler.setFormatter(_Scrubbed(_last(LogFormat.JSON, None), scrubber))
    return handler


class _Scrubbed(structlog.stdlib.ProcessorFormatter):
    """Renders records of structlog and of any library, and crosses secrets out of the result."""

    def __init__(self, last: Processor, scrubber: Scrubber) -> None:
        added: list[Any] = [
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            _add_time,
        ]
        super().__init__(
            processors=[
                *added,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _as_text,
                last,
            ],
            foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        )
        self._scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        """One record as text; a traceback takes more than a line on stderr."""
        return self._scrubber.clean(super().format(record))


def _last(form: LogFormat, stream: TextIO | None) -> Processor:
    if form is LogFormat.JSON:
        return _json
    colours = stream is not None and stream.isatty()
    renderer: Processor = structlog.dev.ConsoleRenderer(
        colors=colours, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
    )
    return renderer


_render_json = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)


def _json(logger: Any, name: str, event: EventDict) -> str:
    ordered = {key: event.pop(key) for key in ("timestamp", "level", "logger", "event")}
    shown = structlog.processors.format_exc_info(logger, name, {**ordered, **event})
    return str(_render_json(logger, name, shown))


def _add_time(_: Any, __: str, event: EventDict) -> EventDict:
    created: float = event["_record"].created
    told = datetime.fromtimestamp(created, UTC)
    event["timestamp"] = told.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _as_text(_: Any, __: str, event: EventDict) -> EventDict:
    """An event is a text, whatever a library hands in."""
    event["event"] = str(event["event"])
    return event
