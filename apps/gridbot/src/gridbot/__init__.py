"""Trades grids on Bybit: the shell around the session.."""
