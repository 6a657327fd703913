"""Errors tell what was expected, what was found and how to mend it."""

import errno

from tapes.errors import TapeError, TapeNotWritten, disk_error


def test_an_error_says_what_was_expected_found_and_how_to_mend_it() -> None:
    error = TapeError("it failed", expected="a", found="b", mend="Do c.")

    assert str(error) == "it failed: expected a, found b. Do c."


def test_a_full_disk_is_told_apart_from_a_bad_request() -> None:
    error = disk_error("tape x cannot be written", OSError(errno.ENOSPC, "No space left on device"))

    assert isinstance(error, TapeNotWritten)
    assert error.found == "No space left on device"
