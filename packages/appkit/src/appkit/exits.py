"""How a command line ends: exit codes, the two errors it may report, and its outermost wrapper.

The one broad `except` of every program stands here; it knows nothing of what the program does.
"""

import errno
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes that all command lines of the project share."""

    DONE = 0
    REFUSED = 1
    FAILED = 2
    VERDICT_FAIL = 3
    NOTHING_TO_JUDGE = 4
    INTERRUPTED = 130


class CommandError(Exception):
    """An error that ends the command: a message for people, how to mend it, and an exit code."""

    code = ExitCode.FAILED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(CommandError):
    """Bad usage, bad configuration or a refused start: the user can mend it (exit 1)."""

    code = ExitCode.REFUSED


class UsageError(UserError):
    """A command line that cannot be understood; carries the usage text of the (sub-)command."""

    def __init__(self, message: str, hint: str | None, usage: str) -> None:
        super().__init__(message, hint)
        self.usage = usage


class RunFailed(CommandError):
    """The work began and could not be finished (exit 2)."""


Command = Callable[[Sequence[str]], int]

_DEBUG_HINT = "this is a defect of the program; run again with --debug to see the traceback"


def run_command(function: Command, argv: Sequence[str] | None = None) -> int:
    """Run a command line and turn every way it can end into an exit code.

    `function` gets the arguments (without the program's name) and returns an exit code. Errors go
    to stderr as `error: ...` and `hint: ...`; with `--json` among the arguments also as one JSON
    object on stdout. `--debug` adds the traceback. The wrapper looks for both words itself, since
    an error may come before the arguments are parsed.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = function(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        _say("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`... | head`): there is nobody to tell anything.
        _abandon_stdout()
        return ExitCode.FAILED
    except SystemExit as stop:
        return _system_exit_code(stop)
    except Exception as error:  # noqa: BLE001 - the outermost frame ends the process with a message
        failure = describe(error)
        _report(failure, arguments, error)
        _settle_stdout()
        return failure.code
    return code


def describe(error: Exception) -> CommandError:
    """Put any exception into words; an unexpected one is named a defect."""
    match error:
        case CommandError():
            return error
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return RunFailed(
                f"no space left on the disk{_concerning(error)}",
                "free some space, or write to another disk, and run again",
            )
        case OSError():
            reason = error.strerror or str(error) or type(error).__name__
            return RunFailed(f"the operating system refused: {reason}{_concerning(error)}")
        case MemoryError():
            return RunFailed("out of memory", "use a smaller window, or a machine with more memory")
        case _:
            text = f"unexpected {type(error).__name__}: {error}"
            return RunFailed(text, _DEBUG_HINT)


def _concerning(error: OSError) -> str:
    return f": {error.filename}" if error.filename is not None else ""


def _report(failure: CommandError, arguments: Sequence[str], error: Exception) -> None:
    if "--debug" in arguments:
        _say("".join(traceback.format_exception(error)).rstrip())
    if isinstance(failure, UsageError):
        _say(failure.usage.rstrip())
    _say(f"error: {failure.message}")
    if failure.hint is not None:
        _say(f"hint: {failure.hint}")
    if "--json" in arguments:
        body = {
            "code": int(failure.code),
            "kind": failure.code.name.lower(),
            "message": failure.message,
            "hint": failure.hint,
        }
        _print_json({"error": body})


def _settle_stdout() -> None:
    """Write what is still buffered, or give it up, so that the interpreter does not try again."""
    try:
        sys.stdout.flush()
    except OSError:
        _abandon_stdout()


def _print_json(value: object) -> None:
    try:
        print(json.dumps(value), flush=True)
    except OSError:
        # stdout itself is what broke; stderr already has the message.
        _abandon_stdout()


def _say(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # Without a working stderr the exit code is all that can still be told.
        return


def _abandon_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush cannot fail again."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _system_exit_code(stop: SystemExit) -> int:
    if stop.code is None:
        return ExitCode.DONE
    if isinstance(stop.code, int):
        return stop.code
    _say(f"error: {stop.code}")
    return ExitCode.REFUSED
