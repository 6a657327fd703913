"""The command line of the measurements over sockets."""

import pytest

from bench.wire import command


def test_a_run_too_short_for_its_target_is_a_verdict_and_not_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = command.entry(["speed", "one symbol", "--seconds", "0.5"])

    assert code in (0, 3)
    said = capsys.readouterr().out
    assert said.startswith("one symbol, 20 trades to a ticker: ")
    assert said.count("trades/s") == 1


def test_an_unknown_measurement_is_refused_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.entry(["sped"]) == 1

    assert "did you mean speed?" in capsys.readouterr().err
