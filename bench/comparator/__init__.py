"""Measures the comparison of a million live fills with a million of the backtest."""
