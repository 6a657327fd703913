"""Records the market and the account into the database, and fills its own gaps."""

from event_saver.accounts import AccountContext
from event_saver.config import EventSaverConfig
from event_saver.service import EventSaver

__all__ = ["AccountContext", "EventSaver", "EventSaverConfig"]
