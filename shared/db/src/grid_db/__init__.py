"""The database: tables, migrations, repositories; SQLite or PostgreSQL, the same on both."""

from grid_db.factory import DatabaseFactory
from grid_db.settings import DatabaseRefused, DatabaseSettings, redact_url

__all__ = ["DatabaseFactory", "DatabaseRefused", "DatabaseSettings", "redact_url"]
