import errno
import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from appkit.exits import (
    Command,
    CommandError,
    ExitCode,
    RunFailed,
    UsageError,
    UserError,
    describe,
    run_command,
)


def ending_with(error: BaseException) -> Command:
    def command(arguments: Sequence[str]) -> int:
        raise error

    return command


def run_script(body: str, redirect: str = "") -> subprocess.CompletedProcess[str]:
    script = f"import sys\nfrom appkit.exits import *\n{body}\nsys.exit(run_command(main))"
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$0" -c "$1" {redirect}', sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_exit_codes_are_the_documented_ones() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "REFUSED": 1,
        "FAILED": 2,
        "VERDICT_FAIL": 3,
        "NOTHING_TO_JUDGE": 4,
        "INTERRUPTED": 130,
    }


def test_the_code_of_the_command_is_handed_on() -> None:
    assert run_command(lambda arguments: ExitCode.NOTHING_TO_JUDGE, []) == 4


def test_the_arguments_of_the_process_are_used_when_none_are_given() -> None:
    assert run_command(lambda arguments: int(list(arguments) == sys.argv[1:])) == 1


def test_a_user_error_says_what_is_wrong_and_how_to_mend_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = run_command(ending_with(UserError("no tape at x", "make one")), [])
    assert code == 1
    assert capsys.readouterr() == ("", "error: no tape at x\nhint: make one\n")


def test_a_failed_run_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(ending_with(RunFailed("the wallet is gone")), []) == 2
    assert capsys.readouterr().err == "error: the wallet is gone\n"


def test_with_json_the_error_is_also_an_object_on_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_command(ending_with(UserError("no tape", "make one")), ["--json"])
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "error": {"code": 1, "kind": "refused", "message": "no tape", "hint": "make one"}
    }
    assert err == "error: no tape\nhint: make one\n"


def test_a_usage_error_shows_the_usage_first(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(ending_with(UsageError("bad option", None, "usage: x [-h]\n")), [])
    assert capsys.readouterr().err == "usage: x [-h]\nerror: bad option\n"


def test_an_interrupted_run_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(ending_with(KeyboardInterrupt()), []) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_an_unexpected_error_is_short_and_names_the_way_to_its_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(ending_with(KeyError("level")), []) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: unexpected KeyError: 'level'\nhint: ")
    assert "--debug" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback_of_any_error(capsys: pytest.CaptureFixture[str]) -> None:
    run_command(ending_with(UserError("no tape")), ["--debug"])
    assert capsys.readouterr().err.startswith("Traceback (most recent call last):")


def test_a_full_disk_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "out/trades.csv")
    assert run_command(ending_with(full), []) == 2
    assert capsys.readouterr().err.startswith("error: no space left on the disk: out/trades.csv\n")


def test_another_refusal_of_the_operating_system_is_told_with_its_file() -> None:
    told = describe(PermissionError(errno.EACCES, "Permission denied", "/root/x"))
    assert told.code is ExitCode.FAILED
    assert told.message == "the operating system refused: Permission denied: /root/x"


def test_an_operating_system_error_without_words_still_has_a_name() -> None:
    assert describe(OSError()).message == "the operating system refused: OSError"


def test_running_out_of_memory_is_no_defect() -> None:
    assert describe(MemoryError()).message == "out of memory"


def test_a_plain_command_error_counts_as_failed() -> None:
    assert CommandError("x").code is ExitCode.FAILED


@pytest.mark.parametrize(("given", "expected"), [(None, 0), (0, 0), (3, 3), ("no", 1)])
def test_leaving_through_system_exit_keeps_its_code(given: int | str | None, expected: int) -> None:
    assert run_command(ending_with(SystemExit(given)), []) == expected


def test_a_reader_that_goes_away_is_not_complained_about() -> None:
    body = "def main(a):\n for i in range(200000): print(i)\n return 0"
    done = run_script(body, "| head -1")
    assert (done.returncode, done.stdout, done.stderr) == (2, "0\n", "")


def test_a_full_standard_output_is_reported_once() -> None:
    done = run_script("def main(a):\n print('x')\n return 0", "> /dev/full")
    assert done.returncode == 2
    assert done.stderr.count("no space left on the disk") == 1
    assert "Exception ignored" not in done.stderr
