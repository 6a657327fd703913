"""Where a comparison begins: at the first ticker after every strategy has its grid.

Before that the bot asks the exchange, and a backtest would have decided already.
"""

from dataclasses import replace

from sqlalchemy.orm import Session

from comparator.loading.runs import NothingRecorded, RecordedRun, RecordedStrategy
from comparator.loading.spans import Span
from grid_db.bulk import read_tickers
from grid_db.repositories import Repositories
from grid_db.types import from_microseconds, microseconds
from gridcore.clock import Instant


def judged_run(session: Session, run: RecordedRun) -> RecordedRun:
    """The run with the window that can be judged: from its beginning on.

    NothingRecorded when no ticker follows within the window: there is nothing to decide on.
    """
    rows = run.rows(session)
    built = max(_grid_built_at(rows, run, strategy) for strategy in run.strategies)
    earliest = max(run.window.start, built + 1)
    firsts = [_first_ticker(session, run, symbol, earliest) for symbol in _traded_symbols(run)]
    known = [first for first in firsts if first is not None]
    if not known:
        raise NothingRecorded(
            f"no ticker of {', '.join(run.symbols)} was recorded after the grids were built: "
            "there is nothing to compare yet"
        )
    window = Span(start=Instant(min(known)), end=run.window.end)
    recorders = tuple(one for one in run.recorders if one.span.cut(window).length_us)
    return replace(run, window=window, recorders=recorders or run.recorders)


def _traded_symbols(run: RecordedRun) -> tuple[str, ...]:
    """All that the account traded: they share a wallet, so that all of them are played."""
    return tuple(setup.instrument.symbol for setup in run.setups) or run.symbols


def _grid_built_at(rows: Repositories, run: RecordedRun, strategy: RecordedStrategy) -> int:
    """When a strategy first had a grid: its start when it went on with a stored one."""
    start = min(span.start for span in strategy.alive)
    begin, end = from_microseconds(start), from_microseconds(run.window.end)
    stored = rows.grids.at_or_before(run.account_id, strategy.strat_id, strategy.symbol, begin)
    if stored is not None:
        return start
    for state in rows.grids.each(run.account_id, begin, end, [strategy.symbol]):
        if state.strat_id == strategy.strat_id:
            return microseconds(state.exchange_ts)
    return start


def _first_ticker(session: Session, run: RecordedRun, symbol: str, since: int) -> int | None:
    blocks = read_tickers(
        session,
        run.environment,
        symbol,
        start_us=since,
        end_us=run.window.end,
        block_rows=1,
    )
    for block in blocks:
        return int(block.at[0])
    return None
