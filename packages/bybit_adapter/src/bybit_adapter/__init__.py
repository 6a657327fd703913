"""Speaks with Bybit: frames become events, requests become calls; nothing here decides."""
