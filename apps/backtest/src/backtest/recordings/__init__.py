"""Tapes from the database that event_saver fills: market rows and the gap ledger become columns.

Knows the public market of one symbol and environment; refuses to know accounts.
"""
