"""The daemon's configuration: what a user writes, and whether it can work; it asks nobody."""
