"""Streams that survive: pybit's socket underneath, supervised from outside."""
