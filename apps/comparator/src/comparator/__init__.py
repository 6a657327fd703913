"""Compares what happened live with a backtest of the same recording: one verdict."""
