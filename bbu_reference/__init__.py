"""Recorded behaviour of the earlier bots, as data, and the check of gridcore against it."""
