"""Measures speed and memory of the backtest; it proves nothing about results, the tests do that."""
