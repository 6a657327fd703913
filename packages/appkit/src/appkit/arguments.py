"""The argument parser of all command lines; it knows options, not what they are for."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any, NoReturn

from appkit.exits import UsageError
from appkit.spelling import nearest

_INVALID_CHOICE = re.compile(r"invalid choice: '?(?P<given>[^']*?)'? \(choose from (?P<known>.*)\)")


class CommandParser(ArgumentParser):
    """An ArgumentParser whose errors exit with 1, show the usage and name the nearest known word.

    Sub-commands get the same class from argparse. Options are never abbreviated: an abbreviation
    that works today is ambiguous after the next release.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """Parse, and refuse what is left over where its usage is known: in the sub-command."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed, unknown

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of leaving the process."""
        raise UsageError(message, self._suggestion(message), self.format_usage())

    def _suggestion(self, message: str) -> str:
        choice = _INVALID_CHOICE.search(message)
        if choice is not None:
            known = [word.strip(" '\"") for word in choice["known"].split(",")]
            near = nearest(choice["given"], known)
        else:
            near = self._nearest_option(message)
        if near is not None:
            return f"did you mean {near}?"
        return f"`{self.prog} --help` lists what is known"

    def _nearest_option(self, message: str) -> str | None:
        _, _, left_over = message.partition("unrecognized arguments: ")
        for word in left_over.split():
            near = nearest(word.partition("=")[0], self._option_string_actions)
            if word.startswith("-") and near is not None:
                return near
        return None


def add_common_options(parser: ArgumentParser) -> None:
    """Add `--json`, `--quiet` and `--debug`, which mean the same in every command."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
