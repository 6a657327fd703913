"""Answers, line by line, a bench that runs in another environment: first what the market and the
grid are, then which program to run, each with one JSON line."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from bench.peers import hft
from bench.peers.rules import BUYS, SELLS, Market, Numbers, Terms, first_prices, no_counts
from bench.peers.rules import trade_through as loop

WARM_ROWS = 10_000
Answer = dict[str, float]


def run_numba(market: Market, terms: Terms) -> Answer:
    """The plain loop over all trades."""
    counts = no_counts()
    began = time.perf_counter()
    lots, _, fees = loop(market.prices, terms, counts)
    return _answer(time.perf_counter() - began, counts, lots * terms.lot, fees)


def run_hftbacktest(events: Numbers, terms: Terms) -> Answer:
    """hftbacktest over all events; making its backtester is loading and not timed."""
    backtester = hft.backtester(events, terms)
    counts = no_counts()
    began = time.perf_counter()
    lots, fees = hft.trade(backtester, terms, counts)
    answer = _answer(time.perf_counter() - began, counts, lots * terms.lot, fees)
    backtester.close()
    return answer


def programs(job: dict[str, Any]) -> dict[str, Callable[[], Answer]]:
    """Load the market of a job, compile everything, and offer the programs by name."""
    market = Market(_column(job["times"]), _column(job["prices"]))
    terms = Terms(
        np.array(job["levels"], np.int64),
        int(job["centre"]),
        float(job["tick_size"]),
        float(job["lot"]),
        float(job["maker_fee"]),
    )
    events = hft.trade_events(market, terms.tick_size)
    short = first_prices(market, WARM_ROWS)
    run_numba(short, terms)
    run_hftbacktest(hft.trade_events(short, terms.tick_size), terms)
    return {
        "numba": lambda: run_numba(market, terms),
        "hftbacktest": lambda: run_hftbacktest(events, terms),
    }


def serve(lines: Iterable[str]) -> Iterator[str]:
    """Answer each line: the job with the names of the programs, a name with a run of it."""
    waiting = iter(lines)
    known = programs(json.loads(next(waiting)))
    yield json.dumps(sorted(known))
    for line in waiting:
        yield json.dumps(known[line.strip()]())


def _answer(seconds: float, counts: Numbers, position: float, fees: float) -> Answer:
    return {
        "seconds": seconds,
        "buys": int(counts[BUYS]),
        "sells": int(counts[SELLS]),
        "position": float(position),
        "fees": float(fees),
    }


def _column(place: dict[str, str]) -> Numbers:
    """A tape's column, in memory."""
    return np.fromfile(place["file"], dtype=place["dtype"])


if __name__ == "__main__":
    for answer in serve(sys.stdin):
        print(answer, flush=True)
