"""Synthetic markets, seeded: for demonstrations, benchmarks and tests."""

from tapes.synth.market import make_tape
from tapes.synth.parameters import MarketParameters, Preset, preset

__all__ = ["MarketParameters", "Preset", "make_tape", "preset"]
