"""Measures the database: bulk writes and reads of trades, beside what a naive program would do."""
