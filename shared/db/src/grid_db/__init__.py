"""The database: tables, migrations, repositories; SQLite or PostgreSQL, the same on both."""
