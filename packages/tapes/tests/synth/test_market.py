"""Synthetic tapes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tapes.silences import SILENCE_US, silences_between
from tapes.synth.market import make_tape
from tapes.synth.parameters import DAY_US, MarketParameters, Preset, preset
from tapes.tape import Tape

# Longer than one chunk of draws, so that the seams are under test.
ROWS = 150_000


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    parameters = MarketParameters(
        seed=3, rows=ROWS, trades_per_second=1.0, gaps_per_day=4.0, tickers=True
    )
    return make_tape(tmp_path_factory.mktemp("synth") / "tape", parameters)


def test_the_same_seed_gives_the_same_tape_and_another_seed_another(
    tmp_path: Path, tape: Tape
) -> None:
    parameters = MarketParameters(
        seed=3, rows=ROWS, trades_per_second=1.0, gaps_per_day=4.0, tickers=True
    )

    again = make_tape(tmp_path / "a", parameters)
    other = make_tape(tmp_path / "b", replace(parameters, seed=4))

    assert again.manifest == tape.manifest
    assert other.manifest.sha256 != tape.manifest.sha256


def test_a_shorter_tape_is_the_beginning_of_a_longer_one(tmp_path: Path, tape: Tape) -> None:
    rows = 100_000

    short = make_tape(
        tmp_path / "a",
        MarketParameters(seed=3, rows=rows, trades_per_second=1.0, gaps_per_day=4.0, tickers=True),
    )

    assert np.array_equal(short.trades.price, tape.trades.price[:rows])
    assert np.array_equal(short.trades.time, tape.trades.time[:rows])


def test_trades_happen_at_the_quotes(tape: Tape) -> None:
    tickers = tape.tickers
    assert tickers is not None
    assert len(tape.trades) == ROWS

    assert (tickers.bid < tickers.ask).all()
    assert ((tickers.last == tickers.bid) | (tickers.last == tickers.ask)).all()
    assert (np.abs(tickers.mark / 10 / tickers.last - 1) < 0.05).all()
    assert set(np.unique(tape.trades.side)) == {-1, 1}
    assert int(tape.trades.size.min()) >= 1


def test_funding_rates_change_every_eight_hours(tape: Tape) -> None:
    assert tape.tickers is not None
    period = tape.tickers.time // (8 * 3_600_000_000)

    rates = {int(number): set(tape.tickers.funding[period == number]) for number in set(period)}

    assert len(rates) > 3
    assert all(len(found) == 1 for found in rates.values())
    assert len({rate for found in rates.values() for rate in found}) > 3


def test_declared_gaps_are_silences_and_other_silences_are_not_declared(tape: Tape) -> None:
    gaps = [(gap.start_us, gap.end_us) for gap in tape.manifest.gaps]

    assert len(gaps) > 2
    assert set(gaps) <= set(silences_between(tape.trades.time, SILENCE_US - 1))


def test_nights_are_quieter_than_afternoons(tape: Tape) -> None:
    hours = tape.trades.time // 3_600_000_000 % 24

    assert np.count_nonzero(hours == 4) * 2 < np.count_nonzero(hours == 14)


def test_the_volatility_is_about_that_asked_for(tmp_path: Path) -> None:
    parameters = MarketParameters(
        seed=8, rows=200_000, trades_per_second=0.2, volatility=0.8, jumps_per_day=0.0
    )

    tape = make_tape(tmp_path / "a", parameters)

    grid = np.arange(tape.trades.time[0], tape.trades.time[-1], 3_600_000_000)
    rows = np.searchsorted(tape.trades.time, grid, side="right") - 1
    returns = np.diff(np.log(np.asarray(tape.trades.price)[rows].astype(float)))
    yearly = returns.std() * np.sqrt(365.25 * 24)
    assert 0.5 < yearly < 1.2


def test_the_demo_has_its_days_and_about_its_trades(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []

    tape = make_tape(
        tmp_path / "a", preset(Preset.DEMO), on_progress=lambda done, of: heard.append((done, of))
    )

    span_us = tape.manifest.last_us - tape.manifest.first_us
    assert 2.9 * DAY_US < span_us < 3 * DAY_US
    assert 300_000 < len(tape.trades) < 500_000
    assert tape.manifest.header.mark_unit == "0.01"
    assert heard[-1][1] == 3 * DAY_US


def test_a_trade_only_market_has_no_units_of_tickers(tmp_path: Path) -> None:
    tape = make_tape(tmp_path / "a", MarketParameters(seed=1, rows=1000))

    assert tape.tickers is None
    assert tape.manifest.header.mark_unit is None
    assert tape.manifest.header.synthetic_seed == 1
