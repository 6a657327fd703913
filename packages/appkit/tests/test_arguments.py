from collections.abc import Sequence

import pytest

from appkit.arguments import CommandParser, add_common_options
from appkit.exits import ExitCode, UsageError, run_command


def parser() -> CommandParser:
    top = CommandParser(prog="backtest")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("--config")
    run.add_argument("--strict", action="store_true")
    run.add_argument("--fill", choices=["touch", "queue"])
    add_common_options(run)
    commands.add_parser("preview")
    return top


def refused(*arguments: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parser().parse_args(arguments)
    return caught.value


def test_known_options_are_parsed() -> None:
    parsed = parser().parse_args(["run", "--config", "x.yaml", "--json", "--debug"])
    assert (parsed.command, parsed.config) == ("run", "x.yaml")
    assert (parsed.json, parsed.debug, parsed.quiet, parsed.strict) == (True, True, False, False)


def test_a_misspelt_option_names_its_neighbour_and_shows_the_usage_of_the_sub_command() -> None:
    error = refused("run", "--confg=x.yaml")
    assert error.message == "unrecognized arguments: --confg=x.yaml"
    assert error.hint == "did you mean --config?"
    assert error.usage.startswith("usage: backtest run ")


def test_a_misspelt_sub_command_names_its_neighbour() -> None:
    assert refused("prevew").hint == "did you mean preview?"


def test_a_misspelt_choice_names_its_neighbour() -> None:
    assert refused("run", "--fill", "tuoch").hint == "did you mean touch?"


def test_an_option_like_no_other_points_to_the_help() -> None:
    assert refused("run", "--zzz").hint == "`backtest run --help` lists what is known"


def test_a_missing_sub_command_is_refused() -> None:
    assert refused().message == "the following arguments are required: command"


def test_options_are_not_abbreviated() -> None:
    assert refused("run", "--str").message == "unrecognized arguments: --str"


def test_a_bad_command_line_exits_with_one() -> None:
    def command(arguments: Sequence[str]) -> int:
        parser().parse_args(arguments)
        return ExitCode.DONE

    assert run_command(command, ["run", "--nonsense"]) == 1


def test_asking_for_help_exits_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    def command(arguments: Sequence[str]) -> int:
        parser().parse_args(arguments)
        return ExitCode.FAILED

    assert run_command(command, ["--help"]) == 0
    assert "usage: backtest" in capsys.readouterr().out
