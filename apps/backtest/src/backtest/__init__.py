"""Runs strategies over recorded markets."""
