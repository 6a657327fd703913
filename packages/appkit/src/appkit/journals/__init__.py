"""Journals of an account on disk: their names, their lines, and whether they replay."""
