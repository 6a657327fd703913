"""bench.json and the printed table."""

from dataclasses import replace

from bench.comparison import Comparison
from bench.jobs import Traded
from bench.memory import MIB, Peak
from bench.report import (
    Findings,
    Speed,
    as_json,
    comparison_lines,
    decoding_lines,
    full_lines,
    memory_lines,
)
from bench.timing import Spread


def test_what_was_skipped_is_null() -> None:
    assert as_json(Findings()) == {
        "full_ticks_per_s": None,
        "us_per_fill": None,
        "fills": None,
        "scan_ticks_per_s": None,
        "comparison": {"ours": None, "hftbacktest": None, "numba": None},
        "peak_mib": {"5M": None, "50M": None},
        "decode_trades_per_s": None,
    }


def test_rates_are_in_ticks_per_second_and_memory_in_mib(spread: Spread, did: Traded) -> None:
    found = Findings(
        full=Speed(spread=spread, ticks=5_000_000, fills=5000),
        scan=Speed(spread=Spread(seconds=(0.01,)), ticks=5_000_000, fills=40),
        comparison=Comparison(spreads={"ours": spread}, did={"ours": did}, missing="no network"),
        comparison_ticks=1_000_000,
        peaks={"5M": Peak(rows=5, fills=1, tape=85, before=MIB, beyond=3 * MIB)},
        decoding={10: {"ours, in bulk": spread}},
        decoded=1_000_000,
    )

    assert as_json(found) == {
        "full_ticks_per_s": 10_000_000,
        "us_per_fill": 100.0,
        "fills": 5000,
        "scan_ticks_per_s": 500_000_000,
        "comparison": {"ours": 2_000_000, "hftbacktest": None, "numba": None},
        "peak_mib": {"5M": 3.0, "50M": None},
        "decode_trades_per_s": {"10": {"ours, in bulk": 2_000_000}},
    }


def test_the_comparison_prints_each_programs_fills_and_the_verdict(
    spread: Spread, did: Traded
) -> None:
    slow, fast = Spread(seconds=(1.5,)), Spread(seconds=(0.005,))
    spreads = {"ours": spread, "hftbacktest": slow, "numba": fast}
    far = replace(did, buys=1)
    same = Comparison(spreads=spreads, did=dict.fromkeys(spreads, did), missing=None)
    other = replace(same, did={**same.did, "numba": far})

    lines = comparison_lines(same, 1_000_000)

    assert sum("1000 buys, 990 sells" in line for line in lines) == 3
    assert "3.00 times as fast as hftbacktest" in lines[3]
    assert "agree within 2%" in lines[4]
    assert "DIFFER" in comparison_lines(other, 1_000_000)[4]


def test_a_missing_environment_is_told_with_its_reason(spread: Spread, did: Traded) -> None:
    alone = Comparison(spreads={"ours": spread}, did={"ours": did}, missing="no network here")

    assert comparison_lines(alone, 1_000_000)[-1] == "the others are skipped: no network here"


def test_the_full_job_is_told_as_rate_and_cost(spread: Spread) -> None:
    lines = full_lines(Speed(spread=spread, ticks=5_000_000, fills=5000))

    assert lines[0].startswith("10.0 M ticks/s (target 8), 100.0 us a fill")
    assert lines[1] == "5,000 fills, as asked"


def test_a_market_with_too_few_fills_is_told(spread: Spread) -> None:
    lines = full_lines(Speed(spread=spread, ticks=5_000_000, fills=4999))

    assert lines[1] == "4,999 fills, NOT the 5,000 to 12,000 asked"


def test_memory_above_the_target_is_told() -> None:
    peak = Peak(rows=1000, fills=1, tape=17_000, before=MIB, beyond=6049)

    assert memory_lines("5M", peak)[-1] == "ABOVE the target"
    assert memory_lines("5M", replace(peak, beyond=6048))[-1] == "within the target"


def test_decoding_is_told_beside_the_naive_way(spread: Spread) -> None:
    fast = Spread(seconds=(0.1,))
    spreads = {"json + Decimal": spread, "ours, in bulk": fast, "ours, as events": spread}

    lines = decoding_lines(10, spreads, 1_000_000)

    assert lines[0].startswith(" 10 a frame  json + Decimal    2.00 M trades/s, 1.0 times;")
    assert "10.00 M trades/s, 5.0 times (target 3)" in lines[1]
    assert "2.00 M trades/s, 1.0 times;" in lines[2]
