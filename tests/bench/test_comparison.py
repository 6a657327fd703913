"""The programs take turns, and their fills are held against one another."""

from dataclasses import replace

from bench.comparison import interleaved
from bench.jobs import Traded


def test_the_programs_take_turns(did: Traded) -> None:
    turns: list[str] = []

    def program(name: str, seconds: float) -> tuple[float, Traded]:
        turns.append(name)
        return seconds, did

    comparison = interleaved(
        {"ours": lambda: program("ours", 0.25), "numba": lambda: program("numba", 0.5)}, 2
    )

    assert turns == ["ours", "numba", "ours", "numba"]
    assert comparison.spreads["ours"].seconds == (0.25, 0.25)
    assert comparison.spreads["numba"].median == 0.5


def test_fills_agree_within_two_percent_on_each_side(did: Traded) -> None:
    near = replace(did, buys=did.buys + 19, sells=did.sells - 19)
    far = replace(did, sells=did.sells + 21)

    close = interleaved({"ours": lambda: (1.0, did), "numba": lambda: (1.0, near)}, 1)
    apart = interleaved({"ours": lambda: (1.0, did), "numba": lambda: (1.0, far)}, 1)

    assert close.agrees
    assert not apart.agrees


def test_ours_alone_agrees_and_says_what_is_missing(did: Traded) -> None:
    alone = interleaved({"ours": lambda: (1.0, did)}, 1, missing="no network")

    assert alone.agrees
    assert alone.missing == "no network"
