"""This machine: the database, the folder of state and journals, and the secrets beside the keys.

It changes nothing, and creates no folder.
"""

import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from appkit.exits import CommandError
from grid_db import schema
from grid_db.settings import DatabaseRefused
from gridbot.config.keys import database_of, token_of
from gridbot.config.model import GridbotConfig
from gridbot.diagnosis.words import Diagnosis, ill, odd, well

MEGABYTE = 1024 * 1024
FREE_LEAST = 200 * MEGABYTE
"""Below this a run would soon halt, as its journal cannot be written."""
TELEGRAM_LIBRARY = "telebot"


def diagnose_machine(config: GridbotConfig, environment: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Everything that no exchange is needed for."""
    yield diagnose_database(config)
    yield diagnose_folder(config.folder)
    yield diagnose_space(config.folder, config.journal.keep_megabytes * MEGABYTE)
    yield _surface(config, environment)
    if config.notification.telegram is not None:
        yield _telegram(config.notification.telegram.bot_token, environment)


def diagnose_database(config: GridbotConfig) -> Diagnosis:
    """Whether the database answers and has the schema that this program works with."""
    subject = "database"
    try:
        database = database_of(config)
        schema.require_current(database)
    except CommandError as error:
        return ill(subject, error.message, error.hint or "correct database_url")
    except DatabaseRefused as error:
        text = f"{database.shown_url} has not the tables that this program works with"
        return ill(subject, text, str(error))
    except SQLAlchemyError:
        # Without its text, which may hold the address with the password.
        return ill(
            subject,
            f"{database.shown_url} does not answer",
            "start the database, or correct database_url or the GRIDBOT_* variables",
        )
    return well(subject, f"{database.shown_url}, revision {schema.newest_revision()}")


def diagnose_folder(folder: Path) -> Diagnosis:
    """Whether state and journals can be written to the folder, which may not exist yet."""
    subject = "data folder"
    existing = _existing(folder)
    if not existing.is_dir():
        return ill(subject, f"{existing} is no folder", "name another data_folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        return ill(
            subject,
            f"{existing} cannot be written to",
            "give this user the right to write there, or name another data_folder",
        )
    return well(subject, f"{folder}" if existing == folder else f"{folder}, to be created")


def diagnose_space(folder: Path, wanted: int) -> Diagnosis:
    """Whether the disk has room; `wanted` are the bytes that journals may take."""
    subject = "disk"
    free = shutil.disk_usage(_existing(folder)).free
    text = f"{free // MEGABYTE} MB free"
    if free < FREE_LEAST:
        return ill(subject, text, "free some space: without a journal trading halts")
    if free < wanted:
        return odd(
            subject,
            f"{text}, journals may take {wanted // MEGABYTE} MB",
            "free some space, or lower journal.keep_megabytes",
        )
    return well(subject, text)


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())


def _surface(config: GridbotConfig, environment: Mapping[str, str]) -> Diagnosis:
    subject, token = "surface", config.surface.token
    where = f"{config.surface.host}:{config.surface.port}"
    if token is None:
        return odd(
            subject,
            f"{where} shows the state and takes no commands",
            "name a token (env:NAME or file:PATH) under surface to pause and resume from there",
        )
    try:
        token_of(token, environment)
    except CommandError as error:
        return ill(subject, error.message, error.hint or "correct surface.token")
    return well(subject, where)


def _telegram(reference: str, environment: Mapping[str, str]) -> Diagnosis:
    subject = "telegram"
    if importlib.util.find_spec(TELEGRAM_LIBRARY) is None:
        return ill(
            subject,
            "pyTelegramBotAPI is not installed",
            "install gridbot with its extra `telegram`, or remove notification.telegram",
        )
    try:
        token_of(reference, environment)
    except CommandError as error:
        return ill(subject, error.message, error.hint or "correct notification.telegram.bot_token")
    return well(subject, "the token is there; no message was sent")
