"""The journals of one process: opened and given up together; a damaged one is told.

It knows folders and queues; it refuses to know who writes into them.
"""

from contextlib import suppress
from pathlib import Path

from appkit.exits import UserError
from event_saver.codec import Item, Unreadable, decode, encode
from event_saver.gaps.doubts import DAMAGED
from event_saver.journal import Journal, JournalBusy, JournalFailed
from event_saver.writer.queue import JournalQueue
from grid_db.words import Environment

MEMORY_ITEMS_MAX = 10_000


class Journals:
    """Opens queues that never drop. `damaged` names those that had lines nobody can read any more.

    Such a line was acknowledged: it becomes a dead letter, and whoever opens the queue has to look
    for what it held.
    """

    def __init__(self, folder: Path, environment: Environment) -> None:
        self.damaged: list[str] = []
        self._folder = folder
        self._environment = environment
        self._journals: list[Journal] = []

    def queue(self, name: str) -> JournalQueue[Item]:
        """The queue of this name; UserError when another process has it."""
        try:
            journal = Journal(self._folder, f"{self._environment.value}-{name}")
        except JournalBusy as error:
            raise UserError(str(error)) from error
        self._journals.append(journal)
        queue = JournalQueue(journal, encode=encode, decode=decode, items_max=MEMORY_ITEMS_MAX)
        if journal.damaged:
            self.damaged.append(name)
            lines = [line.rstrip(b"\n").decode("utf-8", "replace") for line in journal.damaged]
            queue.put([Unreadable(line=line, text=DAMAGED) for line in lines])
        return queue

    def close(self) -> None:
        """Give all of them up; what is not settled stays in them."""
        for journal in self._journals:
            with suppress(JournalFailed):  # its entries are in the file, as far as the disk goes
                journal.close()
