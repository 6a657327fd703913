"""The market of a mission is the same for the same seed, and another for another."""

from pathlib import Path

from comparator.closed_loop.market import LISTED, make_market
from tapes.tape import Tape

SYMBOLS = ("BTCUSDT", "ETHUSDT")


def columns(tapes: dict[str, Path]) -> dict[str, str]:
    """What identifies the rows of each tape."""
    return {symbol: Tape.open(path).manifest.sha256 for symbol, path in tapes.items()}


def test_one_seed_is_one_market(tmp_path: Path) -> None:
    one = make_market(tmp_path / "one", SYMBOLS, seed=3, minutes=2)
    same = make_market(tmp_path / "same", SYMBOLS, seed=3, minutes=2)
    other = make_market(tmp_path / "other", SYMBOLS, seed=4, minutes=2)

    assert columns(one.tapes) == columns(same.tapes)
    assert (one.start, one.end, one.trades) == (same.start, same.end, same.trades)
    assert set(columns(one.tapes).values()).isdisjoint(columns(other.tapes).values())


def test_it_knows_its_rows_and_their_end(tmp_path: Path) -> None:
    market = make_market(tmp_path, SYMBOLS, seed=3, minutes=2)

    tapes = [Tape.open(path) for path in market.tapes.values()]
    assert market.trades == sum(len(tape.trades.time) for tape in tapes) > 100
    assert market.start <= min(int(tape.trades.time[0]) for tape in tapes)
    assert market.end >= max(int(tape.trades.time[-1]) for tape in tapes)
    assert market.end - market.start <= 120_000_000
    for tape in tapes:
        header, listed = tape.manifest.header, LISTED[tape.manifest.header.symbol]
        assert (header.tick_size, header.qty_step) == (listed.tick_size, listed.qty_step)
        assert tape.tickers is not None
