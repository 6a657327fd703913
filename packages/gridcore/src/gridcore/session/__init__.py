"""The sans-IO session: one account's strategies, orders, mirror and books, driven by events."""
